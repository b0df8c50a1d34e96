package dev.fenceline.agent.runtime;

import dev.fenceline.agent.engine.AgentEffect;
import dev.fenceline.agent.engine.memory.PagePool;
import dev.fenceline.concurrent.AccessSlots;
import dev.fenceline.concurrent.MirrorAccess;
import dev.fenceline.concurrent.MirrorEntry;
import dev.fenceline.concurrent.MirrorTable;
import dev.fenceline.model.PageRun;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * One device's translations of one address space of one host. Read by the device's execution units
 * without locks; written in the link's mailbox only.
 */
final class MirrorView {
  final Device device;
  final MirrorAccess access;
  private final PeerBook peers;

  /** A page that another device may read, of one generation. */
  private record Served(int localPage, int generation) {}

  private final ConcurrentHashMap<Long, Served> served = new ConcurrentHashMap<>();

  MirrorView(Device device, AccessSlots slots, PeerBook peers) {
    this.device = device;
    this.peers = peers;
    this.access = new MirrorAccess(new MirrorTable(), slots);
  }

  void install(long vpn, List<PageRun> runs) {
    long before = access.table().entries();
    long page = vpn;
    for (PageRun run : runs) {
      for (int i = 0; i < run.pageCount(); i++) {
        long entry = MirrorEntry.pack(place(run, i), run.generation(), run.writable());
        boolean exclusive = run.state() == PageRun.State.EXCLUSIVE;
        access.table().set(page++, exclusive ? MirrorEntry.exclusive(entry) : entry);
      }
    }
    count(before);
  }

  private int place(PageRun run, int index) {
    return switch (run.state()) {
      case DEVICE_LOCAL -> LocalTranslation.ofLocalPage(run.firstLocalPage() + index);
      case PEER -> LocalTranslation.ofPeer(peers.number(Objects.requireNonNull(run.peer())));
      case PRESENT, ZERO, EXCLUSIVE, HOLE, ERROR -> LocalTranslation.HOST;
    };
  }

  /** What lies in these pages is about to be thrown away: evict it first. */
  void discard(long vpnStart, long vpnEnd) {
    access
        .table()
        .forEach(
            vpnStart,
            vpnEnd,
            (vpn, entry) -> {
              int place = MirrorEntry.frame(entry);
              if (LocalTranslation.isLocal(place)) {
                device.memory().discard(LocalTranslation.localPage(place));
              }
            });
  }

  void invalidate(long vpnStart, long vpnEnd, Runnable onDrained) {
    long before = access.table().entries();
    access.invalidate(vpnStart, vpnEnd, onDrained);
    count(before);
  }

  void clear() {
    long before = access.table().entries();
    access.table().clear(0, MirrorTable.VPN_LIMIT);
    count(before);
  }

  /** Drops the entry if it still has the generation that the host refused. */
  void dropStale(long vpn, int generation) {
    long entry = access.table().get(vpn);
    if (entry != 0 && MirrorEntry.generation(entry) == generation) {
      access.table().set(vpn, 0);
      device.counters().mirrorEntries.decrement();
    }
  }

  /** Pages that are held for another device to fetch, or are so no more. */
  void serve(AgentEffect.ServePages serve) {
    for (int i = 0; i < serve.localPages().length; i++) {
      if (!serve.begins()) {
        served.remove(serve.vpn() + i);
      } else if (serve.localPages()[i] != PagePool.NONE) {
        served.put(serve.vpn() + i, new Served(serve.localPages()[i], serve.generations()[i]));
      }
    }
  }

  /** Where the pages are that a migration of another device fetches; null if one is not held. */
  int @Nullable [] servedPages(long vpn, int[] generations) {
    int[] local = new int[generations.length];
    for (int i = 0; i < local.length; i++) {
      Served page = served.get(vpn + i);
      if (page == null || page.generation() != generations[i]) {
        return null;
      }
      local[i] = page.localPage();
    }
    return local;
  }

  private void count(long before) {
    device.counters().mirrorEntries.add(access.table().entries() - before);
  }
}
