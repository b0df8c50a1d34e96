package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.Mirror;
import dev.fenceline.model.AgentMessage;

/**
 * A fault that waits for the end of an invalidation over its first page; immutable. The wait is
 * bounded by the fences of that invalidation.
 */
public sealed interface ParkedFault {
  /** When it began to wait. */
  long sinceNanos();

  record FromDevice(
      ShardSession session, Mirror mirror, AgentMessage.FaultRequest request, long sinceNanos)
      implements ParkedFault {}

  record FromCpu(ShardInput.CpuFault request, long sinceNanos) implements ParkedFault {}
}
