package dev.fenceline.coordinator.engine;

/**
 * A node as the registry knew it at one moment; immutable.
 *
 * @param reason why it is in its state
 * @param sinceNanos when it entered its state, on the engine's clock
 * @param registeredNanos when this process of the node was first heard of, on the engine's clock
 * @param silentNanos how long ago its last report came
 * @param load from its last report
 */
public record NodeView(
    NodeKey key,
    long bootToken,
    String endpoint,
    String httpEndpoint,
    NodeState state,
    String reason,
    long sinceNanos,
    long registeredNanos,
    long silentNanos,
    NodeLoad load) {}
