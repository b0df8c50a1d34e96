package dev.fenceline.concurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class MirrorAccessTest {
  private static final int OWNED = 2;

  private final MirrorTable table = new MirrorTable();
  private final AccessSlots slots = new AccessSlots(OWNED, 2);
  private final MirrorAccess access = new MirrorAccess(table, slots);
  private final AtomicInteger drained = new AtomicInteger();
  private final long[] entries = new long[16];

  private void map(long vpnStart, int pageCount, boolean writable) {
    for (int i = 0; i < pageCount; i++) {
      table.set(vpnStart + i, MirrorEntry.pack(i, 7, writable));
    }
  }

  @Test
  void allPagesGranted_isOpenWithTheirEntries() {
    map(510, 4, true);

    long result = access.openAt(1, 510, 4, MirrorEntry.WRITE, entries);

    assertThat(MirrorAccess.isOpen(result)).isTrue();
    assertThat(MirrorAccess.isMiss(result)).isFalse();
    assertThat(MirrorAccess.slot(result)).isEqualTo(1);
    assertThat(MirrorEntry.frame(entries[3])).isEqualTo(3);
    assertThat(slots.isAnnounced(1)).isTrue();
    access.close(1);
    assertThat(slots.isAnnounced(1)).isFalse();
  }

  @Test
  void pageAbsent_isMissAndNothingStaysAnnounced() {
    map(510, 2, true);

    long result = access.openAt(0, 510, 4, MirrorEntry.READ, entries);

    assertThat(MirrorAccess.isOpen(result)).isFalse();
    assertThat(MirrorAccess.isMiss(result)).isTrue();
    assertThat(MirrorAccess.missedVpn(result)).isEqualTo(512);
    assertThat(slots.isAnnounced(0)).isFalse();
  }

  @Test
  void firstPageZeroAbsent_isMissOfPageZero() {
    long result = access.openAt(0, 0, 1, MirrorEntry.READ, entries);

    assertThat(MirrorAccess.isMiss(result)).isTrue();
    assertThat(MirrorAccess.missedVpn(result)).isZero();
  }

  @Test
  void pageReadOnly_writeIsMissAndReadIsOpen() {
    map(9, 1, false);

    long write = access.open(5, 9, 1, MirrorEntry.WRITE, entries);
    long read = access.open(5, 9, 1, MirrorEntry.READ, entries);

    assertThat(MirrorAccess.missedVpn(write)).isEqualTo(9);
    assertThat(MirrorAccess.isOpen(read)).isTrue();
    assertThat(MirrorAccess.slot(read)).isGreaterThanOrEqualTo(OWNED);
  }

  @Test
  void allSharedSlotsTaken_isNeitherOpenNorMiss() {
    map(9, 1, false);
    access.open(0, 9, 1, MirrorEntry.READ, entries);
    access.open(0, 9, 1, MirrorEntry.READ, entries);

    long result = access.open(0, 9, 1, MirrorEntry.READ, entries);

    assertThat(MirrorAccess.isOpen(result)).isFalse();
    assertThat(MirrorAccess.isMiss(result)).isFalse();
  }

  @Test
  void invalidationOfAnIdleRange_drainsAtOnce() {
    map(0, 8, true);
    access.openAt(0, 0, 4, MirrorEntry.READ, entries);

    Drain drain = access.invalidate(4, 8, drained::incrementAndGet);

    assertThat(drain.isDrained()).isTrue();
    assertThat(drained).hasValue(1);
    assertThat(table.entries()).isEqualTo(4);
  }

  @Test
  void invalidationUnderAnOpenAccess_drainsWhenItCloses() {
    map(0, 8, true);
    access.openAt(0, 0, 4, MirrorEntry.READ, entries);

    Drain drain = access.invalidate(3, 8, drained::incrementAndGet);

    assertThat(drain.isDrained()).isFalse();
    assertThat(drain.outstandingSlots()).containsExactly(0);
    assertThat(MirrorAccess.missedVpn(access.openAt(1, 3, 1, MirrorEntry.READ, entries)))
        .isEqualTo(3);
    assertThat(drained).hasValue(0);
    access.close(0);
    assertThat(drain.isDrained()).isTrue();
    assertThat(drained).hasValue(1);
  }

  @Test
  void argumentsWithoutSense_areRefusedBeforeAnythingIsAnnounced() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> access.openAt(0, 0, 17, MirrorEntry.READ, entries));
    assertThatIllegalArgumentException().isThrownBy(() -> access.openAt(0, 0, 1, 0, entries));

    assertThat(slots.isAnnounced(0)).isFalse();
  }
}
