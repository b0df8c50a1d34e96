package dev.fenceline.host.engine.space;

/**
 * What a page table entry says about its page; the ordinal is the code in the packed entry.
 * Immutable.
 */
public enum PteType {
  /** Nothing is mapped; the generation is kept. */
  NONE,
  /** A frame of the host holds the page. */
  PRESENT,
  /** The page reads as zeroes and has no frame of its own. */
  ZERO,
  /** Was PRESENT or ZERO; an invalidation holds it and nobody may map it (INV-2). */
  INVALIDATING,
  /** A swap slot holds the page. Reserved. */
  SWAP,
  /** A device holds the page. Reserved. */
  DEVICE_PRIVATE,
  /** A frame of the host that one device accesses exclusively. Reserved. */
  EXCLUSIVE,
  /** The page is on its way from one place to another. Reserved. */
  MIGRATION
}
