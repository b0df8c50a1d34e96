package dev.fenceline.testbed.replay;

import java.util.ArrayList;
import java.util.List;

/** What a run did wrong, and how much was looked at. Thread-safe. */
final class Findings {
  private static final int MAX_KEPT = 50;

  private final List<String> kept = new ArrayList<>();
  private long violations;
  private long checks;
  private long interruptions;
  private long undecided;

  synchronized void violation(String text) {
    violations++;
    if (kept.size() < MAX_KEPT) {
      kept.add(text);
    }
  }

  synchronized void checked(long values) {
    checks += values;
  }

  /** A program or call came to no answer, so that what it did is unknown. */
  synchronized void interrupted() {
    interruptions++;
  }

  /** Something could not be judged. */
  synchronized void undecided() {
    undecided++;
  }

  synchronized long violations() {
    return violations;
  }

  synchronized long checks() {
    return checks;
  }

  synchronized long interruptions() {
    return interruptions;
  }

  synchronized long undecidedCount() {
    return undecided;
  }

  synchronized List<String> texts() {
    return List.copyOf(kept);
  }
}
