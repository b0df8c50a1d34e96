package dev.fenceline.host.engine.thrash;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.model.DeviceId;
import org.junit.jupiter.api.Test;

class ThrashingTest {
  private static final DeviceId A = new DeviceId("a", 0);
  private static final DeviceId B = new DeviceId("b", 0);
  private static final long LAPSE = ThrashPolicy.DEFAULT.lapseNanos();
  private static final long MILLISECOND = 1_000_000;

  private final Thrashing thrashing = new Thrashing(ThrashPolicy.DEFAULT);
  private long now = 1;

  /** The page goes from one to the other as soon as it arrived. */
  private void backAndForth(int moves) {
    for (int i = 0; i < moves; i++) {
      now += 10_000;
      thrashing.taken(7, 8, i % 2 == 0 ? A : B, now);
    }
  }

  @Test
  void pageThatMovesSeldom_isFree() {
    for (int i = 0; i < 100; i++) {
      now += LAPSE + 1;
      assertThat(thrashing.wants(7, i % 2 == 0 ? A : B, true, now))
          .isEqualTo(new Thrashing.Hint.Free());
      thrashing.taken(7, 8, i % 2 == 0 ? A : B, now);
    }
    assertThat(thrashing.thrashes(7)).isFalse();
  }

  @Test
  void pageThatOneTakesAgainAndAgain_isFree() {
    for (int i = 0; i < 100; i++) {
      thrashing.taken(7, 8, A, now += 10);
    }
    assertThat(thrashing.thrashes(7)).isFalse();
  }

  @Test
  void thirdMoveInARow_makesTheAskerNapAndNotTheHolder() {
    backAndForth(3);
    assertThat(thrashing.thrashes(7)).isFalse();
    backAndForth(1); // the first of four is no move from another party
    assertThat(thrashing.thrashes(7)).isFalse();
    thrashing.taken(7, 8, B, now += 10);
    assertThat(thrashing.thrashes(7)).isTrue();
    assertThat(thrashing.wants(7, B, true, now)).isEqualTo(new Thrashing.Hint.Free());
    assertThat(thrashing.wants(7, A, true, now + 1))
        .isEqualTo(new Thrashing.Hint.Nap(now + LAPSE, true));
    assertThat(thrashing.wants(7, A, true, now + 2))
        .isEqualTo(new Thrashing.Hint.Nap(now + LAPSE, false));
    assertThat(thrashing.wants(7, A, true, now + LAPSE)).isEqualTo(new Thrashing.Hint.Free());
    assertThat(thrashing.wants(8, A, true, now)).isEqualTo(new Thrashing.Hint.Free());
  }

  @Test
  void napsEnough_pinThePageForAWhileAndThenItIsForgotten() {
    backAndForth(5);
    int naps = 0;
    Thrashing.Hint hint = nap(naps);
    while (hint instanceof Thrashing.Hint.Nap && naps < 100) {
      now += LAPSE;
      thrashing.taken(7, 8, naps % 2 == 0 ? B : A, now);
      naps++;
      hint = nap(naps);
    }
    assertThat(naps).isEqualTo(ThrashPolicy.DEFAULT.naps());
    assertThat(hint).isEqualTo(new Thrashing.Hint.Pinned(now + 1 + 150 * MILLISECOND, true));
    assertThat(thrashing.pinned(7, now + 149 * MILLISECOND)).isTrue();
    assertThat(thrashing.blocks(now).getFirst().pinnedPages()).isEqualTo(1);
    assertThat(thrashing.wants(7, A, true, now + 151 * MILLISECOND))
        .isEqualTo(new Thrashing.Hint.Free());
    assertThat(thrashing.thrashes(7)).isFalse();
  }

  private Thrashing.Hint nap(int naps) {
    return thrashing.wants(7, naps % 2 == 0 ? B : A, true, now + 1);
  }

  @Test
  void whatCannotBeServedToAll_isNeverPinned() {
    backAndForth(5);
    for (int i = 0; i < 50; i++) {
      assertThat(thrashing.wants(7, i % 2 == 0 ? B : A, false, now + 1))
          .isInstanceOf(Thrashing.Hint.Nap.class);
      now += LAPSE;
      thrashing.taken(7, 8, i % 2 == 0 ? B : A, now);
    }
  }

  @Test
  void whatSomebodyMoved_isForgotten() {
    backAndForth(10);
    thrashing.forget(0, 512);
    assertThat(thrashing.thrashes(7)).isFalse();
    assertThat(thrashing.pageCount()).isZero();
  }

