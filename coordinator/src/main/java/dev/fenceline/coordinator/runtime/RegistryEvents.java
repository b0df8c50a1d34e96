package dev.fenceline.coordinator.runtime;

import dev.fenceline.coordinator.engine.NodeKey;
import dev.fenceline.coordinator.engine.NodeKind;
import dev.fenceline.coordinator.engine.NodeState;
import dev.fenceline.coordinator.engine.RegistryEffect;
import dev.fenceline.coordinator.engine.event.EventDraft;
import dev.fenceline.coordinator.engine.event.EventKind;
import java.time.InstantSource;
import java.util.Locale;

/** Writes what happens to nodes into the event log. Thread-safe; never blocks for long. */
public final class RegistryEvents {
  private final EventHub events;
  private final InstantSource wallClock;

  public RegistryEvents(EventHub events, InstantSource wallClock) {
    this.events = events;
    this.wallClock = wallClock;
    append(EventKind.COORDINATOR_STARTED, "the coordinator started and waits for nodes to report");
  }

  void tell(RegistryEffect effect) {
    switch (effect) {
      case RegistryEffect.NodeChanged change ->
          append(change.node(), kind(change), kind(change.node()) + ": " + change.reason());
      case RegistryEffect.NodeForgotten forgotten ->
          append(
              forgotten.node(),
              EventKind.NODE_FORGOTTEN,
              kind(forgotten.node()) + " is no longer remembered");
      case RegistryEffect.Recovered ignored ->
          append(EventKind.COORDINATOR_READY, "the coordinator knows the nodes and answers");
      case RegistryEffect.SendUpdate ignored -> {}
      case RegistryEffect.RefuseStream ignored -> {}
      case RegistryEffect.CompleteStream ignored -> {}
      case RegistryEffect.ReleaseEndpoint ignored -> {}
    }
  }

  private static EventKind kind(RegistryEffect.NodeChanged change) {
    if (change.from() == NodeState.LIVE
        && change.to() == NodeState.LIVE
        && change.reason().equals("registered")) {
      return EventKind.NODE_JOINED;
    }
    return switch (change.to()) {
      case LIVE -> EventKind.NODE_LIVE;
      case SUSPECT -> EventKind.NODE_SUSPECT;
      case LOST -> EventKind.NODE_LOST;
      case LEFT -> EventKind.NODE_LEFT;
    };
  }

  private static String kind(NodeKey node) {
    return node.kind().name().toLowerCase(Locale.ROOT) + " " + node.nodeId();
  }

  private void append(EventKind kind, String message) {
    events.append(EventDraft.ofCoordinator(wallClock.millis(), kind, message));
  }

  private void append(NodeKey node, EventKind kind, String message) {
    boolean host = node.kind() == NodeKind.HOST;
    events.append(
        new EventDraft(
            wallClock.millis(),
            kind,
            host ? node.nodeId() : null,
            host ? null : node.nodeId(),
            null,
            0,
            0,
            null,
            message));
  }
}
