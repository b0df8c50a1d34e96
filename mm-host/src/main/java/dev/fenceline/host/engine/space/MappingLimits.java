package dev.fenceline.host.engine.space;

import dev.fenceline.model.Pages;

/**
 * Bounds of an address space; immutable.
 *
 * @param mmapBase the address below which free room is looked for, from the top down
 * @param maxMappings as vm.max_map_count
 */
public record MappingLimits(long mmapBase, int maxMappings) {
  /** Linux's mmap_min_addr: no free room is offered below it. */
  public static final long MIN_ADDRESS = 0x1_0000;

  /** Where free room is looked for, upwards, if there is none below the mmap base. */
  public static final long BOTTOM_UP_BASE = (Pages.ADDRESS_LIMIT / 3) & -Pages.SIZE_BYTES;

  /** Kept free below a stack: 256 pages, as Linux's stack_guard_gap. */
  public static final long STACK_GUARD_BYTES = 256L * Pages.SIZE_BYTES;

  /** Linux's default count, and a base that leaves its smallest gap of 128 MiB for the stack. */
  public static final MappingLimits DEFAULT = new MappingLimits(0x7fff_e800_0000L, 65_530);

  /**
   * @throws IllegalArgumentException if a bound makes no sense
   */
  public MappingLimits {
    if (!Pages.aligned(mmapBase) || mmapBase <= MIN_ADDRESS || mmapBase > Pages.ADDRESS_LIMIT) {
      throw new IllegalArgumentException("mmap base 0x" + Long.toHexString(mmapBase));
    }
    if (maxMappings < 1) {
      throw new IllegalArgumentException("at most " + maxMappings + " mappings");
    }
  }
}
