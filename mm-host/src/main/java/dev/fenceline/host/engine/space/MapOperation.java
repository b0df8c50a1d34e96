package dev.fenceline.host.engine.space;

import dev.fenceline.model.Protection;
import dev.fenceline.model.VirtualRange;

/** A change of the mappings of an address space, as data; immutable. */
public sealed interface MapOperation {

  /** mmap with MAP_FIXED: what is there is unmapped. */
  record MapFixed(VirtualRange range, MappingAttributes attributes, long backingOffsetPages)
      implements MapOperation {}

  /** mmap with MAP_FIXED_NOREPLACE: refused if anything is there. */
  record MapFixedNoReplace(
      VirtualRange range, MappingAttributes attributes, long backingOffsetPages)
      implements MapOperation {}

  /** mmap without an address: a free place is looked for, at the hint first (0: no hint). */
  record MapAnywhere(
      long lengthBytes, long hint, MappingAttributes attributes, long backingOffsetPages)
      implements MapOperation {}

  /** munmap; holes in the range are fine. */
  record Unmap(VirtualRange range) implements MapOperation {}

  /** mprotect; refused as a whole if the range has a hole. */
  record Protect(VirtualRange range, Protection protection) implements MapOperation {}

  /** madvise with lasting effect: clears flags, then sets flags; refused if there is a hole. */
  record Advise(VirtualRange range, int clearFlags, int setFlags) implements MapOperation {}

  /** mremap. */
  record Remap(VirtualRange oldRange, long newLengthBytes, RemapPlacement placement)
      implements MapOperation {}

  /**
   * brk: moves the end of the heap, to the byte. 0 only asks where it is; the first other value
   * founds the heap there.
   */
  record SetBreak(long end) implements MapOperation {}

  /** Where a remapped range may go. */
  sealed interface RemapPlacement {
    /** Shrink or grow on the spot only. */
    record InPlace() implements RemapPlacement {}

    /** MREMAP_MAYMOVE: move if it cannot grow on the spot. */
    record MayMove() implements RemapPlacement {}

    /** MREMAP_FIXED: move to this address; what is there is unmapped. */
    record Fixed(long address) implements RemapPlacement {}
  }
}
