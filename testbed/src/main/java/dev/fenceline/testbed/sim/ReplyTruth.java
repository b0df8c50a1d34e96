package dev.fenceline.testbed.sim;

import dev.fenceline.host.engine.shard.ShardQueries;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.model.PageRun;

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
    if (Pte.generation(truth) != run.generation()
        || !(Pte.isPresent(truth) || (zero && Pte.isZero(truth)))
        || (run.writable() && !Pte.writable(truth))) {
      throw new InvariantViolation(
          "INV-8",
          "page 0x%x of %s: said %s, has %s".formatted(vpn, space, run, Pte.describe(truth)));
    }
  }
}
