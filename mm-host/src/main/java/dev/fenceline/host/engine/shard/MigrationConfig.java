package dev.fenceline.host.engine.shard;

/**
 * How long migrations may take; immutable.
 *
 * @param boundNanos a device that has not reported by then has its migration given up
 * @param graceNanos for so long pages of an agent that vanished wait for its return
 */
public record MigrationConfig(long boundNanos, long graceNanos) {
  public static final MigrationConfig DEFAULT =
      new MigrationConfig(10_000_000_000L, 10_000_000_000L);
}
