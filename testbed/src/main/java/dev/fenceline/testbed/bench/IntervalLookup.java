package dev.fenceline.testbed.bench;

import dev.fenceline.host.engine.notifier.IntervalTree;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * How long it takes to find the mirrors of one page among a million, at random places, so that the
 * caches help as little as they do in a host with many address spaces.
 */
final class IntervalLookup implements Bench {
  private static final int MIRRORS = 1_000_000;
  private static final int MAX_MIRROR_PAGES = 4;
  private static final long PAGE_BYTES = 4096;

  /** Distance of two mirrors' first bytes. */
  private static final long STRIDE_BYTES = 2 * PAGE_BYTES;

  private static final int PLACES = 1 << 20;
  private static final int LOOKUPS_PER_CHUNK = 1 << 14;
  private static final double GOAL_NANOS = 2_000;
  private static final long SEED = 1;

  private final long[] places = new long[PLACES];
  private int next;
  private long hits;
  private long handles;

  @Override
  public String name() {
    return "interval-lookup";
  }

  @Override
  public List<Figure> run(Effort effort) {
    List<Figure> figures = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(SEED);
    for (int i = 0; i < PLACES; i++) {
      places[i] = random.nextLong(MIRRORS * STRIDE_BYTES);
    }
    for (boolean shuffled : new boolean[] {false, true}) {
      IntervalTree tree = filled(shuffled, random);
      hits = 0;
      long[] lookups = {0};
      double[] nanos =
          Rounds.nanosPerUnit(
              effort,
              watch -> {
                watch.start();
                lookUp(tree);
                watch.stop(LOOKUPS_PER_CHUNK);
                lookups[0] += LOOKUPS_PER_CHUNK;
              });
      String order = shuffled ? "random" : "ascending";
      figures.add(
          new Figure(
              name(),
              "one page among 1,000,000 mirrors added in " + order + " order",
              "ns/lookup",
              Spread.of(nanos),
              Goal.atMost(GOAL_NANOS)));
      figures.add(
          new Figure(
              name(),
              "hits per lookup, " + order,
              "mirrors",
              Spread.exactly((double) hits / lookups[0]),
              null));
    }
    if (handles == 0) {
      throw new IllegalStateException("no lookup found anything");
    }
    return figures;
  }

  private void lookUp(IntervalTree tree) {
    for (int i = 0; i < LOOKUPS_PER_CHUNK; i++) {
      next = (next + 1) & (PLACES - 1);
      long place = places[next];
      tree.forEachOverlap(
          place,
          place + PAGE_BYTES,
          handle -> {
            hits++;
            handles += handle;
          });
    }
  }

  private static IntervalTree filled(boolean shuffled, SplittableRandom random) {
    int[] order = new int[MIRRORS];
    for (int i = 0; i < MIRRORS; i++) {
      order[i] = i;
    }
    for (int i = MIRRORS - 1; shuffled && i > 0; i--) {
      int other = random.nextInt(i + 1);
      int swapped = order[i];
      order[i] = order[other];
      order[other] = swapped;
    }
    IntervalTree tree = new IntervalTree();
    for (int place : order) {
      long start = place * STRIDE_BYTES;
      tree.insert(start, start + (1 + random.nextInt(MAX_MIRROR_PAGES)) * PAGE_BYTES);
    }
    return tree;
  }
}
