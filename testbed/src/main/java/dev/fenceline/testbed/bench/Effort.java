package dev.fenceline.testbed.bench;

import java.util.concurrent.TimeUnit;

/**
 * How much time a measurement may take; immutable.
 *
 * @param rounds each of which gives one value; their median is the figure
 */
record Effort(long warmUpNanos, long roundNanos, int rounds) {

  /** Figures that are worth writing down. */
  static final Effort FULL =
      new Effort(TimeUnit.SECONDS.toNanos(5), TimeUnit.SECONDS.toNanos(2), 9);

  /** Shows that everything runs; the figures are rough. */
  static final Effort QUICK =
      new Effort(TimeUnit.MILLISECONDS.toNanos(300), TimeUnit.MILLISECONDS.toNanos(100), 3);
}
