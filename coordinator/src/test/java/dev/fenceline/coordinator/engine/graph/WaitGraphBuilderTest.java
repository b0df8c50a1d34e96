package dev.fenceline.coordinator.engine.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.coordinator.engine.query.Fault;
import dev.fenceline.coordinator.engine.query.Invalidation;
import dev.fenceline.coordinator.engine.query.Program;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.FenceResolution;
import dev.fenceline.model.InvalidationKind;
import dev.fenceline.model.NotificationMode;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class WaitGraphBuilderTest {
  private static final DeviceId A = new DeviceId("agent-1", 0);
  private static final DeviceId B = new DeviceId("agent-2", 0);
  private static final long NOW = 10_000;

  @Test
  void nothingWaits_graphIsEmpty() {
    WaitGraph graph = WaitGraphBuilder.build(NOW, List.of(host(List.of(), List.of())), List.of());
    assertThat(graph.nodes()).isEmpty();
    assertThat(graph.cycles()).isEmpty();
  }

  @Test
  void pendingFence_waitsForDeviceAndItsProgram() {
    WaitGraph graph =
        WaitGraphBuilder.build(
            NOW,
            List.of(host(List.of(pending(42, A, Invalidation.State.WAITING)), List.of())),
            List.of(agent("agent-1", program(7, null))));
    assertThat(graph.nodes())
        .extracting(WaitGraph.Node::id)
        .containsExactly("operation:h.42", "fence:h.42", "device:agent-1/0", "program:agent-1.7");
    assertThat(graph.edges())
        .extracting(edge -> edge.from() + ">" + edge.to())
        .containsExactly(
            "device:agent-1/0>program:agent-1.7",
            "fence:h.42>device:agent-1/0",
            "operation:h.42>fence:h.42");
    assertThat(graph.nodes().getFirst().elapsedNanos()).isEqualTo(1_000_000_000L);
    assertThat(graph.cycles()).isEmpty();
  }

  @Test
  void queuedInvalidation_waitsForTheEarlierOneOfTheInterval() {
    WaitGraph graph =
        WaitGraphBuilder.build(
            NOW,
            List.of(
                host(
                    List.of(
                        pending(43, A, Invalidation.State.QUEUED),
                        pending(42, A, Invalidation.State.WAITING)),
                    List.of())),
            List.of());
    assertThat(graph.edges())
        .extracting(edge -> edge.from() + ">" + edge.to())
        .contains("operation:h.43>fence:h.42");
  }

  /** The device of a parked program owes its fence for other reasons: it is frozen, or cut off. */
  @Test
  void programParkedInAFaultOfAFrozenDevice_isNoCycle() {
    Fault fault = new Fault(A, "gpu", 1, 0x2000, 2, true, 400_000_000, 42);
    WaitGraph graph =
        WaitGraphBuilder.build(
            NOW,
            List.of(host(List.of(pending(42, A, Invalidation.State.WAITING)), List.of(fault))),
            List.of(agent("agent-1", program(7, 0x3008L))));
    assertThat(graph.cycles()).isEmpty();
    assertThat(graph.edges())
        .extracting(edge -> edge.from() + ">" + edge.to())
        .contains("program:agent-1.7>fault:agent-1/0/h.1@0x2000");
  }

  /** Seed 003: B's fence waits for A's program, whose fault waits for B's fence. */
  @Test
  void heldPagesAndASyncPoint_areACycleWithItsReasonsAndItsRemedy() {
    WaitGraph graph = seed003(true);
    assertThat(graph.cycles()).hasSize(1);
    WaitGraph.Cycle cycle = graph.cycles().getFirst();
    assertThat(cycle.nodeIds())
        .containsExactly(
            "fault:agent-1/0/h.1@0x2000", "fence:h.42", "program:agent-2.9", "program:agent-1.7");
    assertThat(cycle.elapsedNanos()).isEqualTo(300_000_000);
    assertThat(cycle.why())
        .contains("keeps pages of it in use", "sync point a-done", "until the invalidation");
    assertThat(cycle.remedy()).isEqualTo(new Remedy.PreemptProgram("agent-2", 9));
  }

  @Test
  void programThatMayNotRunTwice_makesTheInvalidationBackOff() {
    assertThat(seed003(false).cycles().getFirst().remedy()).isEqualTo(new Remedy.BackOff("h", 42));
  }

  @Test
  void programThatHoldsOtherPages_isNoCycle() {
    Program elsewhere = holding(9, 0x9000, 0xa000, true);
    assertThat(seed003(elsewhere).cycles()).isEmpty();
  }

  private static WaitGraph seed003(boolean replayable) {
    return seed003(holding(9, 0x6000, 0x8000, replayable));
  }

  private static WaitGraph seed003(Program holder) {
    Fault fault = new Fault(A, "gpu", 1, 0x2000, 2, true, 400_000_000, 42);
    Program awaited =
        withTies(program(7, 0x3008L), new Program.Ties(List.of(), "a-done", 0, 0, true, 0));
    return WaitGraphBuilder.build(
        NOW,
        List.of(host(List.of(pending(42, B, Invalidation.State.WAITING)), List.of(fault))),
        List.of(agent("agent-1", awaited), agent("agent-2", holder)));
  }

  private static Program holding(long number, long start, long end, boolean replayable) {
    return withTies(
        program(number, null),
        new Program.Ties(
            List.of(new Program.SyncPoint("agent-1", 0, "a-done")), "", start, end, replayable, 0));
  }

  private static Program withTies(Program program, Program.Ties ties) {
    return new Program(
        program.number(),
        0,
        "h",
        1,
        "fill",
        Program.State.RUNNING,
        1,
        1,
        0,
        0,
        0,
        program.waitsAtAddress(),
        300_000_000,
        ties,
        null);
  }

  @Test
  void twoCyclesAndALongChain_eachKnotOnceInOrder() {
    List<WaitGraph.Node> nodes = new java.util.ArrayList<>();
    List<WaitGraph.Edge> edges = new java.util.ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      nodes.add(new WaitGraph.Node(name(i), WaitGraph.Kind.DEVICE, "", 0));
      if (i > 0) {
        edges.add(new WaitGraph.Edge(name(i - 1), name(i), "next"));
      }
    }
    edges.add(new WaitGraph.Edge(name(11), name(10), "back"));
    edges.add(new WaitGraph.Edge(name(9_000), name(8_000), "far back"));
    edges.add(new WaitGraph.Edge(name(5), name(5), "itself"));
    List<WaitGraph.Cycle> cycles = Cycles.in(nodes, edges);
    assertThat(cycles).hasSize(3);
    assertThat(cycles.get(0).nodeIds()).containsExactly(name(5));
    assertThat(cycles.get(1).nodeIds()).containsExactly(name(10), name(11));
    assertThat(cycles.get(2).nodeIds()).hasSize(1_001);
  }

  @Test
  void sameInputs_sameGraph() {
    List<WaitGraphBuilder.HostPart> hosts =
        List.of(
            host(
                List.of(
                    pending(42, A, Invalidation.State.WAITING),
                    pending(44, B, Invalidation.State.SCHEDULED)),
                List.of()));
    assertThat(WaitGraphBuilder.build(NOW, hosts, List.of()))
        .isEqualTo(WaitGraphBuilder.build(NOW, hosts, List.of()));
  }

  private static String name(int number) {
    return "n%05d".formatted(number);
  }

  private static WaitGraphBuilder.HostPart host(
      List<Invalidation> invalidations, List<Fault> faults) {
    return new WaitGraphBuilder.HostPart("h", invalidations, faults);
  }

  private static WaitGraphBuilder.AgentPart agent(String id, Program program) {
    return new WaitGraphBuilder.AgentPart(id, List.of(program));
  }

  private static Invalidation pending(long id, DeviceId device, Invalidation.State state) {
    return new Invalidation(
        id,
        1,
        0x1000,
        0x8000,
        InvalidationKind.UNMAP,
        NotificationMode.SPLIT,
        state,
        1,
        NOW - 1_000,
        0,
        0,
        0,
        List.of(
            new Invalidation.Fence(DeviceId.CPU, "cpu", FenceResolution.ACKED, 10, ""),
            new Invalidation.Fence(device, "gpu", null, 900_000_000, "")));
  }

  private static Program program(long number, @Nullable Long waitsAt) {
    return new Program(
        number,
        0,
        "h",
        1,
        "fill",
        Program.State.RUNNING,
        1,
        1,
        0,
        0,
        0,
        waitsAt,
        waitsAt == null ? 0 : 300_000_000,
        Program.Ties.NONE,
        null);
  }
}
