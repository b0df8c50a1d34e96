package dev.fenceline.testbed.bench;

/**
 * Adds up the time of what is measured, and how many units of work were done in it. Confined to one
 * thread.
 */
final class Stopwatch {
  private long startedNanos;
  private long nanos;
  private long units;

  void start() {
    startedNanos = System.nanoTime();
  }

  /** Ends what {@link #start} began; it did so many units of work. */
  void stop(long unitsDone) {
    nanos += System.nanoTime() - startedNanos;
    units += unitsDone;
  }

  long nanos() {
    return nanos;
  }

  double nanosPerUnit() {
    return (double) nanos / units;
  }
}
