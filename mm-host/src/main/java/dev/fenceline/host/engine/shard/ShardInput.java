package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.FenceResolution;
import dev.fenceline.model.WaitPolicy;
import java.util.List;

/** What can happen to a shard; immutable. */
public sealed interface ShardInput {
  /** A session began; arrives before any message of it. */
  record SessionOpened(long sessionId, String agentId, List<DeviceDescription> devices)
      implements ShardInput {}

  /** The session's agent has heard Welcome; what its devices hold is in its Hello. */
  record SessionGreeted(long sessionId, AgentMessage.Hello hello) implements ShardInput {}

  /** A session ended: its fences resolve so, its mirrors go. */
  record SessionEnded(long sessionId, FenceResolution cause) implements ShardInput {}

  /** A mirror, fault or ack message of a session that may no longer be current (INV-10). */
  record FromAgent(long hostEpoch, long sessionId, AgentMessage message) implements ShardInput {}

  /** An operation of a caller; answered by {@link ShardEffect.OperationEnded} exactly once. */
  record Submit(long requestId, SpaceOperation operation, WaitPolicy policy)
      implements ShardInput {}

  /** The effects of the phase before were carried out: go on with the next phase. */
  record Proceed(long operationId) implements ShardInput {}

  /**
   * A CPU access missed its TLB; answered by {@link ShardEffect.CpuFaultEnded} exactly once.
   *
   * @param collisions how often in a row what was installed was gone before the access came to it
   */
  record CpuFault(
      long requestId, long spaceId, long address, int pageCount, Access access, int collisions)
      implements ShardInput {
    /** The first fault of an access. */
    public CpuFault(long requestId, long spaceId, long address, int pageCount, Access access) {
      this(requestId, spaceId, address, pageCount, access, 0);
    }
  }

  /** The CPU's accesses through translations that the invalidation dropped have drained. */
  record CpuDrained(long invalidationId) implements ShardInput {}

  /** A device wants bytes moved; answered by DmaGranted or DmaRefused at once. */
  record Dma(DmaRequest request) implements ShardInput {}

  /** An invalidation shall wait no longer; nothing happens if it does not wait. */
  record BackOff(long invalidationId) implements ShardInput {}

  /** Another shard of the host needs frames: cold pages go. */
  record ReclaimForOthers() implements ShardInput {}

  /** What the host says when memory is had by killing, with several shards. */
  sealed interface Oom extends ShardInput {}

  /** Asks for the best candidate; answered by {@link ShardEffect.OomNominee} in the same step. */
  record NameVictim() implements Oom {}

  /** Kill the space; answered by {@link ShardEffect.OomReaped} exactly once. */
  record Kill(long spaceId, List<Long> starving) implements Oom {}

  /** Answers {@link ShardEffect.OomVictimWanted}: a victim was reaped, or nobody can be killed. */
  record VictimChosen(boolean killed) implements Oom {}

  /** Time has passed. */
  record Tick() implements ShardInput {}
}
