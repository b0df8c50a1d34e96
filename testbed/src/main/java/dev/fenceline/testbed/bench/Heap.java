package dev.fenceline.testbed.bench;

import java.lang.management.ManagementFactory;

/** The heap of this process, measured. Stateless. */
final class Heap {
  private static final int COLLECTIONS = 3;

  private Heap() {}

  /** Bytes of objects that survive a full collection. */
  static long used() {
    long lowest = Long.MAX_VALUE;
    for (int i = 0; i < COLLECTIONS; i++) {
      System.gc();
      lowest = Math.min(lowest, ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
    }
    return lowest;
  }
}
