package dev.fenceline.host.adapter.grpc;

import dev.fenceline.common.v1.DeviceRef;
import dev.fenceline.common.v1.Interval;
import dev.fenceline.common.v1.NotificationMode;
import dev.fenceline.common.v1.Protection;
import dev.fenceline.host.engine.invalidation.DeviceView;
import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.engine.invalidation.Mirror;
import dev.fenceline.host.engine.invalidation.Operation;
import dev.fenceline.host.engine.shard.AddressSpace;
import dev.fenceline.host.engine.shard.Pin;
import dev.fenceline.host.engine.shard.ShardQueries;
import dev.fenceline.host.engine.shard.SpaceMapSurvey;
import dev.fenceline.host.engine.space.Mapping;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Pages;
import dev.fenceline.query.v1.FaultInfo;
import dev.fenceline.query.v1.HolderInfo;
import dev.fenceline.query.v1.ListMirrorsReply;
import dev.fenceline.query.v1.ListPinsRequest;
import dev.fenceline.query.v1.ListRangesReply;
import dev.fenceline.query.v1.MapCell;
import dev.fenceline.query.v1.MapDevice;
import dev.fenceline.query.v1.MirrorInfo;
import dev.fenceline.query.v1.PageInfo;
import dev.fenceline.query.v1.PinInfo;
import dev.fenceline.query.v1.RangeInfo;
import dev.fenceline.query.v1.SpaceInfo;
import dev.fenceline.query.v1.SpaceMap;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads address spaces for queries. Stateless; called inside a shard's mailbox, and bounded so that
 * no call holds the shard long.
 */
final class SpaceReads {
  /** Pages whose entries one call looks at; a mapping beyond is answered in parts. */
  private static final long MAX_PAGES_PER_CALL = 1 << 18;

  /** Devices that one call asks what they hold, over all its ranges; the page ends early then. */
  private static final int MAX_HOLDER_LOOK_UPS = 20_000;

  private SpaceReads() {}

  static SpaceMap map(SpaceMapSurvey survey) {
    SpaceMap.Builder map =
        SpaceMap.newBuilder().setCellPages(survey.cellPages()).setSequence(survey.sequence());
    if (survey.cells().length > 0) {
      map.setInterval(Interval.newBuilder().setStart(survey.start()).setEnd(survey.end()));
    }
    for (SpaceMapSurvey.SurveyedDevice device : survey.devices()) {
      map.addDevices(
          MapDevice.newBuilder()
              .setDevice(ref(device.view().device()))
              .setDeviceName(device.view().name())
              .setHeldPages(device.heldPages()));
    }
    for (int i = 0; i < survey.cells().length; i++) {
      SpaceMapSurvey.Cell cell = survey.cells()[i];
      if (cell.mappedPages() > 0) {
        map.addCells(
            MapCell.newBuilder()
                .setIndex(i)
                .setMappedPages(cell.mappedPages())
                .setResidentPages(cell.residentPages())
                .setInvalidatingPages(cell.invalidatingPages())
                .addAllHolders(IntStream.of(cell.holders()).boxed().toList())
                .setHolderCount(cell.holderCount()));
      }
    }
    return map.build();
  }

  /** Those asked for, by id, at most so many. */
  static List<PinInfo> pins(
      ShardQueries queries, ListPinsRequest request, int limit, long nowNanos) {
    return queries.pins().stream()
        .filter(pin -> pin.id() > request.getAfterPinId())
        .filter(pin -> request.getSpaceId() == 0 || pin.spaceId() == request.getSpaceId())
        .filter(
            pin -> request.getOwner().isEmpty() || pin.purpose().owner().equals(request.getOwner()))
        .filter(pin -> pin.purpose().longTerm() || !request.getLongTermOnly())
        .limit(limit)
        .map(pin -> pin(pin, nowNanos))
        .toList();
  }

  private static PinInfo pin(Pin pin, long nowNanos) {
    return PinInfo.newBuilder()
        .setPinId(pin.id())
        .setSpaceId(pin.spaceId())
        .setInterval(
            Interval.newBuilder()
                .setStart(Pages.address(pin.vpnStart()))
                .setEnd(Pages.address(pin.vpnEnd())))
        .setWrite(pin.write())
        .setLongTerm(pin.purpose().longTerm())
        .setOwner(pin.purpose().owner())
        .setReason(pin.purpose().reason())
        .setElapsedNanos(nowNanos - pin.sinceNanos())
        .setUnmappedPages(pin.unmappedPages())
        .build();
  }

  static FaultInfo fault(ShardQueries.WaitingFault fault, long nowNanos) {
    return FaultInfo.newBuilder()
        .setDevice(ref(fault.device().device()))
        .setDeviceName(fault.device().name())
        .setSpaceId(fault.space().id())
        .setAddress(fault.address())
        .setPageCount(fault.pageCount())
        .setWrite(fault.write())
        .setElapsedNanos(nowNanos - fault.fault().sinceNanos())
        .setWaitsForInvalidationId(fault.invalidationId())
        .build();
  }

