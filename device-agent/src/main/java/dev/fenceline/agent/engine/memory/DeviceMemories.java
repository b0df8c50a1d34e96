package dev.fenceline.agent.engine.memory;

/**
 * The memory of an agent's devices as one link sees it: a port. Calls return at once and are safe
 * from any thread; other links allocate from the same devices.
 */
public interface DeviceMemories {
  /** Devices without memory. */
  DeviceMemories NONE =
      new DeviceMemories() {
        @Override
        public boolean takesPages(int deviceIndex) {
          return false;
        }

        @Override
        public int allocate(int deviceIndex) {
          return PagePool.NONE;
        }

        @Override
        public void use(int deviceIndex, int localPage) {}

        @Override
        public void free(int deviceIndex, int localPage) {}
      };

  /** Whether the device has memory and is not closed to new pages. */
  boolean takesPages(int deviceIndex);

  /** A page to be filled, or {@link PagePool#NONE}. */
  int allocate(int deviceIndex);

  /**
   * The first of 512 consecutive pages to be filled, a multiple of 512, or {@link PagePool#NONE}:
   * then single ones may do.
   */
  default int allocateBlock(int deviceIndex) {
    return PagePool.NONE;
  }

  /** The page holds the only copy of something. */
  void use(int deviceIndex, int localPage);

  /** Nobody can reach the page any more. */
  void free(int deviceIndex, int localPage);
}
