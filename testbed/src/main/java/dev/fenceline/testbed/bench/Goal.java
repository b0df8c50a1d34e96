package dev.fenceline.testbed.bench;

/** What a figure has to reach; immutable. */
record Goal(Direction direction, double bound) {

  /** Which side of the bound is good. */
  enum Direction {
    AT_MOST,
    AT_LEAST
  }

  static Goal atMost(double bound) {
    return new Goal(Direction.AT_MOST, bound);
  }

  static Goal atLeast(double bound) {
    return new Goal(Direction.AT_LEAST, bound);
  }

  boolean metBy(double value) {
    return switch (direction) {
      case AT_MOST -> value <= bound;
      case AT_LEAST -> value >= bound;
    };
  }
}
