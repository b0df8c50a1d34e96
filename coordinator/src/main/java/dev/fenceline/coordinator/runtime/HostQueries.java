package dev.fenceline.coordinator.runtime;

import dev.fenceline.coordinator.engine.query.Answer;
import dev.fenceline.coordinator.engine.query.AttributedRange;
import dev.fenceline.coordinator.engine.query.ContendedBlock;
import dev.fenceline.coordinator.engine.query.Faults;
import dev.fenceline.coordinator.engine.query.HostPolicy;
import dev.fenceline.coordinator.engine.query.HostStatus;
import dev.fenceline.coordinator.engine.query.Interval;
import dev.fenceline.coordinator.engine.query.Invalidation;
import dev.fenceline.coordinator.engine.query.Mirror;
import dev.fenceline.coordinator.engine.query.Page;
import dev.fenceline.coordinator.engine.query.Pin;
import dev.fenceline.coordinator.engine.query.Portion;
import dev.fenceline.coordinator.engine.query.Range;
import dev.fenceline.coordinator.engine.query.Session;
import dev.fenceline.coordinator.engine.query.Space;
import dev.fenceline.coordinator.engine.query.SpaceMap;
import dev.fenceline.coordinator.engine.query.Standing;
import dev.fenceline.coordinator.engine.query.WaitTimes;
import dev.fenceline.model.DeviceId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Questions to one host. Thread-safe; each call blocks for the query time-out at most and never
 * throws for what the host or the network does. Limits are 1 to 1000.
 */
public interface HostQueries {
  Answer<HostStatus> host(String endpoint);

  Answer<List<Session>> sessions(String endpoint);

  /** Spaces with ids above {@code afterSpaceId}, ascending. */
  Answer<Portion<Space>> spaces(String endpoint, long afterSpaceId, int limit);

  Answer<Space> space(String endpoint, long spaceId);

  Answer<Portion<Range>> ranges(String endpoint, RangeQuery query);

  Answer<Page> page(String endpoint, long spaceId, long address);

  Answer<Portion<Mirror>> mirrors(String endpoint, MirrorQuery query);

  /** Newest first. */
  Answer<Portion<Invalidation>> invalidations(String endpoint, InvalidationQuery query);

  Answer<Invalidation> invalidation(String endpoint, long invalidationId);

  /**
   * @param interval null for the smallest with all mappings
   * @param cells 1 to 2048
   */
  Answer<SpaceMap> map(String endpoint, long spaceId, @Nullable Interval interval, int cells);

  /** Oldest first; all spaces if {@code spaceId} is 0. */
  Answer<Faults> faults(String endpoint, long spaceId, int limit);

  /** Oldest first. */
  Answer<Portion<Pin>> pins(String endpoint, PinQuery query);

  /** Ranges that end behind {@code from} and have attributes, by address. */
  Answer<Portion<AttributedRange>> attributes(String endpoint, long spaceId, long from, int limit);

  /** Contended blocks that begin at or behind {@code from}, by address. */
  Answer<Portion<ContendedBlock>> contention(String endpoint, long spaceId, long from, int limit);

  Answer<WaitTimes> waitTimes(String endpoint);

  /** Agents that are quarantined or have strikes. */
  Answer<List<Standing>> standings(String endpoint);

  Answer<HostPolicy> policy(String endpoint);

  /**
   * Which invalidations; immutable.
   *
   * @param spaceId 0 for all
   * @param beforeId only older ones; 0 from the newest
   */
  record InvalidationQuery(long spaceId, boolean pendingOnly, long beforeId, int limit) {}

  /**
   * Which pins; immutable.
   *
   * @param spaceId 0 for all
   * @param owner empty for all
   */
  record PinQuery(long spaceId, String owner, boolean longTermOnly, long afterPinId, int limit) {}

  /** Which ranges; immutable. {@code fromAddress} continues a {@link Portion}. */
  record RangeQuery(
      long spaceId,
      @Nullable Interval interval,
      @Nullable DeviceId holder,
      long fromAddress,
      int limit) {}

  /** Which mirrors; immutable. {@code from} continues a {@link Portion}. */
  record MirrorQuery(long spaceId, @Nullable Interval interval, long from, int limit) {}
}
