package dev.fenceline.host.engine.space;

import dev.fenceline.model.DeviceId;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.Protection;
import dev.fenceline.model.RangeAttributes;
import org.jspecify.annotations.Nullable;

/**
 * What a caller asks of an address space; immutable. Addresses and lengths are bytes, unchecked.
 */
public sealed interface SpaceOperation {
  /** The address space concerned; 0 for {@link Create}. */
  long spaceId();

  /** Concerns an address space as a whole. */
  sealed interface OfSpace extends SpaceOperation {}

  /** Changes the mappings. */
  sealed interface OfMappings extends SpaceOperation {}

  /** Concerns pages under mappings that stay as they are. */
  sealed interface OfPages extends SpaceOperation {}

  /**
   * Asked for by the engine itself: what a fault or another operation needs done first. It has no
   * caller, waits until it is done, and goes before operations that are only queued, since one of
   * them may be who needs it.
   */
  sealed interface Internal extends SpaceOperation {}

  /**
   * A new, empty address space.
   *
   * @param oomScoreAdjust thousandths of the host's memory by which it counts as larger when
   *     somebody has to be killed, -1000 (never) to 1000
   */
  record Create(String name, NotificationMode mode, int oomScoreAdjust) implements OfSpace {
    /** One that is neither spared nor preferred. */
    public Create(String name, NotificationMode mode) {
      this(name, mode, 0);
    }

    @Override
    public long spaceId() {
      return 0;
    }
  }

  /** Ends the address space: RELEASE is heard once, then everything is unmapped. */
  record Destroy(long spaceId) implements OfSpace {}

  /** A new address space with the same mappings and a copy of the bytes. */
  record Fork(long spaceId, String name) implements OfSpace {}

  record SetMode(long spaceId, NotificationMode mode) implements OfSpace {}

  /** How it counts when somebody has to be killed for want of memory: see {@link Create}. */
  record SetOomScoreAdjust(long spaceId, int adjust) implements OfSpace {
    /** Whether there is such an adjustment. */
    public static boolean allows(int adjust) {
      return adjust >= -1000 && adjust <= 1000;
    }
  }

  /** Wishes for a range; nothing that is there changes. */
  record SetAttributes(long spaceId, long address, long length, RangeAttributes attributes)
      implements OfSpace {}

  record Map(long spaceId, long address, long length, Placement placement, Region region)
      implements OfMappings {}

  /** Where a mapping is to go. */
  enum Placement {
    /** The host chooses, the address is a hint. */
    ANYWHERE,
    /** Exactly there; what was there is unmapped first. */
    FIXED,
    /** Exactly there, EEXIST if anything is. */
    FIXED_NOREPLACE
  }

  /**
   * What is mapped; {@code backing} is empty for anonymous memory.
   *
   * @param hugetlb private anonymous memory of large pages only, which it has from the start
   */
  record Region(
      Protection protection, boolean shared, String backing, long offset, boolean hugetlb) {
    public Region(Protection protection, boolean shared, String backing, long offset) {
      this(protection, shared, backing, offset, false);
    }
  }

  record Unmap(long spaceId, long address, long length) implements OfMappings {}

  record Protect(long spaceId, long address, long length, Protection protection)
      implements OfMappings {}

  /** mremap(2); {@code newAddress} is MREMAP_FIXED's. */
  record Remap(
      long spaceId,
      long oldAddress,
      long oldLength,
      long newLength,
      boolean mayMove,
      @Nullable Long newAddress)
      implements OfMappings {}

  /** brk(2); 0 asks, the first other value founds the heap. */
  record Brk(long spaceId, long end) implements OfMappings {}

  record Advise(long spaceId, long address, long length, Advice advice) implements OfPages {}

