package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.DeviceView;
import dev.fenceline.host.engine.migration.Migration;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.model.MigrationRun;
import dev.fenceline.model.Pages;
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

  /** To the device: it may install what is committed. To the host: it has dropped it. */
  void toHolders(ShardState state, AddressSpace space, Migration migration) {
    ShardSession session = state.sessions.get(migration.owner().sessionId());
    if (session == null) {
      return;
    }
    DeviceView view = session.view(space.id(), migration.owner().device().deviceIndex());
    if (view == null) {
      return;
    }
    long start = migration.place().vpnStart();
    for (int i = 0; i < migration.pageCount(); i++) {
      if (accepted(i) && migration.direction() != Migration.Direction.TO_HOST) {
        if (hears(session, view, start + i)) {
          view.holders().grant(start + i, 1);
        }
      } else if (accepted(i)) {
        view.holders().release(start + i, start + i + 1);
      }
    }
  }

  /** A mirror that was removed meanwhile maps nothing, and hears of nothing (INV-12). */
  private static boolean hears(ShardSession session, DeviceView view, long vpn) {
    long address = Pages.address(vpn);
    return session.mirrors().values().stream()
        .anyMatch(
            mirror -> mirror.view() == view && mirror.start() <= address && address < mirror.end());
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
