package dev.fenceline.coordinator.engine.graph;

import dev.fenceline.coordinator.engine.graph.WaitGraph.Edge;
import dev.fenceline.coordinator.engine.graph.WaitGraph.Kind;
import dev.fenceline.coordinator.engine.graph.WaitGraph.Node;
import dev.fenceline.coordinator.engine.query.Fault;
import dev.fenceline.coordinator.engine.query.Invalidation;
import dev.fenceline.coordinator.engine.query.Program;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.HumanTime;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;

/**
 * Puts the wait-for graph together from what hosts and agents told: operation, fence, device,
 * program, fault, and back to the fence (DESIGN 3.6). Confined to one call.
 *
 * <p>The parts were not read at one moment: a circle that is gone when one asks again was none.
 */
public final class WaitGraphBuilder {
  private final long nowMillis;
  private final TreeMap<String, Node> nodes = new TreeMap<>();
  private final TreeMap<String, Edge> edges = new TreeMap<>();
  private final TreeMap<DeviceId, List<Program>> programs = new TreeMap<>();

  /** Devices that a fence waits for, with the invalidations. */
  private final TreeMap<DeviceId, List<Owed>> owing = new TreeMap<>();

  /** How a circle through a node can be broken, by the node's id. */
  private final TreeMap<String, Remedy> remedies = new TreeMap<>();

  /** An invalidation that a device has not acknowledged; immutable. */
  private record Owed(String hostId, Invalidation invalidation) {}

  private WaitGraphBuilder(long nowMillis) {
    this.nowMillis = nowMillis;
  }

  /** What a host told: pending invalidations and faults; immutable. */
  public record HostPart(String hostId, List<Invalidation> invalidations, List<Fault> faults) {}

  /** What an agent told: queued and running programs; immutable. */
  public record AgentPart(String agentId, List<Program> programs) {}

  /**
   * @param nowMillis wall clock, milliseconds since the epoch
   */
  public static WaitGraph build(long nowMillis, List<HostPart> hosts, List<AgentPart> agents) {
    WaitGraphBuilder builder = new WaitGraphBuilder(nowMillis);
    for (AgentPart agent : agents) {
      for (Program program : agent.programs()) {
        builder
            .programs
            .computeIfAbsent(
                new DeviceId(agent.agentId(), program.deviceIndex()), key -> new ArrayList<>())
            .add(program);
      }
    }
    hosts.forEach(builder::addInvalidations);
    builder.addPrograms();
    hosts.forEach(builder::addFaults);
    List<Edge> sound =
        builder.edges.values().stream()
            .filter(
                edge ->
                    builder.nodes.containsKey(edge.from()) && builder.nodes.containsKey(edge.to()))
            .toList();
    List<Node> ordered =
        builder.nodes.values().stream()
            .sorted(Comparator.comparing(Node::kind).thenComparing(Node::id))
            .toList();
    List<WaitGraph.Cycle> cycles =
        Cycles.in(ordered, sound).stream().map(builder::withRemedy).toList();
    return new WaitGraph(ordered, sound, cycles);
  }

  /** The two rules: a replayable program that holds pages goes first, then an invalidation. */
  private WaitGraph.Cycle withRemedy(WaitGraph.Cycle cycle) {
    Remedy chosen = null;
    for (String id : cycle.nodeIds()) {
      Remedy remedy = remedies.get(id);
      if (remedy instanceof Remedy.PreemptProgram
          || (remedy instanceof Remedy.BackOff && chosen == null)) {
        chosen = remedy;
      }
      if (chosen instanceof Remedy.PreemptProgram) {
        break;
      }
    }
    return new WaitGraph.Cycle(cycle.nodeIds(), cycle.elapsedNanos(), cycle.why(), chosen);
  }

  private void addInvalidations(HostPart host) {
    List<Invalidation> pending =
        host.invalidations().stream().filter(each -> each.state().isPending()).toList();
    for (Invalidation each : pending) {
      String fence = fenceId(host.hostId(), each.invalidationId());
      String operation = "operation:" + idOf(host.hostId(), each.invalidationId());
      String where = where(host.hostId(), each.spaceId(), each.start(), each.end());
      long elapsedNanos = Math.max(0, nowMillis - each.startedAtMillis()) * 1_000_000;
      add(new Node(operation, Kind.OPERATION, word(each.kind()) + " of " + where, elapsedNanos));
      if (each.state() == Invalidation.State.QUEUED) {
        queue(host.hostId(), operation, each, pending);
        continue;
      }
      add(new Node(fence, Kind.FENCE, "fence over " + where, elapsedNanos));
      edge(operation, fence, "ends when every participant has drained");
      each.fences().stream()
          .filter(participant -> participant.resolution() == null)
          .forEach(participant -> owe(host.hostId(), each, participant));
      remedies.put(fence, new Remedy.BackOff(host.hostId(), each.invalidationId()));
    }
  }

  private void queue(
      String hostId, String operation, Invalidation queued, List<Invalidation> pending) {
    for (Invalidation other : pending) {
      if (other.invalidationId() < queued.invalidationId()
          && other.state() != Invalidation.State.QUEUED
          && other.spaceId() == queued.spaceId()
          && other.start() < queued.end()
          && queued.start() < other.end()) {
        edge(
            operation,
            fenceId(hostId, other.invalidationId()),
            "queued behind an earlier invalidation of the same interval");
      }
    }
  }

