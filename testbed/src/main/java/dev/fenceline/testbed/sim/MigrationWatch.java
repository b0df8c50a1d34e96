package dev.fenceline.testbed.sim;

import dev.fenceline.host.engine.shard.ShardEffect;
import dev.fenceline.host.engine.shard.ShardInput;
import dev.fenceline.host.engine.shard.ShardQueries;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.MigrationRun;
import java.util.List;

/**
 * Counts the rare states of device memory on the host's side, and loses what a breakage has lost.
 * Confined to the event loop.
 */
final class MigrationWatch {
  private final SimWorld world;
  private final ShardQueries queries;
  private boolean greeting;

  MigrationWatch(SimWorld world, ShardQueries queries) {
    this.world = world;
    this.queries = queries;
  }

  /** Nothing is on its way to or from a device. */
  boolean idle() {
    return queries.migrationsUnderWay() == 0;
  }

  void before(ShardInput input) {
    greeting = input instanceof ShardInput.SessionGreeted;
    if (input instanceof ShardInput.SessionEnded gone
        && queries.migrationsUnderWay(gone.sessionId()) > 0) {
      world.count(Sometimes.SESSION_ENDED_IN_MIGRATION);
    }
    if (input instanceof ShardInput.FromAgent from
        && from.message() instanceof AgentMessage.MigrationReport report
        && report.runs().stream()
            .anyMatch(run -> run.outcome() == MigrationRun.Outcome.NO_MEMORY)) {
      world.count(Sometimes.MIGRATION_WITHOUT_ROOM);
    }
  }

  void after(ShardInput input, List<ShardEffect> effects) {
    if (input instanceof ShardInput.SessionGreeted greeted
        && !greeted.hello().held().isEmpty()
        && queries.deviceOwners().stream()
            .anyMatch(
                owner ->
                    owner.attached()
                        && owner.sessionId() == greeted.sessionId()
                        && !owner.pages().isEmpty())) {
      world.count(Sometimes.RETURNED_WITH_NEEDED_COPY);
    }
    for (ShardEffect effect : effects) {
      switch (effect) {
        case ShardEffect.CpuFaultEnded ended when ended.errno() == Errno.DATA_LOSS ->
            world.count(Sometimes.DATA_LOST);
        case ShardEffect.Send send -> said(send.message());
        default -> {}
      }
    }
  }

  private void said(HostMessage message) {
    if (message instanceof HostMessage.EvictReply reply && reply.pageCount() > 0) {
      world.count(Sometimes.EVICTED);
    } else if (message instanceof HostMessage.FaultReply reply
        && reply.errno() == Errno.DATA_LOSS) {
      world.count(Sometimes.DATA_LOST);
    } else if (greeting && message instanceof HostMessage.PagesReleased) {
      world.count(Sometimes.RETURNED_WITH_NEEDLESS_COPY);
    }
  }

  /** A breakage loses what an agent that comes back is told to free. */
  boolean isLost(ShardEffect.Send send) {
    return greeting
        && send.message() instanceof HostMessage.PagesReleased
        && world.broken(Breakage.COPY_NOT_RELEASED);
  }
}
