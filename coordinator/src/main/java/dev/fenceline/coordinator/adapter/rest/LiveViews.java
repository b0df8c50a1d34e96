package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.adapter.rest.Parameters.CompositeId;
import dev.fenceline.coordinator.adapter.rest.model.EventView;
import dev.fenceline.coordinator.adapter.rest.model.FaultView;
import dev.fenceline.coordinator.adapter.rest.model.GraphView;
import dev.fenceline.coordinator.adapter.rest.model.PinView;
import dev.fenceline.coordinator.adapter.rest.model.ProgramView;
import dev.fenceline.coordinator.adapter.rest.model.SpaceMapView;
import dev.fenceline.coordinator.engine.event.Event;
import dev.fenceline.coordinator.engine.event.EventDraft;
import dev.fenceline.coordinator.engine.event.EventKind;
import dev.fenceline.coordinator.engine.graph.WaitGraph;
import dev.fenceline.coordinator.engine.query.Fault;
import dev.fenceline.coordinator.engine.query.Pin;
import dev.fenceline.coordinator.engine.query.Program;
import dev.fenceline.coordinator.engine.query.SpaceMap;
import dev.fenceline.model.Pages;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What goes on at the moment, as REST shows it. Stateless. */
final class LiveViews {
  private LiveViews() {}

  static EventView event(long bootToken, Event event) {
    EventDraft what = event.what();
    return new EventView(
        EventId.text(bootToken, event.number()),
        Instant.ofEpochMilli(what.atMillis()),
        Views.word(what.kind()),
        what.hostId(),
        what.agentId(),
        what.device() == null ? null : what.device().toString(),
        idOnHost(what.hostId(), what.spaceId()),
        idOnHost(what.hostId(), what.invalidationId()),
        what.actor(),
        what.message(),
        lostByKind(what));
  }

  /** Null for any other event. */
  private static @Nullable Map<String, Long> lostByKind(EventDraft what) {
    if (what.kind() != EventKind.HOST_EVENTS_LOST) {
      return null;
    }
    Map<String, Long> words = new TreeMap<>();
    what.lostByKind().forEach((kind, count) -> words.put(Views.word(kind), count));
    return words;
  }

  static SpaceMapView map(CompositeId space, SpaceMap map) {
    long cellBytes = map.cellPages() * Pages.SIZE_BYTES;
    return new SpaceMapView(
        space.toString(),
        Views.hex(map.start()),
        Views.hex(map.end()),
        map.cellPages(),
        map.sequence(),
        map.devices().stream()
            .map(
                each ->
                    new SpaceMapView.Device(
                        each.device().toString(), each.deviceName(), each.heldPages()))
            .toList(),
        map.cells().stream()
            .map(
                cell ->
                    new SpaceMapView.Cell(
                        cell.index(),
                        Views.hex(map.start() + cell.index() * cellBytes),
                        cell.mappedPages(),
                        cell.residentPages(),
                        cell.invalidatingPages(),
                        cell.holders(),
                        cell.holderCount()))
            .toList());
  }

  static FaultView fault(String hostId, Fault fault) {
    return new FaultView(
        fault.device().toString(),
        fault.deviceName(),
        hostId,
        new CompositeId(hostId, fault.spaceId()).toString(),
        Views.hex(fault.address()),
        fault.pageCount(),
        fault.write(),
        Views.micros(fault.elapsedNanos()),
        idOnHost(hostId, fault.waitsForInvalidationId()));
  }

  static PinView pin(String hostId, Pin pin) {
    return new PinView(
        new CompositeId(hostId, pin.pinId()).toString(),
        hostId,
        new CompositeId(hostId, pin.spaceId()).toString(),
        Views.hex(pin.start()),
        Views.hex(pin.end()),
        Pages.number(pin.end() - pin.start()),
        pin.write(),
        pin.longTerm(),
        pin.owner(),
        pin.reason(),
        pin.elapsedNanos() / 1_000_000,
        pin.unmappedPages());
  }

  static ProgramView program(String agentId, Program program) {
    Long waitsAt = program.waitsAtAddress();
    return new ProgramView(
        new CompositeId(agentId, program.number()).toString(),
        agentId + "/" + program.deviceIndex(),
        agentId,
        program.hostId(),
        new CompositeId(program.hostId(), program.spaceId()).toString(),
        program.kind(),
        Views.word(program.state()),
        instant(program.submittedAtMillis()),
        instant(program.startedAtMillis()),
        instant(program.endedAtMillis()),
        program.operationsDone(),
        program.operationsTotal(),
        waitsAt == null ? null : Views.hex(waitsAt),
        Views.micros(program.waitsElapsedNanos()),
        result(program.result()));
  }

  static GraphView.Node node(WaitGraph.Node node) {
    return new GraphView.Node(
        node.id(), Views.word(node.kind()), node.label(), Views.millis(node.elapsedNanos()));
  }

  static GraphView.Cycle cycle(WaitGraph.Cycle cycle) {
    return new GraphView.Cycle(
        cycle.nodeIds(),
        Views.millis(cycle.elapsedNanos()),
        cycle.why(),
        cycle.remedy() == null ? null : String.valueOf(cycle.remedy()));
  }

  private static ProgramView.@Nullable Result result(Program.@Nullable Result result) {
    if (result == null) {
      return null;
    }
    Long faultAddress = result.faultAddress();
    return new ProgramView.Result(
        result.errno() == null ? null : result.errno().name(),
        result.message(),
        faultAddress == null ? null : Views.hex(faultAddress),
        Views.micros(result.elapsedNanos()),
        result.operations(),
        result.faults(),
        result.faultRetries(),
        Views.hex(result.sum()),
        Views.hex(result.crc32c()),
        Views.hex(result.value()));
  }

  private static @Nullable Instant instant(long millis) {
    return millis == 0 ? null : Instant.ofEpochMilli(millis);
  }

  private static @Nullable String idOnHost(@Nullable String hostId, long number) {
    return hostId == null || number == 0 ? null : new CompositeId(hostId, number).toString();
  }
}
