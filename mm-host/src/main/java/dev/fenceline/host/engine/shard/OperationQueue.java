package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.Operation;
import dev.fenceline.host.engine.invalidation.OperationOutcome.Refused;
import dev.fenceline.host.engine.space.OperationPlan.Footprint;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Errno;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which operations wait for which, and until when. Confined to the shard.
 *
 * <p>Operations over the same pages run in the order of their arrival, but for {@link
 * SpaceOperation.Internal} ones, which go before all that are only queued: one of those may be who
 * needs it.
 */
final class OperationQueue {
  private final ShardConfig config;
  private final List<Operation> withDeadline = new ArrayList<>();

  OperationQueue(ShardConfig config) {
    this.config = config;
  }

  /** True if another operation has the pages, or waits for them and came first. */
  static boolean heldUp(AddressSpace space, Operation operation) {
    for (Footprint interval : operation.footprint()) {
      if (touchedBy(space.active(), operation, interval)
          || (!operation.internal() && touchedBy(space.queued(), operation, interval))) {
        return true;
      }
    }
    return false;
  }

  private static boolean touchedBy(
      Iterable<Operation> others, Operation operation, Footprint interval) {
    for (Operation other : others) {
      if (other != operation && other.touches(interval.vpnStart(), interval.vpnEnd())) {
        return true;
      }
    }
    return false;
  }

  /** True if the same was asked for before and has not ended. */
  static boolean underWay(AddressSpace space, SpaceOperation operation) {
    return space.active().stream().anyMatch(other -> other.request().equals(operation))
        || space.queued().stream().anyMatch(other -> other.request().equals(operation));
  }

  /** Lets the operation wait; or says why it must not. */
  @Nullable Refused offer(AddressSpace space, Operation operation) {
    if (operation.internal()) {
      // As many as faults and operations wait for them, which are bounded.
      space.queued().addFirst(operation);
      if (operation.request() instanceof SpaceOperation.Reclaim) {
        // Others can be swapped out instead: it does not begin when its time is over.
        watch(operation);
      }
      return null;
    }
    if (operation.waitsForNothing()) {
      return new Refused(
          Errno.EAGAIN,
          "the interval is being invalidated or a fence queue is full; a try does not wait",
          null);
    }
    if (space.queued().size() >= config.maxQueuedOperations()) {
      return new Refused(
          Errno.RESOURCE_EXHAUSTED,
          "more than "
              + config.maxQueuedOperations()
              + " operations wait on address space "
              + space.id(),
          null);
    }
    space.queued().addLast(operation);
    watch(operation);
    return null;
  }

  /** From now on, its deadline counts. */
  void watch(Operation operation) {
    if (operation.deadlineNanos() != Long.MAX_VALUE && !withDeadline.contains(operation)) {
      withDeadline.add(operation);
    }
  }

  /** Its deadline does not count any more. */
  void unwatch(Operation operation) {
    if (operation.deadlineNanos() != Long.MAX_VALUE) {
      withDeadline.remove(operation);
    }
  }

  /** Takes those out whose deadline has passed. */
  List<Operation> expired(long nowNanos) {
    if (nextDeadlineNanos() > nowNanos) {
      return List.of();
    }
    List<Operation> late = new ArrayList<>();
    for (Operation operation : withDeadline) {
      if (operation.deadlineNanos() <= nowNanos) {
        late.add(operation);
      }
    }
    withDeadline.removeAll(late);
    return late;
  }

  long nextDeadlineNanos() {
    long next = Long.MAX_VALUE;
    for (int i = 0; i < withDeadline.size(); i++) {
      next = Math.min(next, withDeadline.get(i).deadlineNanos());
    }
    return next;
  }
}
