package dev.fenceline.concurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.NavigableMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MirrorTableTest {
  private final MirrorTable table = new MirrorTable();
  private final long emptyBytes = table.bytes();

  private NavigableMap<Long, Long> contents(long vpnStart, long vpnEnd) {
    NavigableMap<Long, Long> found = new TreeMap<>();
    long[] last = {-1};
    table.forEach(
        vpnStart,
        vpnEnd,
        (vpn, entry) -> {
          assertThat(vpn).isGreaterThan(last[0]);
          last[0] = vpn;
          found.put(vpn, entry);
        });
    return found;
  }

  @Test
  void emptyTable_everyPageIsAbsent() {
    assertThat(table.get(0)).isZero();
    assertThat(table.get(MirrorTable.VPN_LIMIT - 1)).isZero();
    assertThat(table.clear(0, MirrorTable.VPN_LIMIT)).isZero();
    assertThat(contents(0, MirrorTable.VPN_LIMIT)).isEmpty();
  }

  @Test
  void firstAndLastPage_areFoundByTheWholeRange() {
    assertThat(table.set(0, 11)).isZero();
    assertThat(table.set(MirrorTable.VPN_LIMIT - 1, 12)).isZero();
    assertThat(table.set(0, 13)).isEqualTo(11);

    assertThat(table.entries()).isEqualTo(2);
    assertThat(contents(0, MirrorTable.VPN_LIMIT)).hasSize(2).containsEntry(0L, 13L);
    assertThat(table.clear(0, MirrorTable.VPN_LIMIT)).isEqualTo(2);

    assertThat(table.entries()).isZero();
    assertThat(table.bytes()).isEqualTo(emptyBytes);
  }

  @Test
  void settingZero_clearsThePageAndFreesItsLeaf() {
    table.set(777, 5);

    assertThat(table.set(777, 0)).isEqualTo(5);

    assertThat(table.get(777)).isZero();
    assertThat(table.entries()).isZero();
    assertThat(table.bytes()).isEqualTo(emptyBytes);
    assertThat(table.set(777, 0)).isZero();
  }

  @Test
  void clear_touchesItsHalfOpenRangeOnly() {
    for (long vpn = 500; vpn < 1100; vpn++) {
      table.set(vpn, vpn);
    }

    assertThat(table.clear(511, 1025)).isEqualTo(514);
    assertThat(table.clear(600, 600)).isZero();

    assertThat(table.get(510)).isEqualTo(510);
    assertThat(table.get(511)).isZero();
    assertThat(table.get(1024)).isZero();
    assertThat(table.get(1025)).isEqualTo(1025);
    assertThat(contents(0, 2000)).hasSize(600 - 514);
  }

  @Test
  void densePages_costLittleMoreThanTheirEntries() {
    int pages = 1 << 16;
    for (long vpn = 0; vpn < pages; vpn++) {
      table.set(vpn, 1);
    }

    assertThat((double) table.bytes() / pages).isLessThan(9);
  }

  @Test
  void pagesOutsideTheSpace_areRefused() {
    assertThatThrownBy(() -> table.get(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> table.set(MirrorTable.VPN_LIMIT, 1))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> table.clear(2, 1)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> table.clear(0, MirrorTable.VPN_LIMIT + 1))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void randomWrites_agreeWithASortedMap(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    NavigableMap<Long, Long> model = new TreeMap<>();
    for (int step = 0; step < 4_000; step++) {
      String replay = "seed " + seed + ", step " + step;
      long vpn = page(random);
      if (random.nextInt(4) > 0) {
        long entry = random.nextInt(8) == 0 ? 0 : random.nextLong(1, Long.MAX_VALUE);
        Long before = entry == 0 ? model.remove(vpn) : model.put(vpn, entry);
        assertThat(table.set(vpn, entry)).as(replay).isEqualTo(before == null ? 0 : before);
      } else {
        long end = Math.min(MirrorTable.VPN_LIMIT, vpn + (1L << random.nextInt(36)));
        NavigableMap<Long, Long> range = model.subMap(vpn, true, end, false);
        assertThat(contents(vpn, end)).as(replay).isEqualTo(range);
        if (random.nextInt(4) == 0) {
          assertThat(table.clear(vpn, end)).as(replay).isEqualTo(range.size());
          range.clear();
        }
      }
      assertThat(table.get(vpn)).as(replay).isEqualTo(model.getOrDefault(vpn, 0L));
      assertThat(table.entries()).as(replay).isEqualTo(model.size());
    }
    assertThat(contents(0, MirrorTable.VPN_LIMIT)).isEqualTo(model);
    table.clear(0, MirrorTable.VPN_LIMIT);
    assertThat(table.bytes()).isEqualTo(emptyBytes);
  }

  /**
   * Few distinct pages, near and far from each other, so that leaves and directories come and go.
   */
  private static long page(SplittableRandom random) {
    long cluster = random.nextLong(6) * (MirrorTable.VPN_LIMIT / 6);
    return cluster + (random.nextLong(4) << (9 * random.nextInt(3))) + random.nextLong(3);
  }
}
