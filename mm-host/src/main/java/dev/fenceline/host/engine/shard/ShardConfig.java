package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.thrash.ThrashPolicy;
import dev.fenceline.host.engine.turn.TurnPolicy;

/**
 * The constants of a shard; immutable.
 *
 * @param shardIndex place of this shard; ids made here are congruent to it modulo shardCount
 * @param overdueNanos age at which a pending fence stops lease renewal
 * @param maxFencesPerSession fence slots of one session, reserved when an invalidation is scheduled
 * @param maxQueuedOperations operations of one address space that may wait for earlier ones
 * @param maxFaultsPerSession faults of one session that may be parked
 * @param historyLength ended invalidations that are remembered
 * @param maxSpaces address spaces of the shard
 * @param maxMirrorsPerSession mirrors of one session on this shard
 * @param reclaim how frames are got back
 * @param turns when devices that starve get a turn
 * @param thrash when parties that want the same pages have to wait for each other
 * @param migration how long migrations may take
 * @param oom who pays for it that no frame is left
 */
public record ShardConfig(
    int shardIndex,
    int shardCount,
    long hostEpoch,
    long overdueNanos,
    int maxFencesPerSession,
    int maxQueuedOperations,
    int maxFaultsPerSession,
    int historyLength,
    int maxSpaces,
    int maxMirrorsPerSession,
    ReclaimConfig reclaim,
    TurnPolicy turns,
    ThrashPolicy thrash,
    MigrationConfig migration,
    OomConfig oom) {
  /** Defaults for a shard. */
  public static ShardConfig of(int shardIndex, int shardCount, long hostEpoch, long overdueNanos) {
    return new ShardConfig(
        shardIndex,
        shardCount,
        hostEpoch,
        overdueNanos,
        4096,
        4096,
        4096,
        1024,
        100_000,
        2_000_000,
        ReclaimConfig.NONE,
        TurnPolicy.DEFAULT,
        ThrashPolicy.DEFAULT,
        MigrationConfig.DEFAULT,
        OomConfig.REFUSE);
  }

  public ShardConfig withReclaim(ReclaimConfig newReclaim) {
    return with(newReclaim, turns, thrash, migration, oom);
  }

  public ShardConfig withTurns(TurnPolicy newTurns) {
    return with(reclaim, newTurns, thrash, migration, oom);
  }

  public ShardConfig withMigration(MigrationConfig newMigration) {
    return with(reclaim, turns, thrash, newMigration, oom);
  }

  public ShardConfig withThrash(ThrashPolicy newThrash) {
    return with(reclaim, turns, newThrash, migration, oom);
  }

  public ShardConfig withOom(OomConfig newOom) {
    return with(reclaim, turns, thrash, migration, newOom);
  }

  private ShardConfig with(
      ReclaimConfig newReclaim,
      TurnPolicy newTurns,
      ThrashPolicy newThrash,
      MigrationConfig newMigration,
      OomConfig newOom) {
    return new ShardConfig(
        shardIndex,
        shardCount,
        hostEpoch,
        overdueNanos,
        maxFencesPerSession,
        maxQueuedOperations,
        maxFaultsPerSession,
        historyLength,
        maxSpaces,
        maxMirrorsPerSession,
        newReclaim,
        newTurns,
        newThrash,
        newMigration,
        newOom);
  }
}
