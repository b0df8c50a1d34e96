package dev.fenceline.agent.engine;

import java.util.List;

/** Wants that are asked for in one request, in ascending order. Pure. */
final class WantRange {
  private WantRange() {}

  /** Whether the want touches or overlaps the range, asks for the same, and fits with it. */
  static boolean continues(List<Want> range, Want want) {
    long start = range.getFirst().vpn;
    return want.access == range.getFirst().access
        && want.vpn <= endOf(range)
        && Math.max(endOf(range), want.end()) - start <= FaultQueue.MAX_REQUEST_PAGES;
  }

  static long endOf(List<Want> range) {
    long end = 0;
    for (Want want : range) {
      end = Math.max(end, want.end());
    }
    return end;
  }

  static int collisionsOf(List<Want> range) {
    int most = 0;
    for (Want want : range) {
      most = Math.max(most, want.collisions);
    }
    return most;
  }
}
