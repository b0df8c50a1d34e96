package dev.fenceline.concurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AccessSlotsTest {
  private final AccessSlots slots = new AccessSlots(3, 2);
  private final List<String> drained = new ArrayList<>();

  private Drain begin(String name, long vpnStart, long vpnEnd) {
    return slots.beginDrain(vpnStart, vpnEnd, () -> drained.add(name));
  }

  @Test
  void nothingAnnounced_drainEndsAtOnce() {
    Drain drain = begin("all", 0, MirrorTable.VPN_LIMIT);

    assertThat(drain.isDrained()).isTrue();
    assertThat(drain.outstandingSlots()).isEmpty();
    assertThat(drained).containsExactly("all");
  }

  @Test
  void neighboursOfARange_areNotWaitedFor() {
    slots.announceAt(0, 90, 10);
    slots.announceAt(1, 110, 10);

    assertThat(begin("between", 100, 110).isDrained()).isTrue();
    assertThat(begin("last page before", 99, 110).outstandingSlots()).containsExactly(0);
    assertThat(begin("first page behind", 100, 111).outstandingSlots()).containsExactly(1);
  }

  @Test
  void lastPagesOfTheSpace_areWaitedFor() {
    slots.announceAt(0, MirrorTable.VPN_LIMIT - AccessSlots.MAX_PAGES, AccessSlots.MAX_PAGES);

    Drain drain = begin("last", MirrorTable.VPN_LIMIT - 1, MirrorTable.VPN_LIMIT);

    assertThat(drain.isDrained()).isFalse();
  }

  @Test
  void severalAccesses_lastWithdrawalEndsTheDrain() {
    slots.announceAt(0, 5, 1);
    slots.announceAt(2, 6, 1);
    int shared = slots.announce(0, 7, 1);
    Drain drain = begin("range", 5, 8);

    slots.withdraw(2);
    slots.withdraw(0);
    assertThat(drain.outstandingSlots()).containsExactly(shared);
    assertThat(drained).isEmpty();
    slots.withdraw(shared);

    assertThat(drain.isDrained()).isTrue();
    assertThat(drained).containsExactly("range");
  }

  @Test
  void laterAccessInTheSameSlot_isNotWaitedFor() {
    slots.announceAt(0, 5, 1);
    begin("old", 5, 6);
    slots.withdraw(0);
    slots.announceAt(0, 5, 1);

    assertThat(drained).containsExactly("old");
    begin("new", 5, 6);
    assertThat(drained).containsExactly("old");
    slots.withdraw(0);

    assertThat(drained).containsExactly("old", "new");
  }

  @Test
  void severalDrainsOfOneAccess_endInTheOrderOfTheirBeginning() {
    slots.announceAt(0, 0, 10);
    begin("first", 0, 1);
    begin("second", 1, 2);
    begin("elsewhere", 10, 20);

    slots.withdraw(0);

    assertThat(drained).containsExactly("elsewhere", "first", "second");
  }

  @Test
  void drainBegunByACallback_isServed() {
    slots.announceAt(0, 0, 1);
    slots.announceAt(1, 9, 1);
    slots.beginDrain(0, 1, () -> begin("nested", 9, 10));

    slots.withdraw(0);
    assertThat(drained).isEmpty();
    slots.withdraw(1);

    assertThat(drained).containsExactly("nested");
  }

  @Test
  void callbackFails_othersAreRunAndTheFailureIsTold() {
    slots.announceAt(0, 0, 1);
    slots.beginDrain(
        0,
        1,
        () -> {
          throw new IllegalStateException("first");
        });
    slots.beginDrain(
        0,
        1,
        () -> {
          throw new IllegalStateException("second");
        });
    begin("third", 0, 1);

    assertThatThrownBy(() -> slots.withdraw(0))
        .hasMessage("first")
        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));

    assertThat(drained).containsExactly("third");
    assertThat(slots.isAnnounced(0)).isFalse();
  }

  @Test
  void sequenceWraps_announcementsStayDistinguishable() {
    for (int i = 0; i < (1 << 16) - 1; i++) {
      slots.announceAt(0, 5, 1);
      slots.withdraw(0);
    }
    slots.announceAt(0, 5, 1);
    begin("at the wrap", 5, 6);
    assertThat(drained).isEmpty();
    slots.withdraw(0);
    slots.announceAt(0, 5, 1);

    assertThat(drained).containsExactly("at the wrap");
  }

  @Test
  void sharedSlots_areHandedOutUntilNoneIsFree() {
    int first = slots.announce(-7, 1, 1);
    int second = slots.announce(-7, 1, 1);

    assertThat(List.of(first, second)).containsExactlyInAnyOrder(3, 4);
    assertThat(slots.announce(1, 1, 1)).isEqualTo(AccessSlots.NO_FREE_SLOT);
    slots.withdraw(first);
    assertThat(slots.announce(12345, 1, 1)).isEqualTo(first);
    assertThat(new AccessSlots(1, 0).announce(0, 1, 1)).isEqualTo(AccessSlots.NO_FREE_SLOT);
  }

  @Test
  void wrongUse_isRefusedAndChangesNothing() {
    slots.announceAt(0, 1, 1);

    assertThatIllegalStateException().isThrownBy(() -> slots.announceAt(0, 2, 1));
    assertThatIllegalStateException().isThrownBy(() -> slots.withdraw(1));
    assertThatThrownBy(() -> slots.announceAt(3, 1, 1))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatIllegalArgumentException().isThrownBy(() -> slots.announceAt(1, 1, 0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> slots.announceAt(1, 1, AccessSlots.MAX_PAGES + 1));
    assertThatThrownBy(() -> slots.announceAt(1, MirrorTable.VPN_LIMIT - 1, 2))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> begin("negative", -1, 2))
        .isInstanceOf(IndexOutOfBoundsException.class);

    assertThat(slots.isAnnounced(0)).isTrue();
    assertThat(slots.isAnnounced(1)).isFalse();
  }
}
