package dev.fenceline.client.resource;

import java.time.Instant;

/**
 * What the registry knows of any node; immutable.
 *
 * @param state {@code live}, {@code suspect}, {@code lost} or {@code left}
 * @param reason why it is in this state
 * @param since when it entered this state
 * @param endpoint host:port of its gRPC server
 * @param httpEndpoint host:port of its HTTP port, or empty
 * @param silentMillis time since its last report
 */
public record Registration(
    String state,
    String reason,
    Instant since,
    String bootToken,
    String endpoint,
    String httpEndpoint,
    Instant registeredAt,
    long silentMillis) {}
