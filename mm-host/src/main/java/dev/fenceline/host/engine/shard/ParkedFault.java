package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.Mirror;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.AgentMessage;
import org.jspecify.annotations.Nullable;

/**
 * A fault that waits for the end of an operation over its first page: one that invalidates it, or
 * one that the fault itself needs done first; immutable. The wait is bounded by that operation's.
 */
public sealed interface ParkedFault {
  /** When it began to wait. */
  long sinceNanos();

  /** What has to be done first on its behalf; null if it waits for an invalidation only. */
  SpaceOperation.@Nullable Internal needs();

  /** Since when it waits for a frame, tried again and again; Long.MAX_VALUE if it does not. */
  long starvesSinceNanos();

  /** The same fault, which now waits for something else. */
  ParkedFault waitingFor(SpaceOperation.@Nullable Internal operation, long starvesSinceNanos);

  record FromDevice(
      ShardSession session,
      Mirror mirror,
      AgentMessage.FaultRequest request,
      long sinceNanos,
      SpaceOperation.@Nullable Internal needs,
      long starvesSinceNanos)
      implements ParkedFault {
    @Override
    public FromDevice waitingFor(
        SpaceOperation.@Nullable Internal operation, long starvesSinceNanos) {
      return new FromDevice(session, mirror, request, sinceNanos, operation, starvesSinceNanos);
    }
  }

  record FromCpu(
      ShardInput.CpuFault request,
      long sinceNanos,
      SpaceOperation.@Nullable Internal needs,
      long starvesSinceNanos)
      implements ParkedFault {
    @Override
    public FromCpu waitingFor(SpaceOperation.@Nullable Internal operation, long starvesSinceNanos) {
      return new FromCpu(request, sinceNanos, operation, starvesSinceNanos);
    }
  }
}
