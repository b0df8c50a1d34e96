package dev.fenceline.host.engine.space;

import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.Protection;
import org.jspecify.annotations.Nullable;

/**
 * What a caller asks of an address space; immutable. Addresses and lengths are bytes, unchecked.
 */
public sealed interface SpaceOperation {
  /** The address space concerned; 0 for {@link Create}. */
  long spaceId();

  record Create(String name, NotificationMode mode) implements SpaceOperation {
    @Override
    public long spaceId() {
      return 0;
    }
  }

  /** Ends the address space: RELEASE is heard once, then everything is unmapped. */
  record Destroy(long spaceId) implements SpaceOperation {}

  /** A new address space with the same mappings and a copy of the bytes. */
  record Fork(long spaceId, String name) implements SpaceOperation {}

  record SetMode(long spaceId, NotificationMode mode) implements SpaceOperation {}

  record Map(long spaceId, long address, long length, Placement placement, Region region)
      implements SpaceOperation {}

  /** Where a mapping is to go. */
  enum Placement {
    /** The host chooses, the address is a hint. */
    ANYWHERE,
    /** Exactly there; what was there is unmapped first. */
    FIXED,
    /** Exactly there, EEXIST if anything is. */
    FIXED_NOREPLACE
  }

  /** What is mapped; {@code backing} is empty for anonymous memory. */
  record Region(Protection protection, boolean shared, String backing, long offset) {}

  record Unmap(long spaceId, long address, long length) implements SpaceOperation {}

  record Protect(long spaceId, long address, long length, Protection protection)
      implements SpaceOperation {}

  /** mremap(2); {@code newAddress} is MREMAP_FIXED's. */
  record Remap(
      long spaceId,
      long oldAddress,
      long oldLength,
      long newLength,
      boolean mayMove,
      @Nullable Long newAddress)
      implements SpaceOperation {}

  /** brk(2); 0 asks, the first other value founds the heap. */
  record Brk(long spaceId, long end) implements SpaceOperation {}

  record Advise(long spaceId, long address, long length, Advice advice) implements SpaceOperation {}

  /** madvise(2) values that mean something here. */
  enum Advice {
    NORMAL,
    DONTNEED,
    WILLNEED
  }

  /** Invalidates every translation and restores the entries. */
  record Invalidate(long spaceId, long address, long length) implements SpaceOperation {}

  /** Faults pages in and keeps their frames where they are until {@link Unpin} (INV-11). */
  record Pin(long spaceId, long address, long length, boolean write, PinPurpose purpose)
      implements SpaceOperation {}

  /** Who pinned, what for, and whether for longer than an operation takes. */
  record PinPurpose(String owner, String reason, boolean longTerm) {}

  /** Ends a pin, whose space may have gone meanwhile. */
  record Unpin(long pinId) implements SpaceOperation {
    /** Of no space; the id of a pin leads to its shard as that of a space does. */
    @Override
    public long spaceId() {
      return pinId;
    }
  }
}
