package dev.fenceline.host.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.space.FrameSource;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FramePoolTest {
  private static final int BLOCK = Pages.PER_BLOCK;

  @Test
  void blocks_areAlignedAndWhole_andNeverHaveTheZeroPage() {
    FramePool pool = new FramePool(4 * BLOCK + 7);
    BitSet seen = new BitSet();
    for (int i = 0; i < 3; i++) {
      int first = pool.allocateBlock();
      assertThat(first % BLOCK).isZero();
      assertThat(first).isPositive();
      assertThat(seen.get(first)).isFalse();
      seen.set(first, first + BLOCK);
    }
    assertThat(pool.allocateBlock()).isEqualTo(FrameSource.NONE_LEFT);
    assertThat(pool.available()).isEqualTo(BLOCK - 1 + 7);
  }

  @Test
  void everyFrame_isGivenOutOnce_blocksBrokenAtTheEnd() {
    FramePool pool = new FramePool(3 * BLOCK + 1);
    BitSet seen = new BitSet();
    for (int i = 0; i < 3 * BLOCK; i++) {
      int frame = pool.allocate();
      assertThat(seen.get(frame)).isFalse();
      seen.set(frame);
    }
    assertThat(pool.allocate()).isEqualTo(FrameSource.NONE_LEFT);
    assertThat(seen.get(0)).isFalse();
    assertThat(pool.available()).isZero();
  }

  @Test
  void singleFrames_areTakenBeforeABlockIsBroken() {
    FramePool pool = new FramePool(3 * BLOCK);
    for (int i = 1; i < BLOCK; i++) {
      assertThat(pool.allocate()).isLessThan(BLOCK);
    }
    assertThat(pool.allocateBlock()).isPositive();
    assertThat(pool.allocateBlock()).isPositive();
  }

  @Test
  void whatIsFreedAsABlock_isOne() {
    FramePool pool = new FramePool(2 * BLOCK);
    int first = pool.allocateBlock();
    pool.free(IntStream.range(first, first + BLOCK).toArray());
    assertThat(pool.allocateBlock()).isEqualTo(first);
  }

  @Test
  void whatIsGivenBackAsABlock_isOne() {
    FramePool pool = new FramePool(3 * BLOCK);
    int first = pool.allocateBlock();
    pool.cancelBlock(first);
    assertThat(pool.allocateBlock()).isEqualTo(first);
    assertThat(pool.available()).isEqualTo(2 * BLOCK - 1);
  }

  @Test
  void whatIsFreedInPieces_isJoinedWhenABlockIsAskedFor() {
    FramePool pool = new FramePool(2 * BLOCK);
    int first = pool.allocateBlock();
    for (int frame = first + BLOCK - 1; frame >= first; frame--) {
      pool.free(new int[] {frame});
    }
    assertThat(pool.allocateBlock()).isEqualTo(first);
    assertThat(pool.available()).isEqualTo(BLOCK - 1);
  }

  @Test
  void oneFrameMissing_noBlock() {
    FramePool pool = new FramePool(2 * BLOCK);
    int first = pool.allocateBlock();
    pool.free(IntStream.range(first + 1, first + BLOCK).toArray());
    assertThat(pool.allocateBlock()).isEqualTo(FrameSource.NONE_LEFT);
    pool.free(new int[] {first});
    List<Integer> all = new ArrayList<>();
    for (int frame = pool.allocate(); frame != FrameSource.NONE_LEFT; frame = pool.allocate()) {
      all.add(frame);
    }
    assertThat(all).hasSize(2 * BLOCK - 1).doesNotHaveDuplicates();
  }

  /**
   * Two threads take and give back frames and blocks. Nothing is given out twice, and a thread that
   * is refused while the other holds less than there is would have found a frame.
   */
  @Test
  void underContention_nothingIsGivenOutTwice_andNothingIsLost() throws Exception {
    int frames = 4 * BLOCK;
    FramePool pool = new FramePool(frames);
    AtomicIntegerArray owner = new AtomicIntegerArray(frames);
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      List<Future<Integer>> done = new ArrayList<>();
      for (int id = 1; id <= 2; id++) {
        int who = id;
        done.add(threads.submit(() -> churn(pool, owner, who, frames / 2 - BLOCK)));
      }
      int refused = 0;
      for (Future<Integer> each : done) {
        refused += each.get();
      }
      assertThat(refused).as("refused although half of the frames was free").isZero();
    }
    assertThat(pool.available()).isEqualTo(frames - 1);
    int count = 0;
    while (pool.allocate() != FrameSource.NONE_LEFT) {
      count++;
    }
    assertThat(count).isEqualTo(frames - 1);
  }

  private static int churn(FramePool pool, AtomicIntegerArray owner, int who, int most) {
    SplittableRandom random = new SplittableRandom(who);
    List<int[]> held = new ArrayList<>();
    int count = 0;
    int refused = 0;
    for (int round = 0; round < 30_000; round++) {
      int[] taken = count < most ? take(pool, random) : new int[0];
      if (taken.length > 0 && taken[0] == FrameSource.NONE_LEFT) {
        refused++;
      } else if (taken.length > 0) {
        for (int frame : taken) {
          assertThat(owner.getAndSet(frame, who)).as("frame %d", frame).isZero();
        }
        held.add(taken);
        count += taken.length;
      }
      if (!held.isEmpty() && (count >= most || random.nextInt(3) == 0)) {
        int[] freed = held.remove(random.nextInt(held.size()));
        count -= freed.length;
        Arrays.stream(freed).forEach(frame -> owner.set(frame, 0));
        giveBack(pool, freed, random);
      }
    }
    for (int[] each : held) {
      Arrays.stream(each).forEach(frame -> owner.set(frame, 0));
      pool.free(each);
    }
    return refused;
  }

  private static int[] take(FramePool pool, SplittableRandom random) {
    int block = random.nextInt(16) == 0 ? pool.allocateBlock() : FrameSource.NONE_LEFT;
    return block == FrameSource.NONE_LEFT
        ? new int[] {pool.allocate()}
        : IntStream.range(block, block + BLOCK).toArray();
  }

  private static void giveBack(FramePool pool, int[] frames, SplittableRandom random) {
    if (frames.length == 1 && random.nextBoolean()) {
      pool.cancel(frames[0]);
    } else if (random.nextBoolean()) {
      pool.free(frames);
    } else {
      Arrays.stream(frames).forEach(frame -> pool.free(new int[] {frame}));
    }
  }
}
