package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.adapter.rest.model.GraphView;
import dev.fenceline.coordinator.adapter.rest.model.UnavailableHost;
import dev.fenceline.coordinator.engine.NodeKind;
import dev.fenceline.coordinator.engine.NodeState;
import dev.fenceline.coordinator.engine.NodeView;
import dev.fenceline.coordinator.engine.graph.WaitGraph;
import dev.fenceline.coordinator.engine.graph.WaitGraphBuilder;
import dev.fenceline.coordinator.engine.query.Answer;
import dev.fenceline.coordinator.engine.query.Faults;
import dev.fenceline.coordinator.engine.query.Invalidation;
import dev.fenceline.coordinator.engine.query.Portion;
import dev.fenceline.coordinator.engine.query.Program;
import dev.fenceline.coordinator.runtime.AgentQueries;
import dev.fenceline.coordinator.runtime.FanOut;
import dev.fenceline.coordinator.runtime.HostQueries;
import dev.fenceline.coordinator.runtime.WaitGraphs;
import java.util.ArrayList;
import java.util.List;
import org.springframework.stereotype.Component;

/** Asks every node for its part of the wait-for graph. Thread-safe. */
@Component
class WaitGraphAssembly implements WaitGraphs {
  private static final int MOST_PER_NODE = 500;

  private final NodeDirectory directory;
  private final HostQueries hosts;
  private final AgentQueries agents;
  private final FanOut fanOut;

  WaitGraphAssembly(
      NodeDirectory directory, HostQueries hosts, AgentQueries agents, FanOut fanOut) {
    this.directory = directory;
    this.hosts = hosts;
    this.agents = agents;
    this.fanOut = fanOut;
  }

  /** What one host said. */
  private record HostAnswers(Answer<Portion<Invalidation>> invalidations, Answer<Faults> faults) {}

  /** What could not be had; confined to one call. */
  private static final class Missing {
    final List<UnavailableHost> nodes = new ArrayList<>();
    boolean truncated;
  }

  @Override
  public WaitGraph now() throws InterruptedException {
    return read(new Missing());
  }

  @Override
  public boolean anythingWaits() throws InterruptedException {
    var query = new HostQueries.InvalidationQuery(0, true, 0, 1);
    return fanOut
        .ask(
            directory.presentHosts().stream()
                .filter(host -> host.state() != NodeState.LOST)
                .toList(),
            host -> hosts.invalidations(host.endpoint(), query))
        .stream()
        .anyMatch(
            answer ->
                answer instanceof Answer.Answered<Portion<Invalidation>> answered
                    && !answered.value().items().isEmpty());
  }

  private WaitGraph read(Missing missing) throws InterruptedException {
    List<WaitGraphBuilder.HostPart> hostParts = hostParts(missing);
    List<WaitGraphBuilder.AgentPart> agentParts = agentParts(missing);
    return WaitGraphBuilder.build(System.currentTimeMillis(), hostParts, agentParts);
  }

  GraphView assemble() throws InterruptedException {
    Missing missing = new Missing();
    WaitGraph graph = read(missing);
    return new GraphView(
        graph.nodes().stream().map(LiveViews::node).toList(),
        graph.edges().stream()
            .map(edge -> new GraphView.Edge(edge.from(), edge.to(), edge.why()))
            .toList(),
        graph.cycles().stream().map(LiveViews::cycle).toList(),
        missing.truncated,
        missing.nodes);
  }

  private List<WaitGraphBuilder.HostPart> hostParts(Missing missing) throws InterruptedException {
    List<NodeView> asked = directory.presentHosts();
    var query = new HostQueries.InvalidationQuery(0, true, 0, MOST_PER_NODE);
    List<HostAnswers> answers =
        fanOut.ask(
            asked,
            host ->
                host.state() == NodeState.LOST
                    ? new HostAnswers(directory.lost(host), directory.lost(host))
                    : new HostAnswers(
                        hosts.invalidations(host.endpoint(), query),
                        hosts.faults(host.endpoint(), 0, MOST_PER_NODE)));
    List<WaitGraphBuilder.HostPart> parts = new ArrayList<>();
    for (int i = 0; i < asked.size(); i++) {
      NodeView host = asked.get(i);
      HostAnswers answer = answers.get(i);
      directory
          .unavailable(host, answer.invalidations())
          .or(() -> directory.unavailable(host, answer.faults()))
          .ifPresent(missing.nodes::add);
      List<Invalidation> invalidations =
          answer.invalidations() instanceof Answer.Answered<Portion<Invalidation>> answered
              ? answered.value().items()
              : List.of();
      Faults faults =
          answer.faults() instanceof Answer.Answered<Faults> answered
              ? answered.value()
              : new Faults(List.of(), 0);
      missing.truncated |=
          invalidations.size() >= MOST_PER_NODE || faults.total() > faults.items().size();
      parts.add(new WaitGraphBuilder.HostPart(host.key().nodeId(), invalidations, faults.items()));
    }
    return parts;
  }

  private List<WaitGraphBuilder.AgentPart> agentParts(Missing missing) throws InterruptedException {
    List<NodeView> asked = directory.present(NodeKind.AGENT);
    var query = new AgentQueries.ProgramQuery(null, true, 0, MOST_PER_NODE);
    List<Answer<Portion<Program>>> answers =
        fanOut.ask(
            asked,
            agent ->
                agent.state() == NodeState.LOST
                    ? directory.lost(agent)
                    : agents.programs(agent.endpoint(), query));
    List<WaitGraphBuilder.AgentPart> parts = new ArrayList<>();
    for (int i = 0; i < asked.size(); i++) {
      NodeView agent = asked.get(i);
      directory.unavailable(agent, answers.get(i)).ifPresent(missing.nodes::add);
      if (answers.get(i) instanceof Answer.Answered<Portion<Program>> answered) {
        missing.truncated |= answered.value().next() != 0;
        parts.add(new WaitGraphBuilder.AgentPart(agent.key().nodeId(), answered.value().items()));
      }
    }
    return parts;
  }
}
