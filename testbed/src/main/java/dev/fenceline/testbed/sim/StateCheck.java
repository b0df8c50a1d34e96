package dev.fenceline.testbed.sim;

import dev.fenceline.concurrent.MirrorEntry;
import dev.fenceline.concurrent.MirrorTable;
import dev.fenceline.host.engine.invalidation.DeviceView;
import dev.fenceline.host.engine.migration.DeviceOwner;
import dev.fenceline.host.engine.object.MemoryObject;
import dev.fenceline.host.engine.shard.AddressSpace;
import dev.fenceline.host.engine.shard.Pin;
import dev.fenceline.host.engine.shard.ShardQueries;
import dev.fenceline.host.engine.space.LargeTally;
import dev.fenceline.host.engine.space.Mapping;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.PteType;
import dev.fenceline.model.Pages;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Comparisons of whole states: the frames of the host now and then, and at rest the host's page
 * tables against every table that mirrors them. Confined to the event loop.
 */
final class StateCheck {
  private final SimWorld world;

  StateCheck(SimWorld world) {
    this.world = world;
  }

  /** INV-8: each frame in use is known to be mapped by those pages that do, and by no others. */
  void frames() {
    SimHost host = world.host;
    if (host == null || !host.alive()) {
      return;
    }
    int[] mapped = new int[host.frames().total() + 1];
    int inUse = 0;
    for (HostShard shard : host.shards()) {
      ShardQueries queries = shard.engine().queries();
      swapSlots(queries);
      shard.copies().wherePagesAre();
      for (AddressSpace space : queries.spaces().values()) {
        space
            .memory()
            .pages()
            .forEachNonEmpty(
                0,
                Pages.PAGE_LIMIT,
                (vpn, entry) -> {
                  countFrame(host, space, vpn, entry, mapped);
                  requireNotWritable(queries, space, vpn, entry);
                });
      }
      for (MemoryObject object : queries.objects()) {
        object
            .frames()
            .forEach(
                (page, frame) -> {
                  if (mapped[frame] > 1) {
                    world.count(Sometimes.OBJECT_SHARED);
                  }
                  countFrame(host, object.id(), page, frame, mapped);
                });
      }
      for (int frame = 1; frame < mapped.length; frame++) {
        if (mapped[frame] != 0 || queries.mapCount(frame) != 0) {
          requireCounted(queries, frame, mapped[frame]);
          mapped[frame] = 0;
          inUse++;
        }
      }
    }
    int kept = pinned(host);
    if (inUse + kept + host.frames().freeCount() != host.frames().total()) {
      throw new InvariantViolation(
          "INV-8",
          "%d frames in page tables, %d kept by pins and %d free ones are not %d"
              .formatted(inUse, kept, host.frames().freeCount(), host.frames().total()));
    }
  }

  /** INV-4: nobody writes to what others must not see it in. */
  private static void requireNotWritable(
      ShardQueries queries, AddressSpace space, long vpn, long entry) {
    if (!Pte.isPresent(entry) || !Pte.writable(entry) || queries.mapCount(Pte.frame(entry)) < 2) {
      return;
    }
    Mapping mapping = space.memory().mappings().mapping(Pages.address(vpn));
    if (mapping != null && !mapping.attributes().shared()) {
      throw new InvariantViolation(
          "INV-4",
          "page 0x%x of space %d may be written, and %d pages have its frame"
              .formatted(vpn, space.id(), queries.mapCount(Pte.frame(entry))));
    }
  }

  /** INV-8: each swap slot in use is known to be named by so many entries. */
  private static void swapSlots(ShardQueries queries) {
    Map<Integer, Integer> named = new TreeMap<>();
    for (AddressSpace space : queries.spaces().values()) {
      space
          .memory()
          .pages()
          .forEachNonEmpty(
              0,
              Pages.PAGE_LIMIT,
              (vpn, entry) -> {
                if (Pte.type(entry) == PteType.SWAP) {
                  named.merge(Pte.frame(entry), 1, Integer::sum);
                }
              });
    }
    for (MemoryObject object : queries.objects()) {
      object.swapped().values().forEach(slot -> named.merge(slot, 1, Integer::sum));
    }
    named.forEach(
        (slot, count) -> {
          if (queries.swapUsers(slot) != count) {
            throw new InvariantViolation(
                "INV-8",
                "swap slot %d is named by %d entries and counted for %d"
                    .formatted(slot, count, queries.swapUsers(slot)));
          }
        });
    if (named.size() != queries.swapUsed()) {
      throw new InvariantViolation(
          "INV-8",
          "%d swap slots are named by entries, %d are in use"
              .formatted(named.size(), queries.swapUsed()));
    }
  }

