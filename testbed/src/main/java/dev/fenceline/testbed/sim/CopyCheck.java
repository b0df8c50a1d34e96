package dev.fenceline.testbed.sim;

import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.engine.migration.DeviceOwner;
import dev.fenceline.host.engine.shard.Pin;
import dev.fenceline.host.engine.shard.ShardQueries;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.PteType;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.MigrationRun;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The moments in which the host relies on what a page holds: it copies the page, writes it out,
 * takes it home from a device, or counts on a device's copy. In each of them the bytes are compared
 * with what memory holds then, so that a write which came too late for the copy, or did not reach
 * the host, is found there and not where somebody happens to read the word (INV-4, INV-7, INV-8).
 * Pinned pages are never among them (INV-11). Confined to the event loop.
 */
final class CopyCheck {
  /** Pages on their way, until the commit. */
  private record Moving(SimSpace space, DeviceId device, long vpn, boolean home) {}

  /** Where a page of device memory is. */
  private record OnDevice(SimMemory memory, int local) {}

  private final SimWorld world;
  private final SimHost host;
  private final ShardQueries queries;
  private final RacingPins racing;
  private final Map<Long, Moving> moving = new TreeMap<>();
  private final Set<Long> pinsBefore = new TreeSet<>();

  /** What goes on in the same step may use a frame or a slot again, or bring the page along. */
  private final List<Runnable> atEnd = new ArrayList<>();

  CopyCheck(SimWorld world, SimHost host, ShardQueries queries, RacingPins racing) {
    this.world = world;
    this.host = host;
    this.queries = queries;
    this.racing = racing;
  }

  /** A step begins. */
  void begins() {
    pinsBefore.clear();
    queries.pins().forEach(pin -> pinsBefore.add(pin.id()));
  }

  /** All effects of a step are carried out. */
  void ended() {
    atEnd.forEach(Runnable::run);
    atEnd.clear();
  }

  /** A page was copied because others had its frame. */
  void copied(int to) {
    atEnd.add(() -> requireCopied(to));
  }

  private void requireCopied(int to) {
    forEachEntry(
        (space, vpn, entry) -> {
          if (Pte.hasFrame(entry) && Pte.frame(entry) == to) {
            requireWhole("INV-4", "copied into a frame of its own", space, vpn, host.frames(), to);
          }
        });
  }

  /** A page was written out; who had it has drained. */
  void swappedOut(int frame, int swapSlot) {
    requireNotPinned(frame, "is swapped out");
    atEnd.add(() -> requireSwappedOut(swapSlot));
  }

  private void requireSwappedOut(int swapSlot) {
    forEachEntry(
        (space, vpn, entry) -> {
          if (Pte.type(entry) == PteType.SWAP && Pte.frame(entry) == swapSlot) {
            requireWhole("INV-4", "written to swap", space, vpn, host.frames().swapped(), swapSlot);
          }
        });
  }

  /** Frames go back to the pool. */
  void freed(int[] frames) {
    for (int frame : frames) {
      requireNotPinned(frame, "is freed");
    }
  }

  /** At any time: the authoritative copy of each page holds what memory holds (INV-8, INV-13). */
  void wherePagesAre() {
    Map<Integer, OnDevice> onDevices = new TreeMap<>();
    for (DeviceOwner owner : queries.deviceOwners()) {
      SimMemory memory = memoryOf(owner);
      if (memory != null) {
        owner
            .pages()
            .forEach((local, number) -> onDevices.put(number, new OnDevice(memory, local)));
      }
    }
    forEachEntry(
        (space, vpn, entry) -> {
          int place = Pte.frame(entry);
          switch (Pte.type(entry)) {
            case PRESENT, EXCLUSIVE ->
                requireWhole("INV-8", "in its frame", space, vpn, host.frames(), place);
            case SWAP ->
                requireWhole("INV-8", "in swap", space, vpn, host.frames().swapped(), place);
            case DEVICE_PRIVATE -> {
              OnDevice page = onDevices.get(place);
              if (page != null) {
                requireWhole("INV-8", "with its device", space, vpn, page.memory(), page.local());
              }
            }
            case NONE, ZERO, INVALIDATING, MIGRATION -> {}
          }
        });
  }

  /** The memory that the host counts on; null if it went with its agent, or may be going to. */
  private @Nullable SimMemory memoryOf(DeviceOwner owner) {
    for (SimAgent agent : world.agents) {
      if (agent.alive()
          && agent.agentId().equals(owner.device().agentId())
          && agent.bootToken() == owner.bootToken()) {
        return agent.memories().of(owner.device().deviceIndex());
      }
    }
    return null;
  }

  /** What goes to a session. */
  void sent(long sessionId, HostMessage message) {
    switch (message) {
      case HostMessage.MigrateIn in -> {
        DeviceId device = device(sessionId, in.deviceIndex());
        Moving page =
            new Moving(
                new SimSpace(host.epoch(), in.spaceId()), device, Pages.number(in.start()), false);
        moving.put(in.migrationId(), page);
        setsOut(page, in);
      }
      case HostMessage.MigrateOut out -> {
        leaves(out);
        moving.put(
            out.migrationId(),
            new Moving(
                new SimSpace(host.epoch(), out.spaceId()),
                device(sessionId, out.deviceIndex()),
                Pages.number(out.start()),
                true));
      }
      case HostMessage.MigrationCommit commit -> {
        Moving page = moving.remove(commit.migrationId());
        if (page != null) {
          committed(sessionId, page, commit);
        }
      }
      case HostMessage.Invalidate invalidate -> told(invalidate);
      default -> {}
    }
  }

