package dev.fenceline.agent.engine.memory;

/**
 * What a link is told of device memory at its start; immutable.
 *
 * @param memories the memory of the agent's devices
 * @param peerTarget where the agent serves that memory to peers, host:port; empty: nowhere
 */
public record LinkMemory(DeviceMemories memories, String peerTarget, MigrationPolicy policy) {
  /** Devices without memory. */
  public static final LinkMemory NONE =
      new LinkMemory(DeviceMemories.NONE, "", MigrationPolicy.NEVER);
}
