package dev.fenceline.testbed.sim;

import dev.fenceline.concurrent.AccessSlots;
import dev.fenceline.concurrent.MirrorAccess;
import dev.fenceline.concurrent.MirrorEntry;
import dev.fenceline.concurrent.MirrorTable;
import dev.fenceline.host.engine.shard.ShardEffect;
import dev.fenceline.host.engine.shard.ShardEngine;
import dev.fenceline.host.engine.shard.ShardInput;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.PteType;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Peer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * The host's own CPUs: their TLBs, one table for each address space, and the units that access
 * memory through them. Confined to the event loop.
 */
final class HostCpu {
  /** Of a page of a coherent device, the CPU knows whose it is, and not where it is there. */
  private static final int NOT_SAID = -1;

  private final SimWorld world;
  private final SimHost host;
  private final SplittableRandom random;
  private final Map<Long, MirrorAccess> tables = new HashMap<>();
  private final SimPeers peers = new SimPeers();
  private final Map<Long, CpuUnit> faulting = new HashMap<>();
  private final List<CpuUnit> units = new ArrayList<>();

  HostCpu(SimWorld world, SimHost host, SplittableRandom random) {
    this.world = world;
    this.host = host;
    this.random = random;
    for (int i = 0; i < world.settings.cpuUnits(); i++) {
      units.add(new CpuUnit(world, host, this, i, random.split()));
    }
  }

  /** The coherent devices whose memory the CPU has translations of. */
  SimPeers peers() {
    return peers;
  }

  List<CpuUnit> units() {
    return units;
  }

  void start() {
    units.forEach(CpuUnit::start);
  }

  MirrorAccess table(long spaceId) {
    return tables.computeIfAbsent(
        spaceId, id -> new MirrorAccess(new MirrorTable(), new AccessSlots(units.size(), 0)));
  }

  boolean idle() {
    return faulting.isEmpty();
  }

  /** Asks for a translation. */
  void fault(CpuUnit unit, DataOperation wanted, int missing) {
    long id = world.nextId();
    faulting.put(id, unit);
    host.shardOf(wanted.space().id())
        .post(
            new ShardInput.CpuFault(
                id,
                wanted.space().id(),
                (wanted.vpn() + missing) << 12,
                wanted.pages() - missing,
                wanted.writes()
                    ? dev.fenceline.model.Access.WRITE
                    : dev.fenceline.model.Access.READ));
  }

  /** Only a breakage does this: the page is another one's alone, and the CPU takes no notice. */
  boolean takeAnyway(ShardInput.CpuFault fault, ShardEngine engine) {
    var space = engine.queries().space(fault.spaceId());
    long vpn = Pages.number(fault.address());
    long entry = space == null ? 0 : space.memory().entry(vpn);
    if (space == null || Pte.type(entry) != PteType.EXCLUSIVE) {
      return false;
    }
    long[] entries = {Pte.withType(entry, PteType.PRESENT)};
    faultEnded(
        new ShardEffect.CpuFaultEnded(
            fault.requestId(), fault.spaceId(), vpn, entries, Map.of(), null, ""),
        engine);
    return true;
  }

  void drop(HostShard shard, ShardEffect.DropCpuEntries drop) {
    if (world.broken(Breakage.CPU_NOT_A_PARTICIPANT)) {
      shard.post(new ShardInput.CpuDrained(drop.invalidationId()));
      return;
    }
    var drain =
        table(drop.spaceId())
            .invalidate(
                drop.vpnStart(),
                drop.vpnEnd(),
                () ->
                    host.after(
                        random.nextInt(3_000),
                        "cpu drained",
                        () -> shard.post(new ShardInput.CpuDrained(drop.invalidationId()))));
    if (!drain.isDrained()) {
      world.count(Sometimes.DRAIN_WAITED_FOR_ACCESS);
    }
  }

  void dropZero(ShardEffect.DropCpuZeroEntries drop) {
    if (world.broken(Breakage.ZERO_PAGE_KEPT)) {
      return;
    }
    MirrorTable table = table(drop.spaceId()).table();
    for (long vpn = drop.vpnStart(); vpn < drop.vpnEnd(); vpn++) {
      if (MirrorEntry.frame(table.get(vpn)) == 0) {
        table.set(vpn, 0);
      }
    }
  }

  void faultEnded(ShardEffect.CpuFaultEnded ended, ShardEngine engine) {
    CpuUnit unit = faulting.remove(ended.requestId());
    if (unit == null) {
      throw new InvariantViolation("INV-6", "a CPU fault was answered twice: " + ended);
    }
    var space = engine.queries().space(ended.spaceId());
    SimSpace id = new SimSpace(host.epoch(), ended.spaceId());
    for (int i = 0; i < ended.entries().length && space != null; i++) {
      long vpn = ended.vpn() + i;
      long entry = ended.entries()[i];
      host.shardOf(ended.spaceId()).faults().requireMappable(id, vpn);
      world.monitor.granted(id, 0, 0, vpn, Pte.generation(entry), space.sequence());
      Peer peer = ended.peers().get(Pte.frame(entry));
      int place =
          peer == null ? Pte.frame(entry) : peers.place(new SimPeers.PeerPage(peer, NOT_SAID));
      table(ended.spaceId())
          .table()
          .set(vpn, MirrorEntry.pack(place, Pte.generation(entry), Pte.writable(entry)));
    }
    unit.faultEnded(ended.errno());
  }

  void forget(long spaceId) {
    tables.remove(spaceId);
  }

  /** Entries of the CPU's table of a space, if there is one. */
  void forEachEntry(long spaceId, MirrorTable.Visitor visitor) {
    MirrorAccess table = tables.get(spaceId);
    if (table != null) {
      table.table().forEach(0, MirrorTable.VPN_LIMIT, visitor);
    }
  }
}