  private DeviceId device(long sessionId, int deviceIndex) {
    var session = queries.session(sessionId);
    return new DeviceId(session == null ? "" : session.agentId(), deviceIndex);
  }

  private void leaves(HostMessage.MigrateOut out) {
    var space = queries.space(out.spaceId());
    long vpn = Pages.number(out.start());
    for (MigrationRun.Out run : out.runs()) {
      for (int i = 0; i < run.pageCount(); i++, vpn++) {
        if (!run.skipped() && space != null) {
          requireNotPinned(Pte.frame(space.memory().entry(vpn)), "leaves its device");
        }
      }
    }
  }

  private void setsOut(Moving page, HostMessage.MigrateIn in) {
    var space = queries.space(page.space().id());
    long vpn = page.vpn();
    for (MigrationRun.In run : in.runs()) {
      for (int i = 0; i < run.pageCount(); i++, vpn++) {
        long entry = space == null ? 0 : space.memory().entry(vpn);
        if (Pte.type(entry) == PteType.MIGRATION && Pte.frame(entry) <= Pte.MAX_FRAME) {
          requireNotPinned(Pte.frame(entry), "migrates");
        }
      }
    }
  }

  private void committed(long sessionId, Moving page, HostMessage.MigrationCommit commit) {
    var space = queries.space(page.space().id());
    long vpn = page.vpn();
    for (MigrationRun.Commit run : commit.runs()) {
      for (int i = 0; i < run.pageCount(); i++, vpn++) {
        if (!run.accepted() || space == null) {
          continue;
        }
        long entry = space.memory().entry(vpn);
        boolean across = page.home() && Pte.type(entry) == PteType.DEVICE_PRIVATE;
        boolean cameHome = page.home() && Pte.isPresent(entry);
        if (across || cameHome) {
          world.monitor.left(page.space(), vpn, commit.sequence());
        }
        if (across) {
          world.count(Sometimes.MOVED_ACROSS);
        } else if (cameHome) {
          long home = vpn;
          atEnd.add(() -> requireHome(page.space(), home, Pte.frame(entry)));
        } else if (!page.home() && run.generation() != 0) {
          world.monitor.granted(
              page.space(),
              sessionId,
              page.device().deviceIndex(),
              vpn,
              run.generation(),
              commit.sequence());
        }
      }
    }
  }

  private void requireHome(SimSpace id, long vpn, int frame) {
    var space = queries.space(id.id());
    long entry = space == null ? 0 : space.memory().entry(vpn);
    if (Pte.isPresent(entry) && Pte.frame(entry) == frame) {
      requireWhole("INV-7", "brought home", id, vpn, host.frames(), frame);
    }
  }

  /** INV-11: reclaim passes over pinned pages before anybody hears of it. */
  private void told(HostMessage.Invalidate message) {
    for (Invalidation live : queries.live()) {
      if (!message.invalidationIds().contains(live.id())
          || !(live.operation().resolved() instanceof SpaceOperation.Reclaim)) {
        continue;
      }
      var space = queries.space(live.spaceId());
      for (long vpn = live.vpnStart(); space != null && vpn < live.vpnEnd(); vpn++) {
        long entry = space.memory().entry(vpn);
        // What is told one device after another may be pinned meanwhile, through another space.
        if (Pte.hasFrame(entry) && message.deviceIndex() == HostMessage.Invalidate.ALL_DEVICES) {
          requireNotPinned(Pte.frame(entry), "is invalidated in order to be swapped out");
        }
      }
    }
  }

  private void requireNotPinned(int frame, String what) {
    for (Pin pin : queries.pins()) {
      if (!pinsBefore.contains(pin.id())) {
        continue; // taken in this step, perhaps what was just freed
      }
      for (int pinned : pin.frames()) {
        if (pinned == frame) {
          throw new InvariantViolation(
              "INV-11", "frame %d of pin %d %s".formatted(frame, pin.id(), what));
        }
      }
    }
    if (racing.holds(frame)) {
      throw new InvariantViolation(
          "INV-11", "frame %d %s, and was pinned after the unmap".formatted(frame, what));
    }
  }

  private void requireWhole(
      String invariant, String what, SimSpace space, long vpn, Words bytes, int place) {
    if (!world.memory.maps(space, vpn)) {
      return; // its mapping is being removed
    }
    for (int word = 0; word < Frames.WORDS; word++) {
      long found = bytes.read(place, word);
      long expected = world.memory.read(space, Frames.address(vpn, word));
      if (found != expected) {
        throw new InvariantViolation(
            invariant,
            "page 0x%x of %s is %s with 0x%x in word %d, memory holds 0x%x"
                .formatted(vpn, space, what, found, word, expected));
      }
    }
  }

  private interface EntryVisitor {
    void visit(SimSpace space, long vpn, long entry);
  }

  private void forEachEntry(EntryVisitor visitor) {
    queries
        .spaces()
        .forEach(
            (id, space) ->
                space
                    .memory()
                    .pages()
                    .forEachNonEmpty(
                        0,
                        Pages.PAGE_LIMIT,
                        (vpn, entry) -> visitor.visit(new SimSpace(host.epoch(), id), vpn, entry)));
  }
}
