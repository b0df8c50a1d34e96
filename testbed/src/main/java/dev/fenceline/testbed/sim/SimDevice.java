package dev.fenceline.testbed.sim;

import dev.fenceline.concurrent.AccessSlots;
import dev.fenceline.concurrent.MirrorAccess;
import dev.fenceline.concurrent.MirrorEntry;
import dev.fenceline.concurrent.MirrorTable;
import dev.fenceline.model.PageRun;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * One device of an agent: a mirror table for each address space, and its execution units. Confined
 * to the event loop.
 */
final class SimDevice {
  /** In the field of an entry where a local page, plus one, would be. */
  static final int WITH_THE_HOST = 0;

  private final SimWorld world;
  private final SimAgent agent;
  private final int index;
  private final Map<Long, MirrorAccess> tables = new TreeMap<>();
  private final List<SimUnit> units = new ArrayList<>();
  private final ProgramUnit programs;

  SimDevice(SimWorld world, SimAgent agent, int index, SplittableRandom random) {
    this.world = world;
    this.agent = agent;
    this.index = index;
    for (int slot = 0; slot < world.settings.unitsPerDevice(); slot++) {
      units.add(new SimUnit(world, agent, this, slot, random.split()));
    }
    this.programs = new ProgramUnit(world, agent, this, units.size(), random.split());
  }

  int index() {
    return index;
  }

  /** Runs programs that depend on others'. */
  ProgramUnit programs() {
    return programs;
  }

  List<SimUnit> units() {
    return units;
  }

  MirrorAccess table(long spaceId) {
    return tables.computeIfAbsent(
        spaceId,
        id ->
            new MirrorAccess(
                new MirrorTable(), new AccessSlots(units.size() + 1, SimSettings.PEER_SLOTS)));
  }

  void install(SimSpace space, long sessionId, long vpn, List<PageRun> runs) {
    MirrorTable table = table(space.id()).table();
    long page = vpn;
    for (PageRun run : runs) {
      for (int i = 0; i < run.pageCount(); i++, page++) {
        world.monitor.installed(space, sessionId, index, page, run.generation());
        boolean writable = run.writable() && run.state() != PageRun.State.ZERO;
        long entry = MirrorEntry.pack(place(run, i), run.generation(), writable);
        boolean alone = run.state() == PageRun.State.EXCLUSIVE;
        table.set(page, alone ? MirrorEntry.exclusive(entry) : entry);
      }
    }
  }

  private int place(PageRun run, int index) {
    return switch (run.state()) {
      case DEVICE_LOCAL -> run.firstLocalPage() + index + 1;
      case PEER -> agent.peers().place(run, index);
      case PRESENT, ZERO, EXCLUSIVE, HOLE, ERROR -> WITH_THE_HOST;
    };
  }

  static boolean isLocal(int place) {
    return place != WITH_THE_HOST && !SimPeers.isPeer(place);
  }

  /** An update in two transfers is the device's own business: its units take turns. */
  boolean busyWithUpdate(SimUnit asking, DataOperation wanted) {
    return units.stream().anyMatch(unit -> unit != asking && unit.excludes(wanted));
  }

  void dropStale(long spaceId, long vpn, int generation) {
    MirrorTable table = table(spaceId).table();
    long entry = table.get(vpn);
    if (entry != 0 && MirrorEntry.generation(entry) == generation) {
      table.set(vpn, 0);
    }
  }

  /** Drops entries and waits for those who go through them. */
  void drop(long spaceId, long vpnStart, long vpnEnd, Runnable drained) {
    MirrorAccess table = table(spaceId);
    if (world.broken(Breakage.ACK_BEFORE_DRAIN)) {
      table.table().clear(vpnStart, vpnEnd);
      drained.run();
      return;
    }
    if (!table.invalidate(vpnStart, vpnEnd, drained).isDrained()) {
      world.count(Sometimes.DRAIN_WAITED_FOR_ACCESS);
    }
  }

  /** Drops everything; the callback comes once for each table. */
  void dropAll(Runnable drained) {
    for (MirrorAccess table : tables.values()) {
      table.invalidate(0, MirrorTable.VPN_LIMIT, drained);
    }
  }

  int tableCount() {
    return tables.size();
  }

  /** Visits what the device has of each space. */
  void forEachTable(java.util.function.BiConsumer<Long, MirrorTable> visitor) {
    tables.forEach((space, access) -> visitor.accept(space, access.table()));
  }

  SimAgent agent() {
    return agent;
  }
}
