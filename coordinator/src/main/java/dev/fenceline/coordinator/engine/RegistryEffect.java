package dev.fenceline.coordinator.engine;

/** What the registry wants done; immutable. Effects of one step are carried out in their order. */
public sealed interface RegistryEffect {
  /**
   * Send to the stream if it is still open; a newer update may replace one that was not sent yet.
   */
  record SendUpdate(long streamId, RegistryUpdate update) implements RegistryEffect {}

  /** End the stream with an error. The registry has forgotten it already. */
  record RefuseStream(long streamId, Refusal refusal) implements RegistryEffect {}

  /** End the stream well: its node has left. The registry has forgotten it already. */
  record CompleteStream(long streamId) implements RegistryEffect {}

  /**
   * Drop connections to the endpoint: nobody, or somebody new, answers there. Calls under way may
   * finish.
   */
  record ReleaseEndpoint(NodeKey node, String endpoint) implements RegistryEffect {}

  /** For log and metrics: a node changed its state, or appeared ({@code from == to}). */
  record NodeChanged(NodeKey node, NodeState from, NodeState to, String reason)
      implements RegistryEffect {}

  /** For log and metrics: the node is no longer remembered. */
  record NodeForgotten(NodeKey node, NodeState last) implements RegistryEffect {}

  /** The recovery window is over: from now on the registry's content is an answer. */
  record Recovered() implements RegistryEffect {}
}
