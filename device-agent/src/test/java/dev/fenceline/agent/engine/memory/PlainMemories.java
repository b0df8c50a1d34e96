package dev.fenceline.agent.engine.memory;

import java.util.ArrayList;
import java.util.List;

/** Devices' memory without bytes, in one thread. */
public final class PlainMemories implements DeviceMemories {
  public final List<PagePool> pools = new ArrayList<>();
  public boolean closed;

  public PlainMemories(int... pages) {
    for (int count : pages) {
      pools.add(new PagePool(count));
    }
  }

  @Override
  public boolean takesPages(int deviceIndex) {
    return !closed && pools.get(deviceIndex).pages() > 0;
  }

  @Override
  public int allocate(int deviceIndex) {
    return closed ? PagePool.NONE : pools.get(deviceIndex).allocate(0);
  }

  @Override
  public int allocateBlock(int deviceIndex) {
    return closed ? PagePool.NONE : pools.get(deviceIndex).allocateBlock(0);
  }

  @Override
  public void use(int deviceIndex, int localPage) {
    pools.get(deviceIndex).use(localPage);
  }

  @Override
  public void free(int deviceIndex, int localPage) {
    pools.get(deviceIndex).free(localPage);
  }
}
