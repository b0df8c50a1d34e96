package dev.fenceline.concurrent;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class MirrorAccessStressTest {
  private static final int PAGES = 4;
  private static final long FIRST_VPN = 510; // the range spans two leaves

  private final MirrorTable table = new MirrorTable();
  private final AccessSlots slots = new AccessSlots(2, 4);
  private final MirrorAccess access = new MirrorAccess(table, slots);

  /** Plain on purpose: the drain must order accesses before the reuse of a frame. */
  private final long[] frames = new long[PAGES];

  private final AtomicBoolean over = new AtomicBoolean();
  private final AtomicLong hits = new AtomicLong();
  private final AtomicLong invalidations = new AtomicLong();

  @Test
  void framesReusedAfterTheDrain_noAccessSeesAnotherGeneration() throws Exception {
    Crew.run(
        List.of(
            this::invalidateAndReuse,
            () -> accessUntilOver(0),
            () -> accessUntilOver(1),
            () -> accessUntilOver(-1)));

    assertThat(hits.get()).isPositive();
    assertThat(invalidations.get()).isPositive();
  }

  private void invalidateAndReuse() {
    try {
      long startNanos = System.nanoTime();
      SplittableRandom random = new SplittableRandom(7);
      int generation = 0;
      while (Crew.goOn(startNanos, hits.get())) {
        generation++;
        for (int page = 0; page < PAGES; page++) {
          frames[page] = generation;
          table.set(FIRST_VPN + page, MirrorEntry.pack(page, generation, true));
        }
        for (int spin = random.nextInt(500); spin > 0; spin--) {
          Thread.onSpinWait();
        }
        AtomicInteger drained = new AtomicInteger();
        Drain drain = access.invalidate(FIRST_VPN, FIRST_VPN + PAGES, drained::incrementAndGet);
        while (drained.get() == 0) {
          Thread.yield();
        }
        assertThat(drain.isDrained()).isTrue();
        assertThat(drained.get()).isEqualTo(1);
        for (int page = 0; page < PAGES; page++) {
          frames[page] = -1;
        }
        invalidations.incrementAndGet();
      }
    } finally {
      over.set(true);
    }
  }

  /** Accesses in an owned slot, or in whichever shared one if that is -1. */
  private void accessUntilOver(int owned) {
    long[] entries = new long[PAGES];
    SplittableRandom random = new SplittableRandom(owned);
    while (!over.get()) {
      int first = random.nextInt(PAGES);
      int count = 1 + random.nextInt(PAGES - first);
      long result =
          owned < 0
              ? access.open(random.nextInt(), FIRST_VPN + first, count, MirrorEntry.READ, entries)
              : access.openAt(owned, FIRST_VPN + first, count, MirrorEntry.READ, entries);
      if (!MirrorAccess.isOpen(result)) {
        assertThat(MirrorAccess.isMiss(result)).isTrue();
        continue;
      }
      for (int i = 0; i < count; i++) {
        long found = frames[MirrorEntry.frame(entries[i])];
        if (found != MirrorEntry.generation(entries[i])) {
          throw new AssertionError("generation " + entries[i] + " reads " + found);
        }
      }
      access.close(MirrorAccess.slot(result));
      hits.incrementAndGet();
    }
  }

  @Test
  void sharedSlots_areTakenByOneAtATimeAndEachDrainEndsOnce() throws Exception {
    AtomicIntegerArray users = new AtomicIntegerArray(slots.size());
    AtomicLong begun = new AtomicLong();
    AtomicLong ended = new AtomicLong();
    long startNanos = System.nanoTime();
    List<Crew.Task> tasks = new ArrayList<>();
    for (int thread = 0; thread < 3; thread++) {
      int self = thread;
      tasks.add(
          () -> {
            SplittableRandom random = new SplittableRandom(self);
            while (Crew.goOn(startNanos)) {
              int slot = slots.announce(random.nextInt(2), random.nextInt(3), 1);
              if (slot == AccessSlots.NO_FREE_SLOT) {
                continue;
              }
              assertThat(users.getAndIncrement(slot)).isZero();
              users.decrementAndGet(slot);
              slots.withdraw(slot);
            }
          });
    }
    tasks.add(
        () -> {
          do {
            begun.incrementAndGet();
            slots.beginDrain(0, 2, ended::incrementAndGet);
          } while (Crew.goOn(startNanos));
        });
    Crew.run(tasks);

    assertThat(ended.get()).isEqualTo(begun.get()).isPositive();
    assertThat(slots.beginDrain(0, 3, ended::incrementAndGet).isDrained()).isTrue();
  }
}
