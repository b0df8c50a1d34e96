package dev.fenceline.coordinator.engine;

/**
 * A node as the registry knew it at one moment; immutable.
 *
 * @param reason why it is in its state
 * @param stateAgeNanos how long it has been in its state
 * @param registeredAgeNanos how long ago this process of the node was first heard of
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
    long stateAgeNanos,
    long registeredAgeNanos,
    long silentNanos,
    NodeLoad load) {}
