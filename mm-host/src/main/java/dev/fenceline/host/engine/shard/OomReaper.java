package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.Operation;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Pages;
import dev.fenceline.model.WaitPolicy;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes the memory of an address space that was killed, by invalidations that wait for no device
 * (Linux' oom_reaper, the only caller of non-blocking invalidations there). Confined to the shard.
 *
 * <pre>
 *   round 1   pieces of 16 MiB:   freed | freed | a device drains: backed off | held: refused
 *             a pause, in which devices acknowledge what they were told
 *   round 2                                       freed                       | freed
 * </pre>
 *
 * <p>A device that was told drops its translations, backed off from or not, and holds nothing any
 * more when it has drained: the next round need not wait for it. What is left after the last round
 * goes with the space.
 */
public final class OomReaper {
  /** How often what is left is tried (Linux: MAX_OOM_REAP_RETRIES). */
  static final int MAX_ROUNDS = 10;

  /** Before the second round; doubles, so that all rounds take a second. */
  static final long FIRST_PAUSE_NANOS = 1_000_000;

  /** Pieces of 4096 pages, 16 MiB. */
  private static final int PIECE_BITS = 12;

  /**
   * Fences that a device may owe before it is told no more: it would be late and lose its lease.
   */
  private static final int MAX_OWED = 8;

  /**
   * What a victim gave.
   *
   * @param frames that nobody maps any more; pinned ones are free with the last of their pins
   * @param rounds that it took
   * @param backedOff tries that met a device which had to drain, or an operation
   * @param leftPages entries that are still there: they go with the space
   */
  public record Gain(long frames, int rounds, int backedOff, long leftPages) {
    static final Gain NONE = new Gain(0, 0, 0, 0);
  }

  private final ShardState state;
  private final OperationDriver operations;

  private @Nullable AddressSpace victim;
  private int rounds;
  private int running;
  private int backedOff;
  private long framesFreed;
  private long nextNanos;

  OomReaper(ShardState state, OperationDriver operations) {
    this.state = state;
    this.operations = operations;
  }

  boolean busy() {
    return victim != null;
  }

  /** When the next round is due; Long.MAX_VALUE if none is. */
  long nextDeadlineNanos() {
    return victim == null || running > 0 ? Long.MAX_VALUE : nextNanos;
  }

  void begin(AddressSpace space, long nowNanos) {
    victim = space;
    rounds = 0;
    running = 0;
    backedOff = 0;
    framesFreed = 0;
    nextNanos = nowNanos;
  }

  /**
   * Begins the next round if it is due.
   *
   * @return false if the victim has given what it has
   */
  boolean step(long nowNanos) {
    AddressSpace space = victim;
    if (space == null || running > 0) {
      return space != null;
    }
    boolean over = state.space(space.id()) == null || space.memory().pages().mappedPages() == 0;
    if (over || (nowNanos >= nextNanos && rounds == MAX_ROUNDS)) {
      end(space);
    } else if (nowNanos >= nextNanos) {
      round(space, nowNanos);
    }
    return victim != null;
  }

  /** One of its operations has ended. */
  void ended(OperationOutcome outcome) {
    running--;
    switch (outcome) {
      case OperationOutcome.Done done -> framesFreed += done.value();
      case OperationOutcome.BackedOff late -> backedOff++;
      case OperationOutcome.Refused refused -> backedOff++;
    }
  }

  private void end(AddressSpace space) {
    long left = state.space(space.id()) == null ? 0 : space.memory().pages().mappedPages();
    victim = null;
    state.emit(
        new ShardEffect.OomReaped(space.id(), new Gain(framesFreed, rounds, backedOff, left)));
  }

  private void round(AddressSpace space, long nowNanos) {
    nextNanos = nowNanos + (FIRST_PAUSE_NANOS << rounds);
    rounds++;
    for (SpaceOperation.Reap piece : pieces(space)) {
      Operation reap =
          new Operation(
              state.nextOperationId(), Operation.NO_REQUEST, piece, WaitPolicy.TRY, nowNanos);
      running++;
      if (someoneIsBehind(space, piece) || !operations.tryStart(space, reap, nowNanos)) {
        running--; // nobody was told of it
        backedOff++;
      }
    }
  }

  private static boolean someoneIsBehind(AddressSpace space, SpaceOperation.Reap piece) {
    boolean[] behind = {false};
    space
        .mirrors()
        .forEachOverlap(
            Pages.address(piece.vpnStart()),
            Pages.address(piece.vpnEnd()),
            mirror -> behind[0] |= mirror.view().ledger().pendingCount() >= MAX_OWED);
    return behind[0];
  }

  /** What is there, cut so that one device or operation does not hold up everything. */
  private static List<SpaceOperation.Reap> pieces(AddressSpace space) {
    List<SpaceOperation.Reap> pieces = new ArrayList<>();
    long[] range = {-1, -1};
    space
        .memory()
        .pages()
        .forEachNonEmpty(
            0,
            Pages.PAGE_LIMIT,
            (vpn, entry) -> {
              if (range[0] >= 0 && range[0] >>> PIECE_BITS != vpn >>> PIECE_BITS) {
                pieces.add(new SpaceOperation.Reap(space.id(), range[0], range[1]));
                range[0] = -1;
              }
              range[0] = range[0] < 0 ? vpn : range[0];
              range[1] = vpn + 1;
            });
    if (range[0] >= 0) {
      pieces.add(new SpaceOperation.Reap(space.id(), range[0], range[1]));
    }
    return pieces;
  }
}
