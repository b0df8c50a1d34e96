package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.frame.FrameLists;
import dev.fenceline.host.engine.invalidation.DeviceView;
import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.engine.invalidation.Operation;
import dev.fenceline.host.engine.migration.DeviceOwner;
import dev.fenceline.host.engine.object.MemoryObject;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Access;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads a shard's state; changes nothing. Confined to the shard, between steps. */
public final class ShardQueries {
  private final ShardState state;
  private final MigrationService migrations;

  ShardQueries(ShardState state, MigrationService migrations) {
    this.migrations = migrations;
    this.state = state;
  }

  /** Address spaces by id. */
  public SortedMap<Long, AddressSpace> spaces() {
    return state.spaces;
  }

  public @Nullable AddressSpace space(long spaceId) {
    return state.space(spaceId);
  }

  /** Who may hold translations of the space: the CPU, then the devices by age of their session. */
  public List<DeviceView> views(AddressSpace space) {
    List<DeviceView> views = new ArrayList<>();
    views.add(space.cpu());
    for (ShardSession session : state.sessions.values()) {
      views.addAll(session.viewsOf(space.id()));
    }
    return views;
  }

  /** Pins by id. */
  public Collection<Pin> pins() {
    return state.pins.pins();
  }

  /** Frames that pins keep although no page has them. */
  public int keptFrames() {
    return state.pins.keptFrames();
  }

  /** Frames that no page has yet, since its bytes are on their way home from a device. */
  public int arrivingFrames() {
    return migrations.arrivingFrames();
  }

  /** Devices with memory that have attached. */
  public List<DeviceOwner> deviceOwners() {
    return state.owners.all();
  }

  /** Whose memory the page is in, or was when it was lost. */
  public DeviceOwner devicePageOwner(int pageFrameNumber) {
    return state.devicePages.owner(pageFrameNumber);
  }

  /** Migrations that have set out and not ended. */
  public int migrationsUnderWay() {
    return migrations.running().size();
  }

  /** Those of them that are with devices of the session. */
  public int migrationsUnderWay(long sessionId) {
    return (int)
        migrations.running().stream()
            .filter(migration -> migration.owner().sessionId() == sessionId)
            .count();
  }

  /** How many entries name the swap slot. */
  public int swapUsers(int swapSlot) {
    return state.swapSlots.users(swapSlot);
  }

  /** Pages of the space that somebody waits for until they are supplied, ascending. */
  public long[] missing(AddressSpace space) {
    return space.active().stream()
        .map(Operation::request)
        .filter(SpaceOperation.AwaitSupply.class::isInstance)
        .mapToLong(request -> ((SpaceOperation.AwaitSupply) request).vpn())
        .sorted()
        .toArray();
  }

  /** The operations that wait or are under way, and what each of them waits for. */
  public List<String> waiting() {
    return state.spaces.values().stream()
        .flatMap(space -> Stream.concat(space.active().stream(), space.queued().stream()))
        .map(
            operation ->
                "operation %d %s, %d fences left, needs %s"
                    .formatted(
                        operation.id(),
                        operation.request(),
                        operation.pendingFences(),
                        operation.needs()))
        .toList();
  }

  /** Shared memory objects and files that are mapped. */
  public Collection<MemoryObject> objects() {
    return state.objects.objects();
  }

  /** Swap slots in use. */
  public int swapUsed() {
    return state.swapSlots.used();
  }

  /** The frames of the shard, and what reclaim did. */
  public FrameCounts frameCounts() {
    FrameLists lists = state.frameTable.lists();
    return new FrameCounts(
        new FrameCounts.Lists(lists.inactive(), lists.active(), lists.unevictable()),
        state.swapSlots.used(),
        new FrameCounts.Reclaimed(
            state.reclaimer.framesFreed(),
            state.reclaimer.backedOff(),
            state.background.wakeUps(),
            state.swappedOut,
            state.swappedIn),
        state.pins.pins().size(),
        state.pins.pinnedFrames(),
        state.pins.keptFrames(),
        state.largeTally.counts(
            state.spaces.values().stream()
                .mapToLong(space -> space.memory().large().count())
                .sum()));
  }