  static SpaceInfo space(AddressSpace space) {
    int pending = 0;
    for (Operation operation : space.active()) {
      pending += operation.invalidations().size();
    }
    return SpaceInfo.newBuilder()
        .setSpaceId(space.id())
        .setName(space.name())
        .setNotificationMode(mode(space.mode()))
        .setMappingCount(space.memory().mappings().size())
        .setMappedPages(space.memory().mappings().totalPages())
        .setResidentPages(space.memory().residentPages())
        .setMirrorCount(space.mirrors().size())
        .setSequence(space.sequence())
        .setPendingInvalidationCount(pending + space.queued().size())
        .setChangeStamp(space.changeStamp())
        .setState(
            space.memory().killed()
                ? SpaceInfo.State.STATE_OOM_KILLED
                : SpaceInfo.State.STATE_ALIVE)
        .setOomScoreAdjust(space.oomScoreAdjust())
        .build();
  }

  static NotificationMode mode(dev.fenceline.model.NotificationMode mode) {
    return switch (mode) {
      case SPLIT -> NotificationMode.NOTIFICATION_MODE_SPLIT;
      case SEQUENTIAL -> NotificationMode.NOTIFICATION_MODE_SEQUENTIAL;
    };
  }

  /** What part of a space a query asks for; [start, end). */
  record Window(long start, long end, int size) {}

  static ListRangesReply ranges(
      ShardQueries queries, AddressSpace space, Window window, @Nullable DeviceId holder) {
    ListRangesReply.Builder reply = ListRangesReply.newBuilder().setSequence(space.sequence());
    List<DeviceView> views = queries.views(space);
    long budget = MAX_PAGES_PER_CALL;
    int lookUps = MAX_HOLDER_LOOK_UPS;
    int limit = holder == null ? window.size() + 1 : Integer.MAX_VALUE;
    for (Mapping mapping :
        space.memory().mappings().mappingsIn(window.start(), window.end(), limit)) {
      long start = Math.max(mapping.start(), window.start());
      long end = Math.min(mapping.end(), window.end());
      if (reply.getRangesCount() == window.size() || budget == 0 || lookUps <= 0) {
        return reply.setNextAddress(start).build();
      }
      long cut = Math.min(end, start + Pages.address(budget));
      budget -= Pages.number(cut - start);
      lookUps -= views.size();
      if (holder == null || holds(views, holder, start, cut)) {
        reply.addRanges(range(space, mapping, views, start, cut));
      }
      if (cut < end) {
        return reply.setNextAddress(cut).build();
      }
    }
    return reply.build();
  }

  private static boolean holds(List<DeviceView> views, DeviceId holder, long start, long end) {
    return views.stream()
        .filter(view -> view.device().equals(holder))
        .anyMatch(view -> view.holders().holdsAny(Pages.number(start), Pages.number(end)));
  }

  private static RangeInfo range(
      AddressSpace space, Mapping mapping, List<DeviceView> views, long start, long end) {
    long[] counts = new long[3];
    space
        .memory()
        .pages()
        .forEachNonEmpty(
            Pages.number(start),
            Pages.number(end),
            (vpn, entry) -> {
              counts[0] += Pte.frame(entry) != Pte.ZERO_PAGE_FRAME ? 1 : 0;
              counts[1] += Pte.isInvalidating(entry) ? 1 : 0;
              counts[2] = Math.max(counts[2], Pte.generation(entry));
            });
    long offset =
        mapping.attributes().hasBacking()
            ? Pages.address(mapping.backingOffsetPages()) + start - mapping.start()
            : 0;
    return RangeInfo.newBuilder()
        .setInterval(Interval.newBuilder().setStart(start).setEnd(end))
        .setProtection(
            Protection.newBuilder()
                .setRead(mapping.protection().read())
                .setWrite(mapping.protection().write())
                .setExecute(mapping.protection().execute()))
        .setShared(mapping.attributes().shared())
        .setBacking(mapping.attributes().name())
        .setOffset(offset)
        .setResidentPages(counts[0])
        .setInvalidatingPages(counts[1])
        .setGeneration((int) counts[2])
        .addAllHolders(holders(space, views, start, end))
        .build();
  }

  private static List<HolderInfo> holders(
      AddressSpace space, List<DeviceView> views, long start, long end) {
    Set<DeviceView> mirroring = new LinkedHashSet<>();
    space.mirrors().forEachOverlap(start, end, mirror -> mirroring.add(mirror.view()));
    List<HolderInfo> holders = new ArrayList<>();
    for (DeviceView view : views) {
      long held = view.holders().heldPages(Pages.number(start), Pages.number(end));
      boolean mirrors = view == space.cpu() || mirroring.contains(view);
      if (held > 0 || (mirrors && view != space.cpu())) {
        holders.add(
            HolderInfo.newBuilder()
                .setDevice(ref(view.device()))
                .setDeviceName(view.name())
                .setMirrors(mirrors)
                .setHeldPages(held)
                .build());
      }
    }
    return holders;
  }

