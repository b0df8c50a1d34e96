package dev.fenceline.host.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.fenceline.host.engine.space.FrameSource;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class FrameStoreTest {
  private final FrameStore store = new FrameStore(16 * 4096);

  @Test
  void anyPieceOfAFrame_readsAsItWasWritten() {
    long seed = 20261121;
    SplittableRandom random = new SplittableRandom(seed);
    byte[] expected = new byte[4096];
    store.zero(3, 1);
    for (int i = 0; i < 2_000; i++) {
      int offset = random.nextInt(4096);
      int length = 1 + random.nextInt(4096 - offset);
      byte[] data = new byte[length + 3];
      random.nextBytes(data);
      store.write(3, offset, data, 3, length);
      System.arraycopy(data, 3, expected, offset, length);
      byte[] back = new byte[4096 + 5];
      store.read(3, 0, back, 5, 4096);
      assertThat(ByteBuffer.wrap(back, 5, 4096))
          .as("seed %d, step %d", seed, i)
          .isEqualTo(ByteBuffer.wrap(expected));
    }
  }

  @Test
  void bulkCopies_moveWordsWhole() throws InterruptedException {
    AtomicBoolean stop = new AtomicBoolean();
    store.zero(2, 1);
    Thread writer =
        Thread.ofPlatform()
            .start(
                () -> {
                  byte[] data = new byte[4096];
                  for (int value = 0; !stop.get(); value++) {
                    java.util.Arrays.fill(data, (byte) value);
                    // Misaligned in the array, aligned in the frame.
                    store.write(2, 0, data, 0, 4096);
                  }
                });
    byte[] seen = new byte[4096 + 1];
    boolean torn = false;
    for (int i = 0; i < 5_000; i++) {
      store.read(2, 0, seen, 1, 4096);
      for (int word = 1; word < seen.length; word += 8) {
        for (int b = 1; b < 8; b++) {
          torn |= seen[word + b] != seen[word];
        }
      }
    }
    stop.set(true);
    writer.join();
    assertThat(torn).as("INV-13: a torn word").isFalse();
  }

  @Test
  void zeroPage_isNeverWritten() {
    assertThatIllegalArgumentException().isThrownBy(() -> store.write(0, 0, new byte[1], 0, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> store.getAndAdd(0, 0, 1));
    byte[] bytes = new byte[4096];
    store.read(0, 0, bytes, 0, 4096);
    assertThat(bytes).containsOnly(0);
  }

  @Test
  void copiedFrame_hasTheBytes() {
    store.zero(4, 1);
    store.write(4, 100, new byte[] {1, 2, 3}, 0, 3);
    store.copy(4, 5);
    byte[] back = new byte[3];
    store.read(5, 100, back, 0, 3);
    assertThat(back).containsExactly(1, 2, 3);
  }

  @Test
  void arenaThatHoldsNoFrame_isRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> new FrameStore(4096));
    assertThatIllegalArgumentException().isThrownBy(() -> new FrameStore(-1));
  }

  @Test
  void pool_givesEachFrameOnce_andExhaustsExactly() {
    FramePool pool = new FramePool(16);
    BitSet given = new BitSet();
    for (int i = 0; i < 15; i++) {
      int frame = pool.allocate();
      assertThat(frame).isBetween(1, 15);
      assertThat(given.get(frame)).isFalse();
      given.set(frame);
    }
    assertThat(pool.allocate()).isEqualTo(FrameSource.NONE_LEFT);
    assertThat(pool.available()).isZero();
    pool.free(new int[] {4, 9, 2});
    pool.cancel(7);
    assertThat(pool.available()).isEqualTo(4);
    assertThat(new int[] {pool.allocate(), pool.allocate(), pool.allocate(), pool.allocate()})
        .containsExactlyInAnyOrder(2, 4, 7, 9);
    assertThat(pool.allocate()).isEqualTo(FrameSource.NONE_LEFT);
  }

  @Test
  void poolUnderContention_neverGivesAFrameTwice() throws InterruptedException {
    FramePool pool = new FramePool(64);
    AtomicBoolean[] owned = new AtomicBoolean[64];
    java.util.Arrays.setAll(owned, i -> new AtomicBoolean());
    AtomicBoolean broken = new AtomicBoolean();
    Thread[] threads = new Thread[4];
    for (int t = 0; t < threads.length; t++) {
      SplittableRandom random = new SplittableRandom(t);
      threads[t] = Thread.ofPlatform().start(() -> churn(pool, owned, broken, random));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(broken).isFalse();
    assertThat(pool.available()).isEqualTo(63);
  }

  private static void churn(
      FramePool pool, AtomicBoolean[] owned, AtomicBoolean broken, SplittableRandom random) {
    for (int round = 0; round < 20_000; round++) {
      int[] mine = new int[1 + random.nextInt(12)];
      int count = 0;
      for (int i = 0; i < mine.length; i++) {
        int frame = pool.allocate();
        if (frame != FrameSource.NONE_LEFT) {
          if (owned[frame].getAndSet(true)) {
            broken.set(true);
          }
          mine[count++] = frame;
        }
      }
      int[] back = java.util.Arrays.copyOf(mine, count);
      for (int frame : back) {
        owned[frame].set(false);
      }
      pool.free(back);
    }
  }
}
