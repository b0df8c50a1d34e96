package dev.fenceline.agent.engine;

import dev.fenceline.agent.engine.memory.PageCopy;
import dev.fenceline.agent.engine.memory.PagePool;
import dev.fenceline.model.MigrationRun;
import dev.fenceline.model.MigrationRun.Outcome;
import dev.fenceline.model.Peer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One migration as the device's side sees it: where each page is, and what became of it so far.
 * Confined to its engine.
 */
final class Migration {
  final long id;
  final boolean fromHost;
  final DeviceSpace view;
  final long vpn;
  final int[] generations;
  final int[] localPages;
  private final @Nullable Outcome[] outcomes;

  /** Copies that are not over. */
  int copies;

  /** The host does not want it any more, or the session is over: nothing of it is reported. */
  boolean abandoned;

  boolean reported;

  /** Nothing is pushed: another device reads the pages here. */
  boolean hold;

  Migration(long id, boolean fromHost, DeviceSpace view, long vpn, int pageCount) {
    this.id = id;
    this.fromHost = fromHost;
    this.view = view;
    this.vpn = vpn;
    this.generations = new int[pageCount];
    this.localPages = new int[pageCount];
    this.outcomes = new Outcome[pageCount];
    Arrays.fill(localPages, PagePool.NONE);
  }

  int pageCount() {
    return localPages.length;
  }

  void ended(int index, Outcome outcome) {
    outcomes[index] = outcome;
  }

  boolean isDone(int index) {
    return outcomes[index] == Outcome.DONE;
  }

  boolean isOpen(int index) {
    return outcomes[index] == null;
  }

  /** The pages whose fate is open, in copies of consecutive pages. */
  List<PageCopy> copiesOfOpenPages(@Nullable Peer[] peers) {
    List<PageCopy> found = new ArrayList<>();
    int first = 0;
    while (first < pageCount()) {
      int end = first;
      while (end < pageCount()
          && isOpen(end)
          && end - first < PageCopy.MAX_PAGES
          && java.util.Objects.equals(peers[end], peers[first])) {
        end++;
      }
      if (end > first) {
        found.add(copy(first, end, peers[first]));
      }
      first = Math.max(end, first + 1);
    }
    return found;
  }

  private PageCopy copy(int first, int end, @Nullable Peer peer) {
    return new PageCopy(
        id,
        fromHost,
        view.spaceId(),
        view.deviceIndex(),
        vpn + first,
        Arrays.copyOfRange(generations, first, end),
        Arrays.copyOfRange(localPages, first, end),
        peer);
  }

  /** Every page exactly once, in order. */
  List<MigrationRun.Report> report() {
    List<MigrationRun.Report> runs = new ArrayList<>();
    for (int i = 0; i < pageCount(); i++) {
      Outcome outcome = outcomes[i] == null ? Outcome.FAILED : outcomes[i];
      int local = fromHost && outcome == Outcome.DONE ? localPages[i] : 0;
      MigrationRun.Report last = runs.isEmpty() ? null : runs.getLast();
      boolean placed = fromHost && outcome == Outcome.DONE;
      if (last != null
          && last.outcome() == outcome
          && (!placed || last.firstLocalPage() + last.pageCount() == local)) {
        runs.removeLast();
        runs.add(new MigrationRun.Report(last.pageCount() + 1, outcome, last.firstLocalPage()));
      } else {
        runs.add(new MigrationRun.Report(1, outcome, local));
      }
    }
    return runs;
  }
}
