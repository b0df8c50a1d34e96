package dev.fenceline.testbed.bench;

import dev.fenceline.concurrent.AccessSlots;
import dev.fenceline.concurrent.MirrorAccess;
import dev.fenceline.concurrent.MirrorEntry;
import dev.fenceline.concurrent.MirrorTable;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What an access through a mirror costs on top of the access itself: announce, read the entries,
 * withdraw. Two threads share one mirror, each with a slot of its own, so that false sharing would
 * show; the invalidation has one thread and a mirror to itself.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class MirrorAccessBench {
  private static final int UNITS = 64;
  private static final int SHARED_SLOTS = 64;
  private static final int MAX_ACCESS_PAGES = 64;

  /** A mirror with all of its pages present. */
  @State(Scope.Benchmark)
  public static class Mirror {
    /** How many pages the mirror holds; the table outgrows the caches at a million. */
    @Param({"1024", "1048576"})
    public int pages;

    final MirrorTable table = new MirrorTable();
    final MirrorAccess access = new MirrorAccess(table, new AccessSlots(UNITS, SHARED_SLOTS));
    final AtomicInteger units = new AtomicInteger();

    /** Maps every page. */
    @Setup
    public void map() {
      for (int vpn = 0; vpn < pages + MAX_ACCESS_PAGES; vpn++) {
        table.set(vpn, MirrorEntry.pack(vpn, 1, true));
      }
    }
  }

  /** An execution unit with a slot of its own. */
  @State(Scope.Thread)
  public static class Unit {
    final long[] entries = new long[MAX_ACCESS_PAGES];
    private final SplittableRandom random = new SplittableRandom(1);
    private int slot;
    private int mask;

    /** Takes a slot of the mirror. */
    @Setup
    public void enter(Mirror mirror) {
      slot = mirror.units.getAndIncrement();
      mask = mirror.pages - 1;
    }

    long place() {
      return random.nextInt() & mask;
    }
  }

  /** The entry alone, unprotected: what the protocol is added to. */
  @Benchmark
  @Threads(2)
  public long readEntryOnly(Mirror mirror, Unit unit) {
    return mirror.table.get(unit.place());
  }

  /** One page through an owned slot. */
  @Benchmark
  @Threads(2)
  public long accessOnePage(Mirror mirror, Unit unit) {
    long result = mirror.access.openAt(unit.slot, unit.place(), 1, MirrorEntry.WRITE, unit.entries);
    mirror.access.close(MirrorAccess.slot(result));
    return unit.entries[0];
  }

  /** One page through whichever shared slot is free, as CPU accessors do. */
  @Benchmark
  @Threads(2)
  public long accessOnePageShared(Mirror mirror, Unit unit) {
    long result = mirror.access.open(unit.slot, unit.place(), 1, MirrorEntry.WRITE, unit.entries);
    mirror.access.close(MirrorAccess.slot(result));
    return unit.entries[0];
  }

  /** 64 pages through an owned slot. */
  @Benchmark
  @Threads(2)
  public long accessManyPages(Mirror mirror, Unit unit) {
    long result =
        mirror.access.openAt(
            unit.slot, unit.place(), MAX_ACCESS_PAGES, MirrorEntry.WRITE, unit.entries);
    mirror.access.close(MirrorAccess.slot(result));
    return unit.entries[0];
  }

  /** One page goes and comes back, with nobody to wait for: the scan of all slots is in it. */
  @Benchmark
  @Threads(1)
  public boolean invalidateIdlePage(Mirror mirror, Unit unit) {
    long vpn = unit.place();
    boolean drained = mirror.access.invalidate(vpn, vpn + 1, () -> {}).isDrained();
    mirror.table.set(vpn, MirrorEntry.pack(1, 2, true));
    return drained;
  }
}
