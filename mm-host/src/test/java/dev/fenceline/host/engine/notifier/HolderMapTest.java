package dev.fenceline.host.engine.notifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.host.engine.SeededRuns;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class HolderMapTest {
  /** Places that sit on the borders of words, leaves and nodes. */
  private static final long[] BASES = {
    0, 4096 - 70, (1L << 18) - 90, (1L << 24) - 4200, (1L << 30) - 64, HolderMap.VPN_LIMIT - 9000
  };

  @Test
  void emptyMap_holdsNothingAndTakesNothing() {
    HolderMap map = new HolderMap();
    assertThat(map.holdsAny(0, HolderMap.VPN_LIMIT)).isFalse();
    assertThat(map.heldPages()).isZero();
    assertThat(map.heldPages(0, HolderMap.VPN_LIMIT)).isZero();
    map.release(0, HolderMap.VPN_LIMIT);
    assertThat(map.bytes()).isLessThan(64);
  }

  @Test
  void grantedPages_areHeldAndTheirNeighboursAreNot() {
    HolderMap map = new HolderMap();
    map.grant(4095, 2);
    assertThat(map.holdsAny(0, 4095)).isFalse();
    assertThat(map.holdsAny(4095, 4096)).isTrue();
    assertThat(map.holdsAny(4096, 4097)).isTrue();
    assertThat(map.holdsAny(4097, HolderMap.VPN_LIMIT)).isFalse();
    assertThat(map.heldPages()).isEqualTo(2);
  }

  @Test
  void pagesGrantedTwice_countOnce() {
    HolderMap map = new HolderMap();
    map.grant(10, 100);
    map.grant(60, 100);
    assertThat(map.heldPages()).isEqualTo(150);
    assertThat(runs(map, 0, 1000)).containsExactly("10-160");
  }

  @Test
  void runAcrossLeaves_isOneRun() {
    HolderMap map = new HolderMap();
    long start = (1L << 24) - 10_000;
    map.grant(start, 20_000);
    assertThat(runs(map, 0, HolderMap.VPN_LIMIT)).containsExactly(start + "-" + (start + 20_000));
    assertThat(runs(map, start + 5, start + 7)).containsExactly((start + 5) + "-" + (start + 7));
  }

  @Test
  void visitor_mayReleaseTheRun() {
    HolderMap map = new HolderMap();
    for (long vpn = 0; vpn < 100_000; vpn += 5000) {
      map.grant(vpn, 3);
    }
    map.forEachHeldRun(0, HolderMap.VPN_LIMIT, map::release);
    assertThat(map.heldPages()).isZero();
  }

  @Test
  void wholeSpaceReleased_givesAllMemoryBack() {
    HolderMap map = new HolderMap();
    long empty = map.bytes();
    for (long base : BASES) {
      map.grant(base, 5000);
    }
    assertThat(map.bytes()).isGreaterThan(empty);
    map.release(0, HolderMap.VPN_LIMIT);
    assertThat(map.heldPages()).isZero();
    assertThat(map.bytes()).isEqualTo(empty);
  }

  @Test
  void densePages_takeLittleMoreThanOneBitEach() {
    HolderMap map = new HolderMap();
    map.grant(1L << 34, 10_000_000);
    assertThat(map.bytes()).isLessThan(10_000_000 / 8 * 12 / 10);
  }

  @Test
  void pagesOutsideTheSpace_areRefusedByValue() {
    HolderMap map = new HolderMap();
    assertThatThrownBy(() -> map.grant(HolderMap.VPN_LIMIT - 1, 2))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessageContaining("34359738369");
    assertThatThrownBy(() -> map.grant(0, -1)).hasMessageContaining("-1 pages");
    assertThatThrownBy(() -> map.release(5, 4)).hasMessageContaining("[5, 4)");
    assertThatThrownBy(() -> map.holdsAny(-1, 4)).hasMessageContaining("[-1, 4)");
    assertThat(map.heldPages()).isZero();
  }

  @Test
  void randomOperations_matchTheReference() {
    SeededRuns.forSeeds(
        "HolderMapTest#randomOperations_matchTheReference", 100, HolderMapTest::compare);
  }

  private static void compare(RandomGenerator random) {
    HolderMap map = new HolderMap();
    TreeSet<Long> reference = new TreeSet<>();
    for (int step = 0; step < 60; step++) {
      long start = BASES[random.nextInt(BASES.length)] + random.nextInt(8900);
      if (random.nextInt(3) < 2) {
        long count =
            Math.min(random.nextInt(1 + random.nextInt(1500)), HolderMap.VPN_LIMIT - start);
        map.grant(start, count);
        for (long vpn = start; vpn < start + count; vpn++) {
          reference.add(vpn);
        }
      } else {
        long end = randomEnd(random, start);
        map.release(start, end);
        reference.subSet(start, end).clear();
      }
      assertThat(map.heldPages()).isEqualTo(reference.size());
      long from = BASES[random.nextInt(BASES.length)] + random.nextInt(8900);
      long to = randomEnd(random, from);
      assertThat(map.holdsAny(from, to)).isEqualTo(!reference.subSet(from, to).isEmpty());
      assertThat(map.heldPages(from, to)).isEqualTo(reference.subSet(from, to).size());
      assertThat(runs(map, from, to)).isEqualTo(runs(reference, from, to));
    }
    for (long vpn : List.copyOf(reference)) {
      map.release(vpn, vpn + 1);
    }
    assertThat(map.bytes()).isEqualTo(new HolderMap().bytes());
  }

  private static long randomEnd(RandomGenerator random, long start) {
    long length =
        switch (random.nextInt(5)) {
          case 0 -> HolderMap.VPN_LIMIT;
          case 1 -> 1L << random.nextInt(35);
          default -> random.nextInt(3000);
        };
    return Math.min(HolderMap.VPN_LIMIT, start + length);
  }

  private static List<String> runs(HolderMap map, long vpnStart, long vpnEnd) {
    List<String> runs = new ArrayList<>();
    map.forEachHeldRun(vpnStart, vpnEnd, (start, end) -> runs.add(start + "-" + end));
    return runs;
  }

  private static List<String> runs(TreeSet<Long> pages, long vpnStart, long vpnEnd) {
    List<String> runs = new ArrayList<>();
    long start = -1;
    long end = -1;
    for (long vpn : pages.subSet(vpnStart, vpnEnd)) {
      if (vpn != end) {
        if (end > 0) {
          runs.add(start + "-" + end);
        }
        start = vpn;
      }
      end = vpn + 1;
    }
    if (end > 0) {
      runs.add(start + "-" + end);
    }
    return runs;
  }
}