  @Test
  void slowMoves_makeTheLapseLonger() {
    for (int i = 0; i < 100; i++) {
      thrashing.arrived(7, 8, 5 * MILLISECOND, now += 10 * MILLISECOND);
    }
    assertThat(thrashing.lapseNanos()).isBetween(9 * MILLISECOND, 10 * MILLISECOND);
  }

  @Test
  void manyPages_areBoundedAndQuietOnesForgotten() {
    for (long vpn = 0; vpn < 2L * Thrashing.MAX_PAGES; vpn++) {
      thrashing.taken(vpn, vpn + 1, A, now += 10);
    }
    assertThat(thrashing.pageCount()).isLessThanOrEqualTo(Thrashing.MAX_PAGES);
    thrashing.tidy(now + 2 * 1_000_000_000L);
    assertThat(thrashing.pageCount()).isZero();
  }

  /** A page in each block, none of which is known before. */
  @Test
  void scatteredPages_areBounded() {
    for (long block = 0; block < 2L * Thrashing.MAX_BLOCKS; block++) {
      thrashing.taken(block * 512, block * 512 + 1, A, now += 10);
    }
    assertThat(thrashing.pageCount()).isEqualTo(Thrashing.MAX_BLOCKS);
    assertThat(thrashing.blocks(now)).hasSize(Thrashing.MAX_BLOCKS);
    assertThat(thrashing.blocks(now).getLast().vpnStart())
        .isEqualTo((2L * Thrashing.MAX_BLOCKS - 1) * 512);
  }

  @Test
  void blocksOfForgottenPages_areBounded() {
    for (long block = 0; block < 2L * Thrashing.MAX_BLOCKS; block++) {
      thrashing.taken(block * 512, block * 512 + 1, A, now += 10);
      thrashing.forget(block * 512, block * 512 + 1);
    }
    assertThat(thrashing.pageCount()).isZero();
    assertThat(thrashing.blocks(now)).hasSize(Thrashing.MAX_BLOCKS);
  }

  @Test
  void policyNone_neverDelays() {
    Thrashing off = new Thrashing(ThrashPolicy.NONE);
    for (int i = 0; i < 100; i++) {
      off.taken(7, 8, i % 2 == 0 ? A : B, now += 10);
      assertThat(off.wants(7, i % 2 == 0 ? B : A, true, now)).isEqualTo(new Thrashing.Hint.Free());
    }
  }

  /** Thrashes for a while; then the page moves once in a while. */
  private void bout() {
    backAndForth(5);
    assertThat(thrashing.thrashes(7)).isTrue();
    now += 2_000 * LAPSE + MILLISECOND;
  }

  @Test
  void slowMoves_clearABlockFourTimesAndNotMoreOften() {
    for (int reset = 1; reset <= 5; reset++) {
      bout();
      thrashing.taken(7, 8, B, now);
      assertThat(thrashing.thrashes(7)).as("after bout " + reset).isEqualTo(reset == 5);
    }
  }

  @Test
  void quietTimes_areCountedAlsoOverThePagesThatTheyHaveForgotten() {
    for (int reset = 1; reset <= 4; reset++) {
      bout();
      thrashing.tidy(now);
      assertThat(thrashing.thrashes(7)).as("after bout " + reset).isFalse();
      assertThat(thrashing.pageCount()).isZero();
      assertThat(thrashing.blocks(now)).isEmpty();
    }
    bout();
    thrashing.tidy(now);
    assertThat(thrashing.thrashes(7)).isTrue();
  }

  @Test
  void blockThatIsKnown_comesToAPinOverItsBouts() {
    for (int bout = 0; bout < 5; bout++) {
      bout();
      thrashing.taken(7, 8, B, now);
    }
    int naps = 0;
    Thrashing.Hint hint = nap(1);
    while (hint instanceof Thrashing.Hint.Nap && naps < 100) {
      now += 100 * LAPSE; // far between: each would have cleared what the one before counted
      thrashing.taken(7, 8, naps % 2 == 0 ? A : B, now);
      naps++;
      hint = nap(naps % 2 == 0 ? 1 : 0);
    }
    assertThat(hint).isInstanceOf(Thrashing.Hint.Pinned.class);
  }

  @Test
  void pagesThatTheirCallerMoves_areForgottenWhateverTheResets() {
    for (int bout = 0; bout < 5; bout++) {
      bout();
      thrashing.taken(7, 8, B, now);
    }
    thrashing.forget(0, 512);
    assertThat(thrashing.thrashes(7)).isFalse();
  }
}
