package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.Mirror;
import dev.fenceline.model.AgentMessage;

/**
 * A fault that waits for the end of an invalidation over its first page; immutable. The wait is
 * bounded by the fences of that invalidation.
 */
sealed interface ParkedFault {
  record FromDevice(ShardSession session, Mirror mirror, AgentMessage.FaultRequest request)
      implements ParkedFault {}

  record FromCpu(ShardInput.CpuFault request) implements ParkedFault {}
}
