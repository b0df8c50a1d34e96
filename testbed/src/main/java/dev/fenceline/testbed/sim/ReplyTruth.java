package dev.fenceline.testbed.sim;

import dev.fenceline.host.engine.shard.ShardQueries;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.PteType;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Pages;

/** The check of what hosts tell devices of pages; stateless. */
final class ReplyTruth {

  private ReplyTruth() {}

  /**
   * What a reply or a snapshot says of a page is what the page table has in this moment; a page of
   * zeros may have got its frame in the same step.
   */
  static void require(ShardQueries queries, SimSpace space, long vpn, PageRun run) {
    var known = queries.space(space.id());
    long truth = known == null ? 0 : known.memory().entry(vpn);
    boolean zero = run.state() == PageRun.State.ZERO;
    boolean there =
        switch (run.state()) {
          case DEVICE_LOCAL, PEER -> Pte.type(truth) == PteType.DEVICE_PRIVATE;
          case EXCLUSIVE -> Pte.type(truth) == PteType.EXCLUSIVE;
          case PRESENT, ZERO, HOLE, ERROR -> Pte.isPresent(truth) || (zero && Pte.isZero(truth));
        };
    boolean misplaced =
        run.order() == Pages.BLOCK_ORDER
            && run.state() == PageRun.State.PRESENT
            && Pte.isPresent(truth)
            && ((Pte.frame(truth) ^ vpn) & (Pages.PER_BLOCK - 1)) != 0;
    if (misplaced
        || Pte.generation(truth) != run.generation()
        || !there
        || (run.writable() && !Pte.writable(truth))) {
      throw new InvariantViolation(
          "INV-8",
          "page 0x%x of %s: said %s, has %s".formatted(vpn, space, run, Pte.describe(truth)));
    }
  }

  /** INV-12: whoever is told of an invalidation has a mirror there, and none that was removed. */
  static void requireListening(
      ShardQueries queries, long sessionId, HostMessage.Invalidate message) {
    var session = queries.session(sessionId);
    boolean listening =
        session != null
            && session.mirrors().values().stream()
                .anyMatch(
                    mirror ->
                        mirror.start() < message.end()
                            && message.start() < mirror.end()
                            && (message.deviceIndex() == HostMessage.Invalidate.ALL_DEVICES
                                || mirror.view().device().deviceIndex() == message.deviceIndex()));
    if (!listening) {
      throw new InvariantViolation(
          "INV-12", "session %d hears of %s without a mirror there".formatted(sessionId, message));
    }
  }
}
