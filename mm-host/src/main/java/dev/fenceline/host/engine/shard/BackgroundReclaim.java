package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.frame.Watermarks;

/**
 * Swaps cold pages out before anybody starves: begins below the low watermark, rests from the high
 * one on (Linux: kswapd). Confined to the shard.
 *
 * <p>Down to the min watermark it takes only what no device holds, so that nobody is notified for
 * memory that may never be needed.
 */
final class BackgroundReclaim {
  private static final long PAUSE_NANOS = 1_000_000;

  /** Between two searches that find nothing. */
  private static final long LONGEST_PAUSE_NANOS = 64_000_000;

  private final ShardState state;
  private boolean awake;
  private long pauseNanos = PAUSE_NANOS;
  private long nextNanos = Long.MAX_VALUE;
  private long wakeUps;

  BackgroundReclaim(ShardState state) {
    this.state = state;
  }

  /** When it looks again; Long.MAX_VALUE while it rests. */
  long nextDeadlineNanos() {
    return nextNanos;
  }

  boolean awake() {
    return awake;
  }

  /** How often the low watermark was fallen below. */
  long wakeUps() {
    return wakeUps;
  }

  /** Frames may have been taken or given back. */
  void step(long nowNanos) {
    Watermarks marks = state.config.reclaim().watermarks();
    if (marks.high() == 0 || state.swapSlots.capacity() == 0) {
      return;
    }
    long free = state.frames.available();
    if (free >= marks.high()) {
      awake = false;
      nextNanos = Long.MAX_VALUE;
      return;
    }
    if (!awake && free < marks.low()) {
      awake = true;
      wakeUps++;
      pauseNanos = PAUSE_NANOS;
      nextNanos = nowNanos;
    }
    if (awake && nowNanos >= nextNanos) {
      boolean found = state.reclaimer.reclaim(free >= marks.min()) > 0;
      pauseNanos = found ? PAUSE_NANOS : Math.min(2 * pauseNanos, LONGEST_PAUSE_NANOS);
      nextNanos = nowNanos + pauseNanos;
    }
  }
}