  private static void countFrame(
      SimHost host, AddressSpace space, long vpn, long entry, int[] mapped) {
    if (!Pte.hasFrame(entry)) {
      return;
    }
    countFrame(host, space.id(), vpn, Pte.frame(entry), mapped);
  }

  /** The page of a space, or of an object. */
  private static void countFrame(SimHost host, long owner, long vpn, int frame, int[] mapped) {
    if (!host.frames().used(frame)) {
      throw new InvariantViolation(
          "INV-8", "frame %d of page 0x%x of %d is free".formatted(frame, vpn, owner));
    }
    mapped[frame]++;
  }

  private static void requireCounted(ShardQueries queries, int frame, int mapped) {
    if (queries.mapCount(frame) != mapped) {
      throw new InvariantViolation(
          "INV-8",
          "frame %d is mapped by %d pages and counted as mapped by %d"
              .formatted(frame, mapped, queries.mapCount(frame)));
    }
  }

  /** INV-11: no pinned frame is free. How many pins keep that no page has. */
  private int pinned(SimHost host) {
    int kept = 0;
    for (HostShard shard : host.shards()) {
      kept += shard.engine().queries().keptFrames() + shard.engine().queries().arrivingFrames();
      for (Pin pin : shard.engine().queries().pins()) {
        if (pin.unmappedPages() > 0) {
          world.count(Sometimes.PINNED_PAGE_UNMAPPED);
        }
        for (int frame : pin.frames()) {
          if (frame > Pte.MAX_FRAME) {
            requireHeldByItsDevice(shard, pin, frame);
          } else if (!host.frames().used(frame)) {
            throw new InvariantViolation(
                "INV-11", "frame %d of pin %d is free".formatted(frame, pin.id()));
          }
        }
      }
    }
    return kept;
  }

  /** INV-11: what is pinned in the memory of a coherent device stays there, or goes with it. */
  private void requireHeldByItsDevice(HostShard shard, Pin pin, int number) {
    world.count(Sometimes.PINNED_ON_DEVICE);
    DeviceOwner owner = shard.engine().queries().devicePageOwner(number);
    if (owner.state() == DeviceOwner.State.LOST || owner.pages().containsValue(number)) {
      return;
    }
    throw new InvariantViolation(
        "INV-11", "page %d of pin %d is with no device".formatted(number, pin.id()));
  }

  /** At rest: whatever a device or the CPU could still go through is what the host has. */
  void mirrorsAtRest() {
    SimHost host = world.host;
    if (host == null) {
      return;
    }
    for (SimAgent agent : world.lastingAgents()) {
      for (SimDevice device : agent.devices()) {
        device.forEachTable(
            (spaceId, table) ->
                table.forEach(
                    0,
                    Pages.PAGE_LIMIT,
                    (vpn, entry) -> compare(host, device, spaceId, vpn, entry)));
      }
    }
    for (HostShard shard : host.shards()) {
      ShardQueries queries = shard.engine().queries();
      LargeTally.Counts large = queries.frameCounts().large();
      if (large.collapsed() > 0) {
        world.count(Sometimes.LARGE_PAGES_COLLAPSED);
      }
      if (large.split() > 0) {
        world.count(Sometimes.LARGE_PAGES_SPLIT);
      }
      for (AddressSpace space : queries.spaces().values()) {
        host.cpu().forEachEntry(space.id(), (vpn, entry) -> compareCpu(host, space, vpn, entry));
      }
    }
  }

  /**
   * At any time: what a device could go through now, and would be let through with, is known to be
   * held, or an invalidation would not wait for it (INV-12).
   */
  void holders() {
    SimHost host = world.host;
    if (host == null || !host.alive()) {
      return;
    }
    for (SimAgent agent : world.agents) {
      if (agent.alive() && agent.mayAccess(host.epoch(), agent.sessionId())) {
        for (SimDevice device : agent.devices()) {
          device.forEachTable((spaceId, table) -> requireHeld(host, device, spaceId, table));
        }
      }
    }
  }

  private void requireHeld(SimHost host, SimDevice device, long spaceId, MirrorTable table) {
    ShardQueries queries = host.shardOf(spaceId).engine().queries();
    AddressSpace space = queries.space(spaceId);
    long sessionId = device.agent().sessionId();
    if (space == null || queries.session(sessionId) == null) {
      return;
    }
    DeviceView view = viewOf(queries, space, sessionId, device.index());
    table.forEach(
        0,
        Pages.PAGE_LIMIT,
        (vpn, entry) -> {
          long truth = space.memory().entry(vpn);
          boolean good =
              isThere(entry, truth) && Pte.generation(truth) == MirrorEntry.generation(entry);
          if (good && (view == null || !view.holders().holdsAny(vpn, vpn + 1))) {
            throw new InvariantViolation(
                "INV-12",
                "%s, device %d has page 0x%x of space %d; the host does not know that it is held"
                    .formatted(device.agent().name(), device.index(), vpn, spaceId));
          }
        });
  }

