package dev.fenceline.concurrent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.model.Pages;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/**
 * The race: an access to a page of local memory against the migration of that page away and the
 * reuse of the memory for another page.
 *
 * <pre>
 *   execution unit                            the mirror's owner
 *   --------------------------------------    --------------------------------------
 *   announce vpn A
 *   read entry of A: local page 0
 *                                             entry of A := 0, look for announcements
 *   write a word of page 0  (A's mark)             announced: wait
 *   withdraw                             ==&gt;  drained: copy page 0 out, give it to B,
 *                                             fill it with B's marks, install B
 *   announce vpn A: absent, fault
 * </pre>
 *
 * Were the memory given away before the drain ended, the unit's write would land in B's page
 * (INV-3), or come after the copy and be lost (INV-7).
 */
class PageArenaStressTest {
  private static final long A = 511; // A and B are in different leaves
  private static final long B = 512;
  private static final int WORDS = 64;
  private static final int LENGTH = WORDS * Long.BYTES;
  private static final long VPN_SHIFT = 48;

  private final PageArena arena = new PageArena(1);
  private final MirrorAccess access = new MirrorAccess(new MirrorTable(), new AccessSlots(2, 1));
  private final AtomicBoolean over = new AtomicBoolean();
  private final AtomicLong hits = new AtomicLong();

  @Test
  void memoryReusedAfterTheDrain_nobodySeesOrSpoilsAnotherPagesWords() throws Exception {
    Crew.run(List.of(this::moveBackAndForth, () -> useUntilOver(0), () -> useUntilOver(1)));

    assertThat(hits.get()).isPositive();
  }

  private void moveBackAndForth() {
    try {
      long startNanos = System.nanoTime();
      byte[] bytes = new byte[LENGTH];
      long held = A;
      fill(held, bytes);
      while (Crew.goOn(startNanos, hits.get())) {
        access.table().set(held, MirrorEntry.pack(1, 5, true));
        for (int spin = 200; spin > 0; spin--) {
          Thread.onSpinWait();
        }
        AtomicInteger drained = new AtomicInteger();
        access.invalidate(held, held + 1, drained::incrementAndGet);
        while (drained.get() == 0) {
          Thread.yield();
        }
        arena.read(0, 0, bytes, 0, LENGTH);
        assertMarked(held, bytes);
        held = held == A ? B : A;
        fill(held, bytes);
      }
    } finally {
      over.set(true);
    }
  }

  private void fill(long vpn, byte[] bytes) {
    ByteBuffer words = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < WORDS; i++) {
      words.putLong(i * Long.BYTES, vpn << VPN_SHIFT);
    }
    arena.write(0, 0, bytes, 0, LENGTH);
  }

  private static void assertMarked(long vpn, byte[] bytes) {
    ByteBuffer words = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < WORDS; i++) {
      assertThat(words.getLong(i * Long.BYTES) >>> VPN_SHIFT).isEqualTo(vpn);
    }
  }

  private void useUntilOver(int slot) {
    long[] entries = new long[1];
    byte[] bytes = new byte[LENGTH];
    long count = 0;
    while (!over.get()) {
      long vpn = (++count & 1) == 0 ? A : B;
      long opened = access.openAt(slot, vpn, 1, MirrorEntry.WRITE, entries);
      if (!MirrorAccess.isOpen(opened)) {
        continue;
      }
      try {
        int offset = (int) (count % WORDS) * Long.BYTES;
        if (count % 3 == 0) {
          arena.getAndAdd(0, offset, 1);
        } else {
          arena.read(0, 0, bytes, 0, LENGTH);
          assertMarked(vpn, bytes);
          byte[] word = new byte[Long.BYTES];
          ByteBuffer.wrap(word)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putLong((vpn << VPN_SHIFT) + (count & 0xffff));
          arena.write(0, offset, word, 0, Long.BYTES);
        }
        hits.incrementAndGet();
      } finally {
        access.close(slot);
      }
    }
  }

  @Test
  void bytesAtAnyOffset_readAsWritten() {
    PageArena pages = new PageArena(2);
    byte[] data = new byte[Pages.SIZE_BYTES - 3];
    for (int i = 0; i < data.length; i++) {
      data[i] = (byte) (i * 7);
    }
    pages.zero(0, 2);
    pages.write(1, 3, data, 0, data.length);
    byte[] read = new byte[data.length];
    pages.read(1, 3, read, 0, read.length);

    assertThat(read).isEqualTo(data);
    assertThat(pages.getAndAdd(0, 8, 5)).isZero();
    assertThat(pages.compareAndExchange(0, 8, 5, 9)).isEqualTo(5);
    assertThat(pages.getAndAdd(0, 8, 0)).isEqualTo(9);
  }
}