  static DeviceRef ref(DeviceId device) {
    return DeviceRef.newBuilder()
        .setAgentId(device.agentId())
        .setDeviceIndex(device.deviceIndex())
        .build();
  }

  static PageInfo page(ShardQueries queries, AddressSpace space, long address) {
    long vpn = Pages.number(address);
    long entry = space.memory().entry(vpn);
    boolean mapped = space.memory().mappings().mapping(address) != null;
    PageInfo.Builder page = PageInfo.newBuilder();
    DeviceId location = location(space, vpn, entry);
    if (location != null) {
      page.setLocation(ref(location));
    }
    return page.setOrder(space.memory().large().order(vpn))
        .setAddress(Pages.address(vpn))
        .setState(state(mapped, entry))
        .setGeneration(Pte.generation(entry))
        .setWritable(Pte.writable(entry))
        .setDirty(Pte.dirty(entry))
        .addAllHolders(
            holders(space, queries.views(space), Pages.address(vpn), Pages.address(vpn + 1)))
        .setInvalidationId(Pte.isInvalidating(entry) ? invalidationOf(space, vpn) : 0)
        .build();
  }

  private static PageInfo.State state(boolean mapped, long entry) {
    return switch (Pte.type(entry)) {
      case NONE -> mapped ? PageInfo.State.STATE_NOT_PRESENT : PageInfo.State.STATE_UNMAPPED;
      case PRESENT -> PageInfo.State.STATE_PRESENT;
      case EXCLUSIVE -> PageInfo.State.STATE_EXCLUSIVE;
      case ZERO -> PageInfo.State.STATE_ZERO;
      case INVALIDATING -> PageInfo.State.STATE_INVALIDATING;
      case MIGRATION -> PageInfo.State.STATE_MIGRATING;
      case SWAP -> PageInfo.State.STATE_SWAPPED;
      case DEVICE_PRIVATE -> PageInfo.State.STATE_DEVICE;
    };
  }

  private static @Nullable DeviceId location(AddressSpace space, long vpn, long entry) {
    return switch (Pte.type(entry)) {
      case DEVICE_PRIVATE -> space.memory().devices().owner(entry).device();
      case EXCLUSIVE -> space.memory().devices().exclusiveHolder(vpn);
      case NONE, PRESENT, ZERO, INVALIDATING, MIGRATION, SWAP -> null;
    };
  }

  private static long invalidationOf(AddressSpace space, long vpn) {
    for (Operation operation : space.active()) {
      for (Invalidation invalidation : operation.invalidations()) {
        if (invalidation.overlaps(vpn, vpn + 1)) {
          return invalidation.id();
        }
      }
    }
    return 0;
  }

  /**
   * A page of mirrors, oldest session first.
   *
   * @param from the place of the first one: a mirror's place is its own, so those that come and go
   *     meanwhile neither repeat nor hide one that stays
   */
  static ListMirrorsReply mirrors(AddressSpace space, Window window, long from) {
    // The first ones behind the place, one more than asked for; the last of them on top.
    PriorityQueue<Mirror> first =
        new PriorityQueue<>(Comparator.comparingLong(SpaceReads::place).reversed());
    space
        .mirrors()
        .forEachOverlap(
            window.start(),
            window.end(),
            mirror -> {
              if (place(mirror) >= from) {
                first.add(mirror);
                if (first.size() > window.size() + 1) {
                  first.poll();
                }
              }
            });
    Mirror next = first.size() > window.size() ? first.poll() : null;
    return ListMirrorsReply.newBuilder()
        .addAllMirrors(
            first.stream()
                .sorted(Comparator.comparingLong(SpaceReads::place))
                .map(SpaceReads::mirror)
                .toList())
        .setNext(next == null ? 0 : place(next))
        .setSequence(space.sequence())
        .build();
  }

  /** By session, then by the agent's number of the mirror; never 0. */
  private static long place(Mirror mirror) {
    return (mirror.view().sessionId() << (Integer.SIZE - 1)) | mirror.mirrorId();
  }

  private static MirrorInfo mirror(Mirror mirror) {
    return MirrorInfo.newBuilder()
        .setDevice(ref(mirror.view().device()))
        .setDeviceName(mirror.view().name())
        .setMirrorId(mirror.mirrorId())
        .setInterval(Interval.newBuilder().setStart(mirror.start()).setEnd(mirror.end()))
        .setSequence(mirror.sequence())
        .build();
  }
}
