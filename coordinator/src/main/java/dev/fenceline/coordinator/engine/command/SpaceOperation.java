package dev.fenceline.coordinator.engine.command;

import dev.fenceline.model.Protection;
import dev.fenceline.model.RangeAttributes;
import dev.fenceline.model.WaitPolicy;
import org.jspecify.annotations.Nullable;

/** A change of an address space; immutable. Lengths are bytes. */
public sealed interface SpaceOperation {
  WaitPolicy waiting();

  /** Where a mapping goes; immutable. */
  enum Placement {
    ANYWHERE,
    FIXED,
    FIXED_NOREPLACE
  }

  /** What is advised; immutable. */
  enum Advice {
    NORMAL,
    DONTNEED,
    FREE,
    WILLNEED,
    DONTFORK,
    DOFORK,
    WIPEONFORK,
    KEEPONFORK,
    HUGEPAGE,
    NOHUGEPAGE,
    COLLAPSE
  }

  /**
   * A new mapping.
   *
   * @param backing empty for anonymous memory
   * @param hugetlb pages of 2 MiB only, all taken at once
   */
  record Map(
      long address,
      long length,
      Protection protection,
      Placement placement,
      boolean shared,
      String backing,
      long offset,
      boolean hugetlb,
      WaitPolicy waiting)
      implements SpaceOperation {}

  /** Mappings go. */
  record Unmap(long address, long length, WaitPolicy waiting) implements SpaceOperation {}

  /** What is permitted changes. */
  record Protect(long address, long length, Protection protection, WaitPolicy waiting)
      implements SpaceOperation {}

  /** A mapping moves or changes its size. */
  record Remap(
      long address,
      long length,
      long newLength,
      boolean mayMove,
      @Nullable Long newAddress,
      WaitPolicy waiting)
      implements SpaceOperation {}

  /** Pages go or come, the mapping stays. */
  record Advise(long address, long length, Advice advice, WaitPolicy waiting)
      implements SpaceOperation {}

  /** Wishes for a range, instead of those that it had; nobody waits for anything. */
  record SetAttributes(long address, long length, RangeAttributes attributes)
      implements SpaceOperation {
    @Override
    public WaitPolicy waiting() {
      return WaitPolicy.BLOCK;
    }
  }

  /** Every translation is invalidated, and the entries are restored. */
  record Invalidate(long address, long length, WaitPolicy waiting) implements SpaceOperation {}
}
