package dev.fenceline.coordinator.adapter.grpc;

import dev.fenceline.coordinator.engine.event.EventKind;
import dev.fenceline.coordinator.engine.query.Fault;
import dev.fenceline.coordinator.engine.query.HostEventBatch;
import dev.fenceline.coordinator.engine.query.Pin;
import dev.fenceline.coordinator.engine.query.SpaceMap;
import dev.fenceline.coordinator.engine.query.WaitTimes;
import dev.fenceline.query.v1.FaultInfo;
import dev.fenceline.query.v1.HostEvent;
import dev.fenceline.query.v1.HostEvents;
import dev.fenceline.query.v1.LostEvents;
import dev.fenceline.query.v1.MapCell;
import dev.fenceline.query.v1.MapDevice;
import dev.fenceline.query.v1.PinInfo;
import java.util.EnumMap;
import java.util.Map;

/**
 * What a host tells of the moment (faults, pins, maps, wait times, events), from the wire into the
 * coordinator's words. Stateless.
 */
final class LiveQueryCodec {
  private LiveQueryCodec() {}

  static SpaceMap map(dev.fenceline.query.v1.SpaceMap map) {
    return new SpaceMap(
        map.getInterval().getStart(),
        map.getInterval().getEnd(),
        map.getCellPages(),
        map.getSequence(),
        map.getDevicesList().stream().map(LiveQueryCodec::device).toList(),
        map.getCellsList().stream().map(LiveQueryCodec::cell).toList());
  }

  static Fault fault(FaultInfo fault) {
    return new Fault(
        QueryCodec.device(fault.getDevice()),
        fault.getDeviceName(),
        fault.getSpaceId(),
        fault.getAddress(),
        Integer.toUnsignedLong(fault.getPageCount()),
        fault.getWrite(),
        fault.getElapsedNanos(),
        fault.getWaitsForInvalidationId());
  }

  static Pin pin(PinInfo pin) {
    return new Pin(
        pin.getPinId(),
        pin.getSpaceId(),
        pin.getInterval().getStart(),
        pin.getInterval().getEnd(),
        pin.getWrite(),
        pin.getLongTerm(),
        pin.getOwner(),
        pin.getReason(),
        pin.getElapsedNanos(),
        pin.getUnmappedPages());
  }

  static WaitTimes waitTimes(dev.fenceline.query.v1.WaitTimes times) {
    return new WaitTimes(
        times.getBucketBoundNanosList(),
        times.getScheduleCountsList(),
        times.getUnmapCountsList(),
        times.getWaitCountsList(),
        times.getCompleted(),
        times.getBackedOff());
  }

  static HostEventBatch events(HostEvents events) {
    Map<EventKind, Long> lostByKind = new EnumMap<>(EventKind.class);
    for (LostEvents lost : events.getLostByKindList()) {
      lostByKind.merge(kind(lost.getKind()), lost.getCount(), Long::sum);
    }
    return new HostEventBatch(
        events.getHostEpoch(),
        events.getLost(),
        lostByKind,
        events.getEventsList().stream().map(LiveQueryCodec::event).toList(),
        events.getNewestNumber());
  }

  private static dev.fenceline.coordinator.engine.query.HostEvent event(HostEvent event) {
    return new dev.fenceline.coordinator.engine.query.HostEvent(
        event.getNumber(),
        event.getAtMillis(),
        kind(event.getKind()),
        event.getSpaceId(),
        event.getInvalidationId(),
        event.hasDevice() ? QueryCodec.device(event.getDevice()) : null,
        event.getMessage());
  }

  private static EventKind kind(HostEvent.Kind kind) {
    return switch (kind) {
      case KIND_SPACE_CREATED -> EventKind.SPACE_CREATED;
      case KIND_SPACE_DESTROYED -> EventKind.SPACE_DESTROYED;
      case KIND_SPACE_FORKED -> EventKind.SPACE_FORKED;
      case KIND_NOTIFICATION_MODE_SET -> EventKind.NOTIFICATION_MODE_SET;
      case KIND_AGENT_ATTACHED -> EventKind.AGENT_ATTACHED;
      case KIND_AGENT_DETACHED -> EventKind.AGENT_DETACHED;
      case KIND_AGENT_LEFT -> EventKind.AGENT_LEFT;
      case KIND_LEASE_EXPIRED -> EventKind.LEASE_EXPIRED;
      case KIND_AGENT_REFUSED -> EventKind.AGENT_REFUSED;
      case KIND_AGENT_QUARANTINED -> EventKind.AGENT_QUARANTINED;
      case KIND_AGENT_RETURNED -> EventKind.AGENT_RETURNED;
      case KIND_FENCE_OVERDUE -> EventKind.FENCE_OVERDUE;
      case KIND_INVALIDATION_BACKED_OFF -> EventKind.INVALIDATION_BACKED_OFF;
      case KIND_FRAMES_EXHAUSTED -> EventKind.FRAMES_EXHAUSTED;
      case KIND_POLICY_SET -> EventKind.POLICY_SET;
      case KIND_PIN_ASKED_BACK -> EventKind.PIN_ASKED_BACK;
      case KIND_PIN_OVER_AGE -> EventKind.PIN_OVER_AGE;
      case KIND_OOM_KILL -> EventKind.OOM_KILL;
      case KIND_OOM_REAPED -> EventKind.OOM_REAPED;
      case KIND_UNSPECIFIED, UNRECOGNIZED -> EventKind.OTHER;
    };
  }

  private static SpaceMap.Device device(MapDevice device) {
    return new SpaceMap.Device(
        QueryCodec.device(device.getDevice()), device.getDeviceName(), device.getHeldPages());
  }

  private static SpaceMap.Cell cell(MapCell cell) {
    return new SpaceMap.Cell(
        cell.getIndex(),
        cell.getMappedPages(),
        cell.getResidentPages(),
        cell.getInvalidatingPages(),
        cell.getHoldersList(),
        Integer.toUnsignedLong(cell.getHolderCount()));
  }
}
