package dev.fenceline.testbed.bench;

import dev.fenceline.host.engine.notifier.IntervalTree;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The cost of finding the mirrors of a range, and of adding and removing one, at a full tree. The
 * places asked for are random over the whole space, so that the caches help as little as they do in
 * a host with many address spaces. Confined to JMH's one thread.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class IntervalTreeBench {
  private static final long PAGE_BYTES = 4096;
  private static final int PLACES = 1 << 20;

  /** How many mirrors the tree holds. */
  @Param("1000000")
  public int intervals;

  /** In what order they came; random order leaves neighbours far apart in memory. */
  @Param({"ascending", "random"})
  public String order = "random";

  private IntervalTree tree = new IntervalTree();
  private long[] places = new long[0];
  private int next;
  private long found;

  /** Fills the tree with intervals of 1 to 4 pages, two pages apart, and draws the places. */
  @Setup(Level.Trial)
  public void fill() {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(1);
    long[] starts = new long[intervals];
    for (int i = 0; i < intervals; i++) {
      starts[i] = i * 2 * PAGE_BYTES;
    }
    if (order.equals("random")) {
      shuffle(starts, random);
    }
    tree = new IntervalTree();
    for (long start : starts) {
      tree.insert(start, start + (1 + random.nextInt(4)) * PAGE_BYTES);
    }
    places = new long[PLACES];
    for (int i = 0; i < PLACES; i++) {
      places[i] = random.nextLong(intervals * 2 * PAGE_BYTES);
    }
  }

  /** All mirrors of one page (about 1.25). */
  @Benchmark
  public long findMirrorsOfOnePage() {
    long place = nextPlace();
    tree.forEachOverlap(place, place + PAGE_BYTES, handle -> found += handle);
    return found;
  }

  /** All mirrors of 16 pages (about 9). */
  @Benchmark
  public long findMirrorsOfSixteenPages() {
    long place = nextPlace();
    tree.forEachOverlap(place, place + 16 * PAGE_BYTES, handle -> found += handle);
    return found;
  }

  /** Whether one page has a mirror. */
  @Benchmark
  public boolean askForAnyMirror() {
    long place = nextPlace();
    return tree.anyOverlap(place, place + PAGE_BYTES);
  }

  /** One mirror comes and goes. */
  @Benchmark
  public int addAndRemoveMirror() {
    long place = nextPlace();
    int handle = tree.insert(place, place + PAGE_BYTES);
    tree.remove(handle);
    return handle;
  }

  private long nextPlace() {
    next = (next + 1) & (PLACES - 1);
    return places[next];
  }

  private static void shuffle(long[] values, RandomGenerator random) {
    for (int i = values.length - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      long swapped = values[i];
      values[i] = values[other];
      values[other] = swapped;
    }
  }
}
