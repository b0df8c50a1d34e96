package dev.fenceline.coordinator.support;

import dev.fenceline.query.v1.FaultInfo;
import dev.fenceline.query.v1.GetSpaceMapRequest;
import dev.fenceline.query.v1.HostEvent;
import dev.fenceline.query.v1.HostEvents;
import dev.fenceline.query.v1.ListFaultsReply;
import dev.fenceline.query.v1.ListFaultsRequest;
import dev.fenceline.query.v1.ListPinsReply;
import dev.fenceline.query.v1.ListPinsRequest;
import dev.fenceline.query.v1.LostEvents;
import dev.fenceline.query.v1.MapCell;
import dev.fenceline.query.v1.MapDevice;
import dev.fenceline.query.v1.PinInfo;
import dev.fenceline.query.v1.SpaceMap;
import dev.fenceline.query.v1.WaitTimes;
import dev.fenceline.query.v1.WatchEventsRequest;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;

/** What changes at a fake host while a test runs. Thread-safe. */
public final class LiveModel {
  private final List<FaultInfo> faults = new ArrayList<>();
  private final List<PinInfo> pins = new ArrayList<>();
  private final List<HostEvent> events = new ArrayList<>();
  private final List<StreamObserver<HostEvents>> watchers = new ArrayList<>();
  private long completed;

  public synchronized void addFault(FaultInfo fault) {
    faults.add(fault);
  }

  public synchronized void addPin(PinInfo pin) {
    pins.add(pin);
  }

  /** So many invalidations complete, with a wait below a millisecond. */
  public synchronized void complete(long count) {
    completed += count;
  }

  /** Something happens. */
  public synchronized void happen(HostEvent.Kind kind, String message) {
    HostEvent event =
        HostEvent.newBuilder()
            .setNumber(events.size() + 1L)
            .setAtMillis(5_000)
            .setKind(kind)
            .setSpaceId(1)
            .setInvalidationId(42)
            .setDevice(FakeHost.device("agent-1", 0))
            .setMessage(message)
            .build();
    events.add(event);
    watchers.forEach(watcher -> watcher.onNext(batch(List.of(event))));
  }

  /** Watchers were too slow: this is all that they hear of so many events. */
  public synchronized void lose(long lost, HostEvent.Kind kind, long ofKind) {
    HostEvents batch =
        batch(List.of()).toBuilder()
            .setLost(lost)
            .addLostByKind(LostEvents.newBuilder().setKind(kind).setCount(ofKind))
            .build();
    watchers.forEach(watcher -> watcher.onNext(batch));
  }

  synchronized void watch(WatchEventsRequest request, StreamObserver<HostEvents> reply) {
    long after = request.getHostEpoch() == 77 ? request.getAfterNumber() : 0;
    reply.onNext(batch(events.stream().filter(each -> each.getNumber() > after).toList()));
    watchers.add(reply);
  }

  private HostEvents batch(List<HostEvent> some) {
    return HostEvents.newBuilder()
        .setHostEpoch(77)
        .addAllEvents(some)
        .setNewestNumber(events.size())
        .build();
  }

  synchronized ListFaultsReply faults(ListFaultsRequest request) {
    return ListFaultsReply.newBuilder()
        .addAllFaults(faults.stream().limit(request.getPageSize()).toList())
        .setTotal(faults.size())
        .build();
  }

  synchronized ListPinsReply pins(ListPinsRequest request) {
    List<PinInfo> found =
        pins.stream()
            .filter(pin -> pin.getPinId() > request.getAfterPinId())
            .filter(
                pin -> request.getOwner().isEmpty() || pin.getOwner().equals(request.getOwner()))
            .filter(pin -> !request.getLongTermOnly() || pin.getLongTerm())
            .toList();
    int count = Math.min(found.size(), request.getPageSize());
    return ListPinsReply.newBuilder()
        .addAllPins(found.subList(0, count))
        .setMore(count < found.size())
        .build();
  }

  synchronized WaitTimes waitTimes() {
    return WaitTimes.newBuilder()
        .addAllBucketBoundNanos(List.of(100_000L, 1_000_000L))
        .addAllScheduleCounts(List.of(completed, 0L, 0L))
        .addAllUnmapCounts(List.of(completed, 0L, 0L))
        .addAllWaitCounts(List.of(0L, completed, 0L))
        .setCompleted(completed)
        .build();
  }

  SpaceMap map(GetSpaceMapRequest request) {
    return SpaceMap.newBuilder()
        .setInterval(FakeHost.interval(Installation.BASE, Installation.BASE + 0x28000))
        .setCellPages(4)
        .setSequence(9)
        .addDevices(
            MapDevice.newBuilder().setDevice(FakeHost.device("agent-1", 0)).setHeldPages(10))
        .addCells(
            MapCell.newBuilder()
                .setIndex(request.getCellCount() > 1 ? 1 : 0)
                .setMappedPages(2)
                .setResidentPages(2)
                .addHolders(0)
                .setHolderCount(1))
        .build();
  }
}
