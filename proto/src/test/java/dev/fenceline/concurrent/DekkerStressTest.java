package dev.fenceline.concurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * The first edge of {@link AccessSlots} as a litmus test: both sides run once against each other on
 * each of many instances, and must not both miss the other one.
 */
class DekkerStressTest {
  private static final int INSTANCES = 512;

  private static final long[] ENTRY_BUFFER = new long[1];
  private static final VarHandle WORD = MethodHandles.arrayElementVarHandle(long[].class);

  /** One side of the pattern on one instance; true if it saw nothing of the other side. */
  @FunctionalInterface
  private interface Side {
    boolean sawNothing(int instance);
  }

  /** Where two threads meet by spinning: waking up from a lock takes longer than a whole round. */
  private static final class SpinBarrier {
    private final AtomicInteger arrivals = new AtomicInteger();

    void await() {
      int arrival = arrivals.getAndIncrement();
      int complete = (arrival | 1) + 1;
      for (int spins = 0; arrivals.get() - complete < 0; spins++) {
        if (spins < 1_000) {
          Thread.onSpinWait();
        } else {
          Thread.yield(); // fewer processors than threads, at this moment
        }
      }
    }
  }

  /** Runs both sides in two threads over all instances, and counts how often both saw nothing. */
  private static final class Litmus {
    private final boolean[] firstSawNothing = new boolean[INSTANCES];
    private final boolean[] secondSawNothing = new boolean[INSTANCES];
    private final SpinBarrier barrier = new SpinBarrier();
    private final IntConsumer touch;
    private final int meeting;
    private final int delays;
    private boolean over;
    private long bothSawNothing;
    private long rounds;

    /**
     * @param touch reads what an instance consists of: with its words in both caches, a write takes
     *     longer than the reads behind it
     * @param meeting after how many instances both sides meet again
     * @param delays exclusive bound of the random delay before an instance
     */
    Litmus(IntConsumer touch, int meeting, int delays) {
      this.touch = touch;
      this.delays = delays;
      this.meeting = meeting;
    }

    void run(Side first, Side second, Runnable reset, boolean untilFound) throws Exception {
      Crew.run(
          List.of(
              () -> judge(first, reset, untilFound),
              () -> {
                SplittableRandom random = new SplittableRandom(2);
                for (barrier.await(); !over; barrier.await()) {
                  play(second, secondSawNothing, random);
                  barrier.await();
                }
              }));
    }

    private void judge(Side first, Runnable reset, boolean untilFound) {
      SplittableRandom random = new SplittableRandom(1);
      long startNanos = System.nanoTime();
      while (Crew.goOn(startNanos) && !(untilFound && bothSawNothing > 0)) {
        barrier.await();
        play(first, firstSawNothing, random);
        barrier.await();
        for (int i = 0; i < INSTANCES; i++) {
          bothSawNothing += firstSawNothing[i] && secondSawNothing[i] ? 1 : 0;
        }
        reset.run();
        rounds++;
      }
      over = true;
      barrier.await();
    }

    /**
     * Meets the other side every few instances and then delays a little at random: the window is a
     * few cycles wide, and without meeting the sides drift apart.
     */
    private void play(Side side, boolean[] sawNothing, SplittableRandom random) {
      for (int i = 0; i < INSTANCES; i++) {
        touch.accept(i);
        int delay = random.nextInt(delays);
        if (i % meeting == 0) {
          barrier.await();
        }
        while (delay-- > 0) {
          Thread.onSpinWait();
        }
        sawNothing[i] = side.sawNothing(i);
      }
    }
  }

  @Test
  void accessAgainstInvalidation_openAccessIsAlwaysWaitedFor() throws Exception {
    long entry = MirrorEntry.pack(1, 1, true);
    List<MirrorAccess> mirrors =
        IntStream.range(0, INSTANCES)
            .mapToObj(i -> new MirrorAccess(new MirrorTable(), new AccessSlots(1, 0)))
            .toList();
    mirrors.forEach(mirror -> mirror.table().set(9, entry));
    Litmus litmus =
        new Litmus(
            i -> {
              mirrors.get(i).table().get(9);
              mirrors.get(i).slots().isAnnounced(0);
            },
            4,
            4);

    litmus.run(
        i -> MirrorAccess.isOpen(mirrors.get(i).openAt(0, 9, 1, MirrorEntry.WRITE, ENTRY_BUFFER)),
        i -> mirrors.get(i).invalidate(9, 10, () -> {}).isDrained(),
        () ->
            mirrors.forEach(
                mirror -> {
                  if (mirror.slots().isAnnounced(0)) {
                    mirror.close(0);
                  }
                  mirror.table().set(9, entry);
                }),
        false);

    assertThat(litmus.rounds).isPositive();
    assertThat(litmus.bothSawNothing).isZero();
  }

  @Test
  void releaseAndAcquireInstead_bothSidesCanMissEachOther() throws Exception {
    assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "needs two processors");
    long[] announcements = new long[INSTANCES];
    long[] cleared = new long[INSTANCES];
    Litmus litmus = new Litmus(i -> {}, INSTANCES, 1);

    litmus.run(
        i -> {
          WORD.setRelease(announcements, i, 1L);
          return (long) WORD.getAcquire(cleared, i) == 0;
        },
        i -> {
          WORD.setRelease(cleared, i, 1L);
          return (long) WORD.getAcquire(announcements, i) == 0;
        },
        () -> {
          for (int i = 0; i < INSTANCES; i++) {
            announcements[i] = 0;
            cleared[i] = 0;
          }
        },
        true);

    if (litmus.bothSawNothing == 0) {
      abort("not seen on this machine this time; the volatile version is required all the same");
    }
  }
}