  private static @Nullable DeviceView viewOf(
      ShardQueries queries, AddressSpace space, long sessionId, int deviceIndex) {
    for (DeviceView view : queries.views(space)) {
      if (view.sessionId() == sessionId && view.device().deviceIndex() == deviceIndex) {
        return view;
      }
    }
    return null;
  }

  /** Whether the page is where the device's entry says that it is. */
  private static boolean isThere(long entry, long truth) {
    return MirrorEntry.frame(entry) == SimDevice.WITH_THE_HOST
        ? Pte.isPresent(truth) || Pte.isZero(truth) || Pte.type(truth) == PteType.EXCLUSIVE
        : Pte.type(truth) == PteType.DEVICE_PRIVATE;
  }

  /**
   * INV-8, at rest: what agents hold is what the host counts on, page by page: no copy that nobody
   * knows of, and no page whose only copy is gone.
   */
  void deviceMemoryAtRest() {
    SimHost host = world.host;
    if (host == null) {
      return;
    }
    for (SimAgent agent : world.lastingAgents()) {
      int known = 0;
      for (HostShard shard : host.shards()) {
        for (DeviceOwner owner : shard.engine().queries().deviceOwners()) {
          known += owner.device().agentId().equals(agent.agentId()) ? owner.pages().size() : 0;
        }
      }
      if (known != agent.engine().heldPages()) {
        throw new InvariantViolation(
            "INV-8",
            "%s holds %d pages of its devices' memory, the host counts on %d"
                .formatted(agent.name(), agent.engine().heldPages(), known));
      }
      agent.memories().requireOnlyHeld(agent.engine().heldPages());
    }
  }

  private void compare(SimHost host, SimDevice device, long spaceId, long vpn, long entry) {
    ShardQueries queries = host.shardOf(spaceId).engine().queries();
    AddressSpace space = queries.space(spaceId);
    String what =
        "%s, device %d, page 0x%x of space %d, generation %d"
            .formatted(
                device.agent().name(), device.index(), vpn, spaceId, MirrorEntry.generation(entry));
    if (space == null) {
      throw new InvariantViolation("INV-12", what + ": there is no such space");
    }
    long truth = space.memory().entry(vpn);
    boolean right =
        isThere(entry, truth)
            && Pte.generation(truth) == MirrorEntry.generation(entry)
            && (Pte.writable(truth) || !MirrorEntry.isWritable(entry));
    if (!right) {
      throw new InvariantViolation("INV-5", what + ": the host has " + Pte.describe(truth));
    }
    var session = queries.session(device.agent().sessionId());
    boolean held =
        session != null
            && session.mirrors().values().stream()
                .anyMatch(
                    mirror ->
                        mirror.view().device().deviceIndex() == device.index()
                            && Pages.number(mirror.start()) <= vpn
                            && vpn < Pages.number(mirror.end())
                            && mirror.view().holders().holdsAny(vpn, vpn + 1));
    if (!held) {
      throw new InvariantViolation("INV-12", what + ": the host does not know that it is held");
    }
  }

  private static void compareCpu(SimHost host, AddressSpace space, long vpn, long entry) {
    long truth = space.memory().entry(vpn);
    int place = MirrorEntry.frame(entry);
    boolean there =
        SimPeers.isPeer(place)
            ? Pte.type(truth) == PteType.DEVICE_PRIVATE
                && space
                    .memory()
                    .devices()
                    .owner(truth)
                    .device()
                    .equals(host.cpu().peers().page(place).peer().device())
            : Pte.frame(truth) == place && (Pte.isPresent(truth) || Pte.isZero(truth));
    boolean right =
        there
            && Pte.generation(truth) == MirrorEntry.generation(entry)
            && (Pte.writable(truth) || !MirrorEntry.isWritable(entry));
    if (!right) {
      throw new InvariantViolation(
          "INV-1",
          "the CPU has frame %d, generation %d for page 0x%x of space %d; the host has %s"
              .formatted(
                  MirrorEntry.frame(entry),
                  MirrorEntry.generation(entry),
                  vpn,
                  space.id(),
                  Pte.describe(truth)));
    }
  }
}
