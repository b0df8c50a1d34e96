package dev.fenceline.host.engine.invalidation;

import dev.fenceline.host.engine.space.OperationPlan;
import dev.fenceline.host.engine.space.OperationPlan.Footprint;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.WaitPolicy;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An operation on an address space from its acceptance to its end, with the invalidations that it
 * needs (two for a move onto mapped memory). Confined to the shard.
 */
public final class Operation {
  /** The request id of {@link SpaceOperation.Internal} operations. */
  public static final long NO_REQUEST = -1;

  private final long id;
  private final long requestId;
  private final SpaceOperation request;
  private final WaitPolicy wait;
  private final long deadlineNanos;
  private final List<Invalidation> invalidations = new ArrayList<>(1);
  private List<Footprint> footprint = List.of();
  private SpaceOperation resolved;
  private SpaceOperation.@Nullable Internal needs;
  private long starvesSinceNanos = Long.MAX_VALUE;

  public Operation(
      long id, long requestId, SpaceOperation request, WaitPolicy wait, long nowNanos) {
    this.id = id;
    this.requestId = requestId;
    this.request = request;
    this.resolved = request;
    this.wait = wait;
    this.deadlineNanos =
        switch (wait) {
          case WaitPolicy.Block b -> Long.MAX_VALUE;
          case WaitPolicy.Try t -> nowNanos;
          case WaitPolicy.Deadline d -> nowNanos + d.nanos();
        };
  }

  public long id() {
    return id;
  }

  /** What has to be done before it can start; null if it only waits for others. */
  public SpaceOperation.@Nullable Internal needs() {
    return needs;
  }

  public void needs(SpaceOperation.Internal operation) {
    needs = operation;
  }

  /** Since when it waits for frames, tried again and again; Long.MAX_VALUE if it does not. */
  public long starvesSinceNanos() {
    return starvesSinceNanos;
  }

  public void starves(long nowNanos) {
    starvesSinceNanos = Math.min(starvesSinceNanos, nowNanos);
  }

  /** It waits for something else. */
  public void starvesNoMore() {
    starvesSinceNanos = Long.MAX_VALUE;
  }

  /** True if the engine itself asked for it; then nobody is told of its end. */
  public boolean internal() {
    return request instanceof SpaceOperation.Internal;
  }

  public long requestId() {
    return requestId;
  }

  public SpaceOperation request() {
    return request;
  }

  public boolean waitsForNothing() {
    return wait instanceof WaitPolicy.Try;
  }

  /** When it backs off; Long.MAX_VALUE if it never does. */
  public long deadlineNanos() {
    return deadlineNanos;
  }

  /** The pages that it takes, as planned when it was taken up. */
  public List<Footprint> footprint() {
    return footprint;
  }

  public List<Invalidation> invalidations() {
    return invalidations;
  }

  /** What it is with every choice made. */
  public SpaceOperation resolved() {
    return resolved;
  }

  public void plan(OperationPlan.Ready ready) {
    footprint = ready.footprint();
    resolved = ready.resolved();
  }

  /** True if one of its footprint overlaps the pages. */
  public boolean touches(long vpnStart, long vpnEnd) {
    for (int i = 0; i < footprint.size(); i++) {
      if (footprint.get(i).overlaps(vpnStart, vpnEnd)) {
        return true;
      }
    }
    return false;
  }

  public int pendingFences() {
    int pending = 0;
    for (int i = 0; i < invalidations.size(); i++) {
      pending += invalidations.get(i).pendingCount();
    }
    return pending;
  }

  /** The timing over all its invalidations: the longest of each phase. */
  public OperationOutcome.Timing timing(long nowNanos) {
    if (invalidations.isEmpty()) {
      return OperationOutcome.Timing.NONE;
    }
    long schedule = 0;
    long unmap = 0;
    long wait = 0;
    int waited = 0;
    for (Invalidation invalidation : invalidations) {
      schedule = Math.max(schedule, invalidation.scheduleNanos(nowNanos));
      unmap = Math.max(unmap, invalidation.unmapNanos(nowNanos));
      wait = Math.max(wait, invalidation.waitNanos(nowNanos));
      waited += invalidation.waitedCount();
    }
    return new OperationOutcome.Timing(invalidations.get(0).id(), schedule, unmap, wait, waited);
  }
}
