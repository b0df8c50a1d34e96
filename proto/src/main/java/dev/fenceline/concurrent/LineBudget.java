package dev.fenceline.concurrent;

/**
 * How many log lines may be written where a peer could make us write any number: a bucket of
 * tokens. Thread-safe.
 *
 * <p>Guarded by its monitor; held for a few instructions, and nothing is called meanwhile.
 */
public final class LineBudget {
  /** What {@link #take} answers when the line is to be left out. */
  public static final int LEFT_OUT = -1;

  private final int capacity;
  private final long refillNanos;
  private long tokens;
  private long refilledNanos;
  private int leftOut;
  private boolean started;

  /**
   * @param burst lines that may come at once
   * @param refillNanos after which one more may come
   */
  public LineBudget(int burst, long refillNanos) {
    if (burst < 1 || refillNanos < 1) {
      throw new IllegalArgumentException("a budget of " + burst + " lines, " + refillNanos + " ns");
    }
    this.capacity = burst;
    this.refillNanos = refillNanos;
    this.tokens = burst;
  }

  /**
   * Asks for one line.
   *
   * @param nowNanos on a monotonic clock
   * @return {@link #LEFT_OUT}, or how many lines were left out since the last that was not
   */
  public synchronized int take(long nowNanos) {
    if (!started) {
      started = true;
      refilledNanos = nowNanos;
    }
    long more = (nowNanos - refilledNanos) / refillNanos;
    if (more > 0) {
      tokens = Math.min(capacity, tokens + more);
      refilledNanos += more * refillNanos;
    }
    if (tokens == 0) {
      leftOut++;
      return LEFT_OUT;
    }
    tokens--;
    int before = leftOut;
    leftOut = 0;
    return before;
  }
}
