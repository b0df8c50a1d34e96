package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.Operation;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.ObjectEviction;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.PteType;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds cold pages for those who wait for a frame, and has them swapped out; where there are none,
 * it asks other shards and the owners of pins. Confined to the shard.
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

  /** When other shards and owners of pins are asked for frames again. */
  private long askAgainNanos = Long.MIN_VALUE;

  private long framesFreed;
  private long backedOff;

  Reclaimer(ShardState state) {
    this.state = state;
  }

  /** Somebody in the space waits for a frame, and did so before if this is a further try. */
  void starves(AddressSpace space, long sinceNanos, long nowNanos) {
    starving.merge(space.id(), sinceNanos, Math::min);
    retryNanos = Math.min(retryNanos, nowNanos + RETRY_NANOS);
  }

  boolean anybodyStarves() {
    return !starving.isEmpty();
  }

  long nextDeadlineNanos() {
    return starving.isEmpty() ? Long.MAX_VALUE : retryNanos;
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

  /** Spaces where somebody waits for a frame. */
  List<Long> starvingSpaces() {
    return List.copyOf(starving.keySet());
  }

  /** Whether somebody has waited in vain for too long. */
  boolean anybodyHopeless(long nowNanos) {
    long since = hopelessSinceNanos(nowNanos);
    for (Long starvesSince : starving.values()) {
      if (starvesSince <= since) {
        return true;
      }
    }
    return false;
  }

  /** Who waits since then has waited in vain for too long. */
  long hopelessSinceNanos(long nowNanos) {
    return nowNanos - patienceNanos();
  }

  /** Spaces where somebody has waited in vain for too long; they are not starving any more. */
  List<AddressSpace> takeHopeless(long nowNanos) {
    List<AddressSpace> hopeless = new ArrayList<>();
    long since = hopelessSinceNanos(nowNanos);
    for (Map.Entry<Long, Long> entry : List.copyOf(starving.entrySet())) {
      AddressSpace space = state.space(entry.getKey());
      if (space == null || entry.getValue() <= since) {
        starving.remove(entry.getKey());
        if (space != null) {
          hopeless.add(space);
        }
      }
    }
    return hopeless;
  }

  /** Out of memory, nobody is kept waiting for longer than other shards need for an answer. */
  private long patienceNanos() {
    ReclaimConfig config = state.config.reclaim();
    if (!outOfMemory()) {
      return config.patienceNanos();
    }
    return state.config.shardCount() == 1
        ? 0
        : Math.min(config.patienceNanos(), 2 * config.waitNanos() + 2 * RETRY_NANOS);
  }

  /** No slot to swap out to, and nothing under way or pinned that could give frames back. */
  boolean outOfMemory() {
    return full() && state.operations.isEmpty() && state.pins.pinnedFrames() == 0;
  }

  private boolean full() {
    return state.swapSlots.used() >= state.swapSlots.capacity();
  }

  /** Somebody starves: the coldest pages go, or others are asked for frames. */
  void relieve(long nowNanos) {
    retryNanos = nowNanos + RETRY_NANOS;
    if (reclaim(false) > 0 || running() > 0 || nowNanos < askAgainNanos) {
      return;
    }
    askAgainNanos = nowNanos + RETRY_NANOS;
    if (state.config.shardCount() > 1) {
      state.emit(new ShardEffect.ReclaimElsewhere());
    }
    List<Pin> asked = state.pins.takeToAskBack(nowNanos);
    if (!asked.isEmpty()) {
      state.emit(new ShardEffect.PinsAskedBack(asked));
    }
  }

  /**
   * Asks for the coldest pages to be swapped out.
   *
   * @param politely pages that devices hold stay
   * @return how many frames were found
   */
  int reclaim(boolean politely) {
    // Without a slot for it, a page would be invalidated for nothing.
    int most = Math.min(BATCH, state.swapSlots.capacity() - state.swapSlots.used());
    if (most == 0 || running() >= MAX_RUNNING) {
      return 0;
    }
    int[] frames =
        state.frameTable.lists().coldest(most, frame -> mayGo(frame) && !(politely && held(frame)));
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
    return frames.length;
  }

  /** One of its operations has ended. */
  void ended(OperationOutcome outcome) {
    switch (outcome) {
      case OperationOutcome.Done done -> framesFreed += done.value();
      case OperationOutcome.BackedOff late -> backedOff++;
      case OperationOutcome.Refused refused -> {}
    }
  }

  /** Frames that became free by swapping out, since the start. */
  long framesFreed() {
    return framesFreed;
  }

  /** Reclaims that passed over slow devices, since the start. */
  long backedOff() {
    return backedOff;
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

  /**
   * Not pinned, its residency over, and not held by an operation already: every page that maps it
   * is at rest.
   */
  private boolean mayGo(int frame) {
    if (state.pins.pinned(frame) && !state.config.reclaim().notifiesPinned()) {
      state.pinnedSkipped++;
      return false;
    }
    if (state.frameTable.lists().isResident(frame, state.nowNanos)) {
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
                  && !space.memory().isHugetlb(vpn)
                  && isInFrame(space.memory().entry(vpn))
                  && space.firstHeldPage(vpn, vpn + 1) != vpn
                  && !someoneIsBehind(space, vpn);
        });
    return atRest[0];
  }

  /** A device that has a page for itself alone does not keep its frame thereby. */
  private static boolean isInFrame(long entry) {
    return Pte.isPresent(entry) || Pte.type(entry) == PteType.EXCLUSIVE;
  }

  /** Whether a device has a translation to the frame. */
  private boolean held(int frame) {
    boolean[] held = {false};
    state.frameTable.forEachMapping(
        frame,
        (spaceId, vpn) -> {
          AddressSpace space = state.space(spaceId);
          if (space != null) {
            space
                .mirrors()
                .forEachOverlap(
                    Pages.address(vpn),
                    Pages.address(vpn + 1),
                    mirror -> held[0] |= mirror.view().holders().holdsAny(vpn, vpn + 1));
          }
        });
    return held[0];
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
