package dev.fenceline.testbed.bench;

import java.util.Arrays;

/**
 * What several rounds of one measurement came to; immutable.
 *
 * @param median middle one of the rounds; the mean of the two in the middle if their number is even
 */
record Spread(double median, double lowest, double highest, int rounds) {

  /**
   * Sums up rounds.
   *
   * @throws IllegalArgumentException if there are none
   */
  static Spread of(double... rounds) {
    if (rounds.length == 0) {
      throw new IllegalArgumentException("no round was measured");
    }
    double[] sorted = rounds.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    double median =
        sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    return new Spread(median, sorted[0], sorted[sorted.length - 1], sorted.length);
  }

  /** A figure that was read off once. */
  static Spread exactly(double value) {
    return of(value);
  }
}
