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
  /** Participants may have had translations; an invalidation holds it: no new ones (INV-2). */
  INVALIDATING,
  /** A swap slot holds the page. */
  SWAP,
  /** A device holds the page (INV-8). */
  DEVICE_PRIVATE,
  /** A frame of the host that one device accesses exclusively. */
  EXCLUSIVE,
  /** The page is on its way; this is where its bytes still are. */
  MIGRATION
}