  private void owe(String hostId, Invalidation invalidation, Invalidation.Fence participant) {
    String fence = fenceId(hostId, invalidation.invalidationId());
    DeviceId device = participant.device();
    owing.computeIfAbsent(device, key -> new ArrayList<>()).add(new Owed(hostId, invalidation));
    addDevice(device, participant.deviceName());
    edge(
        fence,
        deviceId(device),
        participant.diagnosis().isEmpty()
            ? "has not drained for " + HumanTime.of(participant.elapsedNanos())
            : participant.diagnosis());
  }

  private void addPrograms() {
    programs.forEach((device, all) -> all.forEach(program -> addProgram(device, program)));
    // Once every program has its node: those that are waited for may wait for nothing themselves.
    programs.forEach((device, all) -> all.forEach(program -> addSyncWaits(device, program)));
  }

  /**
   * A device owes its fences because of what its programs do: one that keeps a page of the interval
   * in use until it ends, or one that runs and waits for nothing, whose access may be in flight.
   * One that is parked without holding anything has no access open, and nobody waits for it.
   */
  private void addProgram(DeviceId device, Program program) {
    List<Owed> owed = owing.getOrDefault(device, List.of());
    boolean runs = program.state() == Program.State.RUNNING;
    boolean parked = program.waitsAtAddress() != null || !program.ties().waitsFor().isEmpty();
    String id = programId(device, program);
    if (parked || (runs && !owed.isEmpty())) {
      add(
          new Node(
              id,
              Kind.PROGRAM,
              program.kind() + " on " + device,
              parked ? program.waitsElapsedNanos() : 0));
    }
    for (Owed each : owed) {
      Invalidation invalidation = each.invalidation();
      if (runs
          && program.hostId().equals(each.hostId())
          && program.spaceId() == invalidation.spaceId()
          && program.ties().holds(invalidation.start(), invalidation.end())) {
        edge(
            fenceId(each.hostId(), invalidation.invalidationId()),
            id,
            "keeps pages of it in use until it ends");
        if (program.ties().replayable()) {
          remedies.put(id, new Remedy.PreemptProgram(device.agentId(), program.number()));
        }
      }
    }
    if (runs && !parked && !owed.isEmpty()) {
      edge(deviceId(device), id, "runs it, and it may have an access in flight");
    }
  }

  private void addSyncWaits(DeviceId device, Program program) {
    for (Program.SyncPoint point : program.ties().waitsFor()) {
      String agentId = point.agentId().isEmpty() ? device.agentId() : point.agentId();
      programs.forEach(
          (other, all) -> {
            for (Program awaited : all) {
              if (other.agentId().equals(agentId) && brings(awaited, point)) {
                add(
                    new Node(
                        programId(other, awaited),
                        Kind.PROGRAM,
                        awaited.kind() + " on " + other,
                        awaited.waitsElapsedNanos()));
                edge(
                    programId(device, program),
                    programId(other, awaited),
                    point.name().isEmpty()
                        ? "waits for its end"
                        : "waits for its end, sync point " + point.name());
              }
            }
          });
    }
  }

  private static boolean brings(Program program, Program.SyncPoint point) {
    return point.name().isEmpty()
        ? program.number() == point.programNumber()
        : program.ties().signals().equals(point.name());
  }

  private void addFaults(HostPart host) {
    for (Fault fault : host.faults()) {
      String id =
          "fault:%s/%s@%s"
              .formatted(
                  fault.device(), idOf(host.hostId(), fault.spaceId()), hex(fault.address()));
      add(
          new Node(
              id,
              Kind.FAULT,
              "%s fault of %s at %s"
                  .formatted(
                      fault.write() ? "write" : "read", fault.device(), hex(fault.address())),
              fault.elapsedNanos()));
      for (Program program : programs.getOrDefault(fault.device(), List.of())) {
        if (waitsFor(program, host.hostId(), fault)) {
          edge(programId(fault.device(), program), id, "waits for the page at its next access");
        }
      }
      if (fault.waitsForInvalidationId() != 0) {
        edge(
            id,
            fenceId(host.hostId(), fault.waitsForInvalidationId()),
            "nothing can be mapped there until the invalidation ends");
      }
    }
  }

  private static boolean waitsFor(Program program, String hostId, Fault fault) {
    Long address = program.waitsAtAddress();
    return address != null
        && program.hostId().equals(hostId)
        && program.spaceId() == fault.spaceId()
        && address >= fault.address()
        && address - fault.address() < Math.max(1, fault.pageCount()) * Pages.SIZE_BYTES;
  }

  private void addDevice(DeviceId device, String name) {
    add(new Node(deviceId(device), Kind.DEVICE, name.isEmpty() ? device.toString() : name, 0));
  }

  private void add(Node node) {
    nodes.putIfAbsent(node.id(), node);
  }

  private void edge(String from, String to, String why) {
    edges.putIfAbsent(from + " " + to, new Edge(from, to, why));
  }

  private static String fenceId(String hostId, long invalidationId) {
    return "fence:" + idOf(hostId, invalidationId);
  }

  private static String deviceId(DeviceId device) {
    return "device:" + device;
  }

  private static String programId(DeviceId device, Program program) {
    return "program:" + idOf(device.agentId(), program.number());
  }

  private static String idOf(String nodeId, long number) {
    return nodeId + "." + Long.toUnsignedString(number);
  }

  private static String where(String hostId, long spaceId, long start, long end) {
    return idOf(hostId, spaceId) + " [" + hex(start) + ", " + hex(end) + ")";
  }

  private static String hex(long address) {
    return "0x" + Long.toHexString(address);
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
