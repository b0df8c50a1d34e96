package dev.fenceline.coordinator.runtime;

import dev.fenceline.coordinator.engine.query.Answer;
import dev.fenceline.coordinator.engine.query.HostStatus;
import dev.fenceline.coordinator.engine.query.Interval;
import dev.fenceline.coordinator.engine.query.Invalidation;
import dev.fenceline.coordinator.engine.query.Mirror;
import dev.fenceline.coordinator.engine.query.Page;
import dev.fenceline.coordinator.engine.query.Portion;
import dev.fenceline.coordinator.engine.query.Range;
import dev.fenceline.coordinator.engine.query.Session;
import dev.fenceline.coordinator.engine.query.Space;
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

  /** Newest first; all spaces if {@code spaceId} is 0. */
  Answer<List<Invalidation>> invalidations(
      String endpoint, long spaceId, boolean pendingOnly, int limit);

  Answer<Invalidation> invalidation(String endpoint, long invalidationId);

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
