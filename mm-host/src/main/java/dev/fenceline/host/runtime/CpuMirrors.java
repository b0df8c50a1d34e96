package dev.fenceline.host.runtime;

import dev.fenceline.concurrent.AccessSlots;
import dev.fenceline.concurrent.MirrorAccess;
import dev.fenceline.concurrent.MirrorEntry;
import dev.fenceline.concurrent.MirrorTable;
import dev.fenceline.host.engine.shard.ShardEffect;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.model.Peer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The CPU's TLBs: a mirror table and access slots per address space of a shard, a participant of
 * invalidations like a device (A3). {@link #of} and {@link #peer} are for any thread, everything
 * else is confined to the shard's mailbox.
 */
final class CpuMirrors {
  /** CPU accesses to one address space that go on at the same time; more wait for a slot. */
  static final int SLOTS = 32;

  private final Map<Long, MirrorAccess> bySpace = new ConcurrentHashMap<>();

  /**
   * The coherent devices whose memory the CPU has translations of, by number. It never shrinks:
   * entries of any table may still hold a number. There are as many as the host has met distinct
   * devices at distinct addresses, each of some hundred bytes.
   */
  private final CopyOnWriteArrayList<Peer> peers = new CopyOnWriteArrayList<>();

  /** The CPU's mirror of the space, or null if it holds nothing of it. */
  @Nullable MirrorAccess of(long spaceId) {
    return bySpace.get(spaceId);
  }

  /**
   * Whose memory a page of a coherent device is in, of which an access found a translation.
   *
   * @param frame of a mirror entry, for which {@link #isRemote} holds
   */
  Peer peer(int frame) {
    return peers.get(frame - Pte.FIRST_DEVICE_PAGE);
  }

  /** Whether the bytes behind a mirror entry are with a coherent device, not in a frame. */
  static boolean isRemote(int frame) {
    return frame >= Pte.FIRST_DEVICE_PAGE;
  }

  /** Installs the translations that a fault brought; pages of the zero page read-only. */
  void install(ShardEffect.CpuFaultEnded ended) {
    long[] entries = ended.entries();
    MirrorTable table =
        bySpace
            .computeIfAbsent(
                ended.spaceId(),
                id -> new MirrorAccess(new MirrorTable(), new AccessSlots(0, SLOTS)))
            .table();
    for (int i = 0; i < entries.length; i++) {
      long entry = entries[i];
      boolean writable = !Pte.isZero(entry) && Pte.writable(entry);
      Peer peer = ended.peers().isEmpty() ? null : ended.peers().get(Pte.frame(entry));
      int frame = peer == null ? Pte.frame(entry) : Pte.FIRST_DEVICE_PAGE + number(peer);
      table.set(ended.vpn() + i, MirrorEntry.pack(frame, Pte.generation(entry), writable));
    }
  }

  /** A number stays good as long as the host. */
  private int number(Peer peer) {
    int known = peers.indexOf(peer);
    if (known < 0) {
      peers.add(peer);
      known = peers.size() - 1;
    }
    return known;
  }

  /**
   * Clears translations and waits for those who may still use them.
   *
   * @param onDrained run by another thread later on, unless this method answers true
   * @return true if nobody used them: they have drained
   */
  boolean drop(long spaceId, long vpnStart, long vpnEnd, Runnable onDrained) {
    MirrorAccess mirror = bySpace.get(spaceId);
    if (mirror == null) {
      return true;
    }
    // Whoever comes second acts: the drain if it ends after drop has returned, else drop.
    AtomicBoolean oneCame = new AtomicBoolean();
    mirror.invalidate(
        vpnStart,
        vpnEnd,
        () -> {
          if (!oneCame.compareAndSet(false, true)) {
            onDrained.run();
          }
        });
    return !oneCame.compareAndSet(false, true);
  }

  /** Clears translations of zero pages that got frames; the zero page never changes. */
  void dropZero(long spaceId, long vpnStart, long vpnEnd) {
    MirrorAccess mirror = bySpace.get(spaceId);
    if (mirror != null) {
      mirror.table().clear(vpnStart, vpnEnd);
    }
  }

  void forget(long spaceId) {
    bySpace.remove(spaceId);
  }

  /** Translations that the CPU holds, in all address spaces. */
  long entries() {
    return bySpace.values().stream().mapToLong(mirror -> mirror.table().entries()).sum();
  }
}
