package dev.fenceline.testbed.bench;

import org.jspecify.annotations.Nullable;

/**
 * One measured figure; immutable.
 *
 * @param bench which measurement it comes from
 * @param name what it is, stable from run to run
 * @param goal null if nothing is demanded of it
 */
record Figure(String bench, String name, String unit, Spread spread, @Nullable Goal goal) {

  /** What is said of the goal, by its median; empty if there is none. */
  String verdict() {
    if (goal == null) {
      return "";
    }
    return goal.metBy(spread.median()) ? "goal met" : "goal missed";
  }
}
