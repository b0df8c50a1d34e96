package dev.fenceline.testbed.sim;

import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.shard.ShardInput;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import dev.fenceline.model.WaitPolicy;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where clients submit operations to a host and are answered, each exactly once (INV-6). Dies with
 * the host. Confined to the event loop.
 */
final class OperationDesk {
  /** No client waits for it. */
  private static final long UNPIN = -1;

  private record Submitted(SimClient client, SpaceOperation operation) {}

  private final SimWorld world;
  private final SimHost host;
  private final Map<Long, Submitted> waiting = new LinkedHashMap<>();

  OperationDesk(SimWorld world, SimHost host) {
    this.world = world;
    this.host = host;
  }

  void submit(SimClient client, SpaceOperation operation, WaitPolicy policy) {
    long id = world.nextId();
    waiting.put(id, new Submitted(client, operation));
    int shard =
        operation instanceof SpaceOperation.Create
            ? (int) (id % SimSettings.SHARDS)
            : (int) (operation.spaceId() % SimSettings.SHARDS);
    host.shard(shard).post(new ShardInput.Submit(id, operation, policy));
  }

  boolean idle() {
    return waiting.isEmpty();
  }

  void hostDied() {
    waiting.values().forEach(submitted -> submitted.client().answered());
    waiting.clear();
  }

  /** One page that the forked space shares may be written at once. */
  private void leaveWritable(long childId) {
    var child = host.shardOf(childId).engine().queries().space(childId);
    if (child != null) {
      var pages = child.memory().pages();
      long[] first = {0};
      pages.forEachNonEmpty(
          0, Pages.PAGE_LIMIT, (vpn, entry) -> first[0] = Pte.isPresent(entry) ? vpn : first[0]);
      if (first[0] != 0) {
        pages.set(first[0], Pte.withWritable(pages.get(first[0]), true));
      }
    }
  }

  /** The operation ended, in this moment. */
  void ended(long requestId, OperationOutcome outcome) {
    if (requestId == UNPIN) {
      if (!(outcome instanceof OperationOutcome.Done)) {
        throw new InvariantViolation("INV-11", "a pin was not there any more: " + outcome);
      }
      return;
    }
    Submitted submitted = waiting.remove(requestId);
    if (submitted == null) {
      throw new InvariantViolation("INV-6", "operation " + requestId + " was answered twice");
    }
    world.spaceOperations++;
    switch (outcome) {
      case OperationOutcome.Done done -> done(submitted.operation(), done.value());
      case OperationOutcome.BackedOff b -> world.count(Sometimes.BACKED_OFF);
      case OperationOutcome.Refused refused -> {
        if (refused.errno() == Errno.EAGAIN) {
          world.count(Sometimes.TRY_REFUSED);
        } else if (refused.errno() == Errno.RESOURCE_EXHAUSTED) {
          world.count(Sometimes.FRAMES_EXHAUSTED);
        }
      }
    }
    submitted.client().answered();
  }

  /** Nobody waits for it: it ends when it does, also while nobody asks for anything new. */
  private void unpinLater(long pinId) {
    host.after(
        1 + (pinId * 1_999_993) % (8 * SimSettings.MILLI),
        "unpin",
        () ->
            host.shard((int) (pinId % SimSettings.SHARDS))
                .post(
                    new ShardInput.Submit(
                        UNPIN, new SpaceOperation.Unpin(pinId), WaitPolicy.BLOCK)));
  }

  private void done(SpaceOperation operation, long value) {
    world.memory.applied(host.epoch(), operation, value);
    if (operation instanceof SpaceOperation.Pin) {
      world.count(Sometimes.PINNED);
      unpinLater(value);
    }
    if (operation instanceof SpaceOperation.Create) {
      world.spaces.add(new SimSpace(host.epoch(), value));
    } else if (operation instanceof SpaceOperation.Fork) {
      world.count(Sometimes.SPACE_FORKED);
      world.spaces.add(new SimSpace(host.epoch(), value));
      if (world.broken(Breakage.FORK_LEAVES_WRITABLE)) {
        leaveWritable(value);
      }
    } else if (operation instanceof SpaceOperation.Destroy) {
      world.count(Sometimes.SPACE_DESTROYED);
      world.spaces.remove(new SimSpace(host.epoch(), operation.spaceId()));
    }
  }
}