  /** The memory that is taken for who maps each frame and how lately it was used. */
  public long frameRecordBytes() {
    return state.frameTable.bytes();
  }

  /** How many pages map the frame. */
  public int mapCount(int frame) {
    return state.frameTable.mapCount(frame);
  }

  /** How long invalidations took since the shard's start. */
  public WaitTimes waitTimes() {
    return state.waitTimes;
  }

  /** Faults that wait, of a space or of all (0), oldest first, at most so many. */
  public List<WaitingFault> faults(long spaceId, int limit) {
    List<WaitingFault> faults = new ArrayList<>();
    for (AddressSpace space : state.spaces.values()) {
      if (spaceId == 0 || space.id() == spaceId) {
        space.parked().stream()
            .limit(limit)
            .map(fault -> new WaitingFault(space, fault))
            .forEach(faults::add);
      }
    }
    faults.sort(Comparator.comparingLong(waiting -> waiting.fault().sinceNanos()));
    return faults.subList(0, Math.min(limit, faults.size()));
  }

  /** How many faults wait, of a space or of all (0). */
  public long faultCount(long spaceId) {
    long count = 0;
    for (AddressSpace space : state.spaces.values()) {
      count += spaceId == 0 || space.id() == spaceId ? space.parked().size() : 0;
    }
    return count;
  }

  /** A fault and the space in which it waits. */
  public record WaitingFault(AddressSpace space, ParkedFault fault) {
    public DeviceView device() {
      return switch (fault) {
        case ParkedFault.FromDevice device -> device.mirror().view();
        case ParkedFault.FromCpu cpu -> space.cpu();
      };
    }

    public long address() {
      return switch (fault) {
        case ParkedFault.FromDevice device -> device.request().address();
        case ParkedFault.FromCpu cpu -> cpu.request().address();
      };
    }

    public int pageCount() {
      return switch (fault) {
        case ParkedFault.FromDevice device -> device.request().pageCount();
        case ParkedFault.FromCpu cpu -> cpu.request().pageCount();
      };
    }

    public boolean write() {
      return switch (fault) {
        case ParkedFault.FromDevice device -> device.request().access() == Access.WRITE;
        case ParkedFault.FromCpu cpu -> cpu.request().access() == Access.WRITE;
      };
    }

    /** The invalidation over its first page for whose end it waits; 0 if none is left. */
    public long invalidationId() {
      long vpn = Pages.number(address());
      for (Operation operation : space.active()) {
        for (Invalidation invalidation : operation.invalidations()) {
          if (invalidation.overlaps(vpn, vpn + 1)) {
            return invalidation.id();
          }
        }
      }
      for (Invalidation owed : device().owed()) {
        if (owed.overlaps(vpn, vpn + 1)) {
          return owed.id();
        }
      }
      return 0;
    }
  }

  /** True for a fence whose participant was told; a sequential notifier tells one at a time. */
  public boolean wasTold(Invalidation invalidation, int fenceIndex) {
    return invalidation.fences().get(fenceIndex).told();
  }

  public Collection<ShardSession> sessions() {
    return state.sessions.values();
  }

  public @Nullable ShardSession session(long sessionId) {
    return state.sessions.get(sessionId);
  }

  /** Invalidations that run or whose fences have not all resolved, oldest first. */
  public Collection<Invalidation> live() {
    return state.live.values();
  }

  /** All that run, owe a fence or are remembered, newest first. */
  public List<Invalidation> recent() {
    List<Invalidation> recent = new ArrayList<>(state.live.values());
    for (Invalidation ended : state.history) {
      if (!state.live.containsKey(ended.id())) {
        recent.add(ended);
      }
    }
    recent.sort(Comparator.comparingLong(Invalidation::id).reversed());
    return recent;
  }

  /** True if the shard has ever given the id to an invalidation. */
  public boolean everIssued(long invalidationId) {
    return state.everIssued(invalidationId);
  }

  /** The invalidation of that id, live or remembered, or null. */
  public @Nullable Invalidation invalidation(long id) {
    Invalidation live = state.live.get(id);
    if (live != null) {
      return live;
    }
    for (Invalidation ended : state.history) {
      if (ended.id() == id) {
        return ended;
      }
    }
    return null;
  }
}
