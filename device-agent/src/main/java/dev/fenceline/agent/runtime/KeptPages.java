package dev.fenceline.agent.runtime;

import dev.fenceline.agent.engine.memory.DeviceMemories;
import java.util.List;

/**
 * The memory of an agent's devices as one link sees it: the link is the keeper of what it
 * allocates. Thread-safe.
 */
final class KeptPages implements DeviceMemories {
  private final List<Device> devices;
  private final int keeper;

  KeptPages(List<Device> devices, int keeper) {
    this.devices = devices;
    this.keeper = keeper;
  }

  private DeviceMemory memory(int deviceIndex) {
    return devices.get(deviceIndex).memory();
  }

  @Override
  public boolean takesPages(int deviceIndex) {
    return memory(deviceIndex).takesPages();
  }

  @Override
  public int allocate(int deviceIndex) {
    return memory(deviceIndex).allocate(keeper);
  }

  @Override
  public int allocateBlock(int deviceIndex) {
    return memory(deviceIndex).allocateBlock(keeper);
  }

  @Override
  public void use(int deviceIndex, int localPage) {
    memory(deviceIndex).use(localPage);
  }

  @Override
  public void free(int deviceIndex, int localPage) {
    memory(deviceIndex).free(localPage);
  }
}
