package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.Operation;
import dev.fenceline.host.engine.space.ObjectEviction;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Direct reclaim: finds cold pages for those who wait for a frame, and has them swapped out.
 * Confined to the shard.
 *
 * <p>Pinned frames are passed over before anybody is notified, and looked at again at C, since a
 * pin may come between (INV-11).
 */
final class Reclaimer {
  /** Frames that one search looks for at least, so that the next to ask finds some. */
  static final int BATCH = 32;

  /** Reclaims that run at a time. */
  private static final int MAX_RUNNING = 64;

  /** Fences that a device may owe before its pages are passed over. */
  private static final int MAX_OWED = 8;

  /** How soon somebody who waits looks again: other shards free frames as well. */
  private static final long RETRY_NANOS = 1_000_000;

  private final ShardState state;

  /** Spaces where somebody waits for a frame, and since when. */
  private final Map<Long, Long> starving = new LinkedHashMap<>();

  private long retryNanos = Long.MAX_VALUE;

  Reclaimer(ShardState state) {
    this.state = state;
  }

  /** Somebody in the space waits for a frame. */
  void starves(AddressSpace space, long nowNanos) {
    starving.putIfAbsent(space.id(), nowNanos);
    retryNanos = Math.min(retryNanos, nowNanos + RETRY_NANOS);
  }

  boolean anybodyStarves() {
    return !starving.isEmpty();
  }

  long nextDeadlineNanos() {
    return retryNanos;
  }

  /** Frames are there: those who waited try again, and say so if they still starve. */
  List<AddressSpace> takeStarving() {
    List<AddressSpace> spaces = new ArrayList<>(starving.size());
    for (Long id : starving.keySet()) {
      AddressSpace space = state.space(id);
      if (space != null) {
        spaces.add(space);
      }
    }
    starving.clear();
    retryNanos = Long.MAX_VALUE;
    return spaces;
  }

  /** Spaces where somebody has waited in vain for too long; they are not waited for any more. */
  List<AddressSpace> takeHopeless(long nowNanos) {
    List<AddressSpace> hopeless = new ArrayList<>();
    for (Map.Entry<Long, Long> entry : List.copyOf(starving.entrySet())) {
      AddressSpace space = state.space(entry.getKey());
      if (space == null || nowNanos - entry.getValue() >= patienceNanos()) {
        starving.remove(entry.getKey());
        if (space != null) {
          hopeless.add(space);
        }
      }
    }
    return hopeless;
  }

  private long patienceNanos() {
    return state.config.reclaim().patienceNanos();
  }

  /** Asks for the coldest pages to be swapped out. */
  void reclaim(long nowNanos) {
    retryNanos = nowNanos + RETRY_NANOS;
    int running = running();
    if (running >= MAX_RUNNING) {
      return;
    }
    int[] frames = state.frameTable.lists().coldest(BATCH, this::mayGo);
    List<SpaceOperation.Reclaim> pages = new ArrayList<>(frames.length);
    for (int frame : frames) {
      if (ObjectEviction.evict(state, frame)) {
        continue;
      }
      state.frameTable.forEachMapping(
          frame,
          (spaceId, vpn) -> {
            if (spaceId > 0) {
              pages.add(new SpaceOperation.Reclaim(spaceId, vpn, vpn + 1));
            }
          });
    }
    pages.sort(
        Comparator.comparingLong(SpaceOperation.Reclaim::spaceId)
            .thenComparingLong(SpaceOperation.Reclaim::vpnStart));
    state.wanted.addAll(joined(pages));
  }

  /** One operation for pages side by side: one fence for all of them. */
  private static List<SpaceOperation.Reclaim> joined(List<SpaceOperation.Reclaim> ascending) {
    List<SpaceOperation.Reclaim> runs = new ArrayList<>();
    for (SpaceOperation.Reclaim page : ascending) {
      SpaceOperation.Reclaim last = runs.isEmpty() ? null : runs.get(runs.size() - 1);
      if (last != null && last.spaceId() == page.spaceId() && last.vpnEnd() == page.vpnStart()) {
        runs.set(
            runs.size() - 1,
            new SpaceOperation.Reclaim(page.spaceId(), last.vpnStart(), page.vpnEnd()));
      } else {
        runs.add(page);
      }
    }
    return runs;
  }

  private int running() {
    int running = 0;
    for (Operation operation : state.operations.values()) {
      running += operation.request() instanceof SpaceOperation.Reclaim ? 1 : 0;
    }
    return running;
  }

  /** Not pinned, and not held by an operation already: every page that maps it is at rest. */
  private boolean mayGo(int frame) {
    if (state.pins.pinned(frame) && !state.config.reclaim().notifiesPinned()) {
      state.pinnedSkipped++;
      return false;
    }
    boolean[] atRest = {true};
    state.frameTable.forEachMapping(
        frame,
        (spaceId, vpn) -> {
          if (spaceId < 0) {
            return; // an object, which is always at rest
          }
          AddressSpace space = state.space(spaceId);
          atRest[0] &=
              space != null
                  && Pte.isPresent(space.memory().entry(vpn))
                  && space.firstHeldPage(vpn, vpn + 1) != vpn
                  && !someoneIsBehind(space, vpn);
        });
    return atRest[0];
  }

  /** A device that does not keep up is not given more to drain: it would lose its lease. */
  private static boolean someoneIsBehind(AddressSpace space, long vpn) {
    boolean[] behind = {false};
    space
        .mirrors()
        .forEachOverlap(
            Pages.address(vpn),
            Pages.address(vpn + 1),
            mirror -> behind[0] |= mirror.view().ledger().pendingCount() >= MAX_OWED);
    return behind[0];
  }
}
