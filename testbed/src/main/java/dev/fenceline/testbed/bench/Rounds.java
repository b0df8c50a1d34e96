package dev.fenceline.testbed.bench;

import java.util.function.Consumer;

/** Repeats a piece of work: first to warm up, then round by round. Stateless. */
final class Rounds {
  /** A round ends after so many times its length, however little of that was timed. */
  private static final int UNTIMED_FACTOR = 4;

  private Rounds() {}

  /**
   * Nanoseconds per unit of work, round by round.
   *
   * @param work does some work and times it, or the part of it that counts
   */
  static double[] nanosPerUnit(Effort effort, Consumer<Stopwatch> work) {
    runFor(effort.warmUpNanos(), work);
    double[] rounds = new double[effort.rounds()];
    for (int i = 0; i < rounds.length; i++) {
      rounds[i] = runFor(effort.roundNanos(), work).nanosPerUnit();
    }
    return rounds;
  }

  /** Units of work per second, round by round. */
  static double[] unitsPerSecond(Effort effort, Consumer<Stopwatch> work) {
    double[] rounds = nanosPerUnit(effort, work);
    for (int i = 0; i < rounds.length; i++) {
      rounds[i] = 1e9 / rounds[i];
    }
    return rounds;
  }

  private static Stopwatch runFor(long timedNanos, Consumer<Stopwatch> work) {
    Stopwatch watch = new Stopwatch();
    long end = System.nanoTime() + UNTIMED_FACTOR * timedNanos;
    do {
      work.accept(watch);
    } while (watch.nanos() < timedNanos && System.nanoTime() - end < 0);
    return watch;
  }
}
