package dev.fenceline.testbed.trace;

/**
 * The bounds that keep a reader's memory small whatever the file holds.
 *
 * <p>Immutable.
 *
 * @param maxLineBytes longer lines are skipped
 * @param maxUnfinishedCalls calls in flight; beyond it the oldest is dropped and reported
 * @param maxProcesses live threads and processes; lines of any more are skipped
 * @param maxSkippedKept skipped lines kept for the summary (all are counted and passed on)
 */
public record TraceLimits(
    int maxLineBytes, int maxUnfinishedCalls, int maxProcesses, int maxSkippedKept) {

  /** Enough for every log that strace makes of a real program. */
  public static final TraceLimits DEFAULT = new TraceLimits(256 * 1024, 4096, 65_536, 100);

  public TraceLimits {
    if (maxLineBytes < 16 || maxUnfinishedCalls < 1 || maxProcesses < 1 || maxSkippedKept < 0) {
      throw new IllegalArgumentException("trace limits out of range");
    }
  }
}
