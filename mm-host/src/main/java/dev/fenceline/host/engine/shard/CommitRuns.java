package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.model.MigrationRun;
import java.util.ArrayList;
import java.util.List;

/** The runs of a commit, page by page. Confined to one call. */
final class CommitRuns {
  /** A page that is not accepted; no entry is this. */
  static final long NOT_ACCEPTED = -1;

  /** A page that is accepted and of which there is nothing to install. */
  static final long ACCEPTED = 0;

  private final List<Long> pages = new ArrayList<>();

  /** The entry of the next page, or one of the above. */
  void add(long entry) {
    pages.add(entry);
  }

  boolean accepted(int offset) {
    return pages.get(offset) != NOT_ACCEPTED;
  }

  List<MigrationRun.Commit> build() {
    List<MigrationRun.Commit> runs = new ArrayList<>();
    for (long entry : pages) {
      MigrationRun.Commit page =
          entry == NOT_ACCEPTED
              ? new MigrationRun.Commit(1, false, 0, false)
              : new MigrationRun.Commit(1, true, Pte.generation(entry), Pte.writable(entry));
      MigrationRun.Commit last = runs.isEmpty() ? null : runs.getLast();
      if (last != null
          && last.accepted() == page.accepted()
          && last.generation() == page.generation()
          && last.writable() == page.writable()) {
        runs.set(
            runs.size() - 1,
            new MigrationRun.Commit(
                last.pageCount() + 1, page.accepted(), page.generation(), page.writable()));
      } else {
        runs.add(page);
      }
    }
    return runs;
  }
}
