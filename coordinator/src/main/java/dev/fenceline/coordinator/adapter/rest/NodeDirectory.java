package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.adapter.rest.model.UnavailableHost;
import dev.fenceline.coordinator.engine.NodeKey;
import dev.fenceline.coordinator.engine.NodeKind;
import dev.fenceline.coordinator.engine.NodeState;
import dev.fenceline.coordinator.engine.NodeView;
import dev.fenceline.coordinator.engine.RegistryView;
import dev.fenceline.coordinator.engine.query.Answer;
import dev.fenceline.coordinator.runtime.RegistryRuntime;
import dev.fenceline.model.Errno;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.springframework.stereotype.Component;

/** Finds nodes for requests, and says precisely why one cannot answer. Thread-safe. */
@Component
class NodeDirectory {
  private final RegistryRuntime runtime;
  private final Views views;

  NodeDirectory(RegistryRuntime runtime, Views views) {
    this.runtime = runtime;
    this.views = views;
  }

  RegistryView registry() {
    return runtime.read((engine, nowNanos) -> engine.view(nowNanos));
  }

  Optional<NodeView> find(NodeKind kind, String id) {
    return runtime.read((engine, nowNanos) -> engine.node(new NodeKey(kind, id), nowNanos));
  }

  NodeView host(String id) {
    return find(NodeKind.HOST, id)
        .orElseThrow(
            () ->
                new ProblemException(
                        ProblemType.UNKNOWN_HOST,
                        "no host '" + Printable.of(id) + "' is registered; see /api/v1/hosts")
                    .with("hostId", Printable.of(id)));
  }

  NodeView agent(String id) {
    return find(NodeKind.AGENT, id)
        .orElseThrow(
            () ->
                new ProblemException(
                        ProblemType.UNKNOWN_AGENT,
                        "no agent '" + Printable.of(id) + "' is registered; see /api/v1/agents")
                    .with("agentId", Printable.of(id)));
  }

  /** A host that may be asked: anything but one that has left. */
  NodeView askableHost(String id) {
    return present(host(id), ProblemType.HOST_LEFT);
  }

  /** An agent that may be asked: anything but one that has left. */
  NodeView askableAgent(String id) {
    return present(agent(id), ProblemType.AGENT_LEFT);
  }

  private NodeView present(NodeView node, ProblemType left) {
    if (node.state() == NodeState.LEFT) {
      Instant since = views.since(node);
      throw new ProblemException(left, Printable.name(node) + " left in good order at " + since)
          .with(idMember(node), node.key().nodeId())
          .with("since", since.toString());
    }
    return node;
  }

  /**
   * Hosts that a question over all hosts concerns: those that left took their address spaces along.
   */
  List<NodeView> presentHosts() {
    return present(NodeKind.HOST);
  }

  /** Nodes of a kind that have not left. */
  List<NodeView> present(NodeKind kind) {
    return registry().nodes(kind).stream().filter(node -> node.state() != NodeState.LEFT).toList();
  }

  /**
   * The value, or the problem.
   *
   * @param missing what a node means that says ENOENT
   */
  <T> T value(NodeView node, Answer<T> answer, ProblemType missing, String what) {
    return switch (answer) {
      case Answer.Answered<T> answered -> answered.value();
      case Answer.Refused<T> refused -> throw refused(node, refused, missing, what);
      case Answer.Unreachable<T> unreachable -> throw unreachable(node, unreachable);
      case Answer.Broken<T> broken ->
          throw new ProblemException(
                  switch (node.key().kind()) {
                    case HOST -> ProblemType.HOST_ANSWER_UNUSABLE;
                    case AGENT -> ProblemType.AGENT_ANSWER_UNUSABLE;
                  },
                  "%s answered %s: %s"
                      .formatted(
                          Printable.name(node), broken.code(), Printable.of(broken.message())))
              .with(idMember(node), node.key().nodeId());
    };
  }

  /** Why the host's part is missing; empty if it is not. */
  Optional<UnavailableHost> unavailable(NodeView node, Answer<?> answer) {
    return switch (answer) {
      case Answer.Answered<?> ignored -> Optional.empty();
      case Answer.Refused<?> refused ->
          Optional.of(unavailable(node, Instant.now(), "refused: " + refused.message()));
      case Answer.Unreachable<?> unreachable ->
          Optional.of(unavailable(node, since(node, unreachable), unreachable.message()));
      case Answer.Broken<?> broken ->
          Optional.of(
              unavailable(
                  node, Instant.now(), "answered " + broken.code() + ": " + broken.message()));
    };
  }

  /** A node that is not asked, since it is known to be gone. */
  UnavailableHost gone(NodeView node) {
    return unavailable(node, views.since(node), node.reason());
  }

  /** A lost host is not asked by lists: each would wait for the time-out until it is forgotten. */
  <T> Answer<T> lost(NodeView host) {
    return new Answer.Unreachable<>(
        false, views.since(host).toEpochMilli(), "lost: " + host.reason());
  }

  private static UnavailableHost unavailable(NodeView node, Instant since, String reason) {
    return new UnavailableHost(
        node.key().nodeId(), Views.word(node.state()), since, Printable.of(reason));
  }

  private static ProblemException refused(
      NodeView node, Answer.Refused<?> refused, ProblemType missing, String what) {
    if (refused.errno() == Errno.ENOENT) {
      return new ProblemException(missing, what + " is not known to " + Printable.name(node))
          .with(idMember(node), node.key().nodeId());
    }
    return new ProblemException(
            ProblemType.ofRefusal(refused.errno()),
            "%s refused with %s: %s"
                .formatted(Printable.name(node), refused.errno(), Printable.of(refused.message())))
        .with(idMember(node), node.key().nodeId())
        .with("errno", refused.errno().name());
  }

  private ProblemException unreachable(NodeView node, Answer.Unreachable<?> unreachable) {
    Instant since = since(node, unreachable);
    ProblemType type =
        switch (node.key().kind()) {
          case HOST ->
              unreachable.timedOut() ? ProblemType.HOST_SILENT : ProblemType.HOST_UNREACHABLE;
          case AGENT ->
              unreachable.timedOut() ? ProblemType.AGENT_SILENT : ProblemType.AGENT_UNREACHABLE;
        };
    return new ProblemException(
            type,
            "%s at %s, %s since %s: %s"
                .formatted(
                    Printable.name(node),
                    node.endpoint(),
                    node.state() == NodeState.LIVE
                        ? "unreachable"
                        : node.state().name().toLowerCase(Locale.ROOT),
                    since,
                    unreachable.message()))
        .with(idMember(node), node.key().nodeId())
        .with("endpoint", node.endpoint())
        .with(Views.word(node.key().kind()) + "State", Views.word(node.state()))
        .with("since", since.toString());
  }

  private static String idMember(NodeView node) {
    return Views.word(node.key().kind()) + "Id";
  }

  /** The earlier of the two signs of trouble. */
  private Instant since(NodeView node, Answer.Unreachable<?> unreachable) {
    Instant failing = Instant.ofEpochMilli(unreachable.sinceMillis());
    if (node.state() == NodeState.LIVE) {
      return failing;
    }
    Instant state = views.since(node);
    return state.isBefore(failing) ? state : failing;
  }
}
