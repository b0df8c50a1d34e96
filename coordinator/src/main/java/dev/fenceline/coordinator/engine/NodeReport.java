package dev.fenceline.coordinator.engine;

import org.jspecify.annotations.Nullable;

/**
 * One report of a node, unchecked, as it came in; immutable.
 *
 * @param endpoint host:port of the node's gRPC server
 * @param httpEndpoint host:port of its HTTP port, or empty
 * @param load what it says of itself; may be missing when it leaves
 * @param leaving the node ends in good order
 */
public record NodeReport(
    String nodeId,
    long bootToken,
    String endpoint,
    String httpEndpoint,
    @Nullable NodeLoad load,
    boolean leaving) {}
