package dev.fenceline.coordinator.engine;

/**
 * What the registry remembers of one node; confined to the engine's step.
 *
 * <p>Legal transitions, all by {@link #transition}:
 *
 * <pre>
 *   LIVE    -> LIVE      another process of the node took over (its old one was not live)
 *   LIVE    -> SUSPECT   reports are missed, or the stream ended
 *   LIVE    -> LEFT      the node said so
 *   SUSPECT -> LIVE      a report came
 *   SUSPECT -> LOST      silent for the liveness timeout
 *   SUSPECT -> LEFT      the node said so
 *   LOST, LEFT -> LIVE   the node, or a new process of it, registered again
 * </pre>
 *
 * LOST and LEFT end by being forgotten.
 */
final class Node {
  static final long NO_STREAM = 0;

  final NodeKey key;
  NodeReport report;
  NodeLoad load;
  NodeState state = NodeState.LIVE;
  String reason;

  /** When the state was entered. */
  long sinceNanos;

  /** When this process of the node was first heard of. */
  long registeredNanos;

  /** When the last report came. */
  long heardNanos;

  /** The stream whose reports count. */
  long streamId;

  Node(NodeKey key, NodeReport report, NodeLoad load, long nowNanos) {
    this.key = key;
    this.report = report;
    this.load = load;
    this.reason = "registered";
    this.sinceNanos = nowNanos;
    this.registeredNanos = nowNanos;
    this.heardNanos = nowNanos;
  }

  /** The only place that changes a state. */
  RegistryEffect.NodeChanged transition(NodeState to, String why, long nowNanos) {
    boolean legal =
        switch (to) {
          case LIVE -> true;
          case SUSPECT -> state == NodeState.LIVE;
          case LOST -> state == NodeState.SUSPECT;
          case LEFT -> state == NodeState.LIVE || state == NodeState.SUSPECT;
        };
    if (!legal) {
      throw new IllegalStateException(key + " cannot go from " + state + " to " + to);
    }
    var change = new RegistryEffect.NodeChanged(key, state, to, why);
    state = to;
    reason = why;
    sinceNanos = nowNanos;
    return change;
  }

  /** A goodbye says how things ended: links are left, devices drained; unless it is malformed. */
  void remember(NodeReport lastWords) {
    NodeLoad last = lastWords.load();
    if (last != null && last.kind() == key.kind() && ReportCheck.fault(lastWords).isEmpty()) {
      report = lastWords;
      load = last;
    }
  }

  boolean isRemembranceOnly() {
    return state == NodeState.LOST || state == NodeState.LEFT;
  }

  /** When the state ends unless the node is heard of. */
  long deadlineNanos(RegistrySettings settings) {
    return switch (state) {
      case LIVE -> heardNanos + settings.suspectAfterNanos();
      case SUSPECT -> heardNanos + settings.livenessTimeoutNanos();
      case LOST, LEFT -> sinceNanos + settings.retentionNanos();
    };
  }

  NodeView view(long nowNanos) {
    return new NodeView(
        key,
        report.bootToken(),
        report.endpoint(),
        report.httpEndpoint(),
        state,
        reason,
        sinceNanos,
        registeredNanos,
        nowNanos - heardNanos,
        load);
  }
}