  /** madvise(2) values that mean something here. */
  enum Advice {
    NORMAL,
    DONTNEED,
    /** As DONTNEED, of private anonymous memory only. */
    FREE,
    WILLNEED,
    /** A fork leaves the range out. */
    DONTFORK,
    DOFORK,
    /** A fork keeps the range and leaves its bytes out. */
    WIPEONFORK,
    KEEPONFORK,
    /** From now on the range is mapped by large pages, of 2 MiB, where it can be. */
    HUGEPAGE,
    NOHUGEPAGE,
    /** Pages of the range are brought together into large ones now. */
    COLLAPSE
  }

  /** msync(2): what was written to shared mappings of files goes to the files. */
  record Sync(long spaceId, long address, long length) implements OfPages {}

  /** Says whether pages of the range that are not there are supplied by {@link Supply}. */
  record HandleMissing(long spaceId, long address, long length, boolean supplied)
      implements OfPages {}

  /** The bytes of pages that are not there yet (UFFDIO_COPY); whoever waits for them goes on. */
  record Supply(long spaceId, long address, byte[] bytes) implements OfPages {}

  /** Invalidates every translation and restores the entries. */
  record Invalidate(long spaceId, long address, long length) implements OfPages {}

  /** Faults pages in and keeps their frames where they are until {@link Unpin} (INV-11). */
  record Pin(long spaceId, long address, long length, boolean write, PinPurpose purpose)
      implements OfPages {}

  /** Who pinned, what for, and whether for longer than an operation takes. */
  record PinPurpose(String owner, String reason, boolean longTerm) {}

  /** Ends a pin, whose space may have gone meanwhile. */
  record Unpin(long pinId) implements OfPages {
    /** Of no space; the id of a pin leads to its shard as that of a space does. */
    @Override
    public long spaceId() {
      return pinId;
    }
  }

  /**
   * Private memory moves to a device; what cannot stays, and is told of by reason. At most {@link
   * dev.fenceline.model.MigrationRun#MAX_PAGES} pages at a time.
   *
   * @param requester the agent that asked for it; null for a caller of the host
   * @param direct only what is in the memory of another device that the target can reach, and
   *     straight from there
   */
  record MigrateToDevice(
      long spaceId,
      long address,
      long length,
      DeviceId device,
      @Nullable Requester requester,
      boolean direct)
      implements OfPages {
    /** What is in frames, or nowhere. */
    public MigrateToDevice(
        long spaceId, long address, long length, DeviceId device, @Nullable Requester requester) {
      this(spaceId, address, length, device, requester, false);
    }
  }

  /** An agent's question that the end of an operation answers. */
  record Requester(long sessionId, long requestId) {
    /** The host itself, as attributes have it: nobody is told of the end. */
    public static final Requester HOST = new Requester(0, 0);
  }

  /** What is in memory of devices comes back to frames of the host, as many pages at a time. */
  record MigrateToHost(long spaceId, long address, long length) implements OfPages {}

  /** Pages that are in the device's memory come home; who needs them waits for it. */
  record MigrateHome(long spaceId, long vpnStart, long vpnEnd, DeviceId device)
      implements Internal {}

  /** The device gets the pages, which are in frames, for itself alone. */
  record MakeExclusive(long spaceId, long vpnStart, long vpnEnd, DeviceId device)
      implements Internal {}

  /** Pages that nobody used lately give their frames back; what they hold is swapped out. */
  record Reclaim(long spaceId, long vpnStart, long vpnEnd) implements Internal {}

  /** Pages of a space that was killed give everything back; never waits for a device. */
  record Reap(long spaceId, long vpnStart, long vpnEnd) implements Internal {}

  /** The page, which other pages share, gets a frame of its own, for a write or a pin. */
  record BreakCow(long spaceId, long vpn) implements Internal {}

  /** A page that is not there is waited for, until somebody supplies it. */
  record AwaitSupply(long spaceId, long vpn) implements Internal {}

  /** The device that has the pages exclusively loses them; the frames stay where they are. */
  record RevokeExclusive(long spaceId, long vpnStart, long vpnEnd) implements Internal {}
}
