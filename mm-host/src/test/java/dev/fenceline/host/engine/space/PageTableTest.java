package dev.fenceline.host.engine.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.host.engine.SeededRuns;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class PageTableTest {
  private static final long LAST_VPN = PageTable.VPN_LIMIT - 1;

  /** Places that sit on the borders of leaves and of directories of both levels. */
  private static final long[] BASES = {
    0, 510, (1L << 18) - 4, (1L << 27) - 700, (1L << 34) + 77, PageTable.VPN_LIMIT - 1100
  };

  @Test
  void emptyTable_readsNoneEverywhere() {
    PageTable table = new PageTable();
    assertThat(table.get(0)).isEqualTo(Pte.none(0));
    assertThat(table.get(LAST_VPN)).isEqualTo(Pte.none(0));
    assertThat(table.mappedPages()).isZero();
    assertThat(table.clearRange(0, PageTable.VPN_LIMIT)).isZero();
    assertThat(table.generationFloor()).isZero();
  }

  @Test
  void setEntry_isReadBackAndNeighboursAreNot() {
    PageTable table = new PageTable();
    table.set(LAST_VPN, Pte.present(9, true, 4));
    assertThat(table.get(LAST_VPN)).isEqualTo(Pte.present(9, true, 4));
    assertThat(table.get(LAST_VPN - 1)).isEqualTo(Pte.none(0));
    assertThat(table.mappedPages()).isOne();
  }

  @Test
  void entrySetToNone_keepsItsGenerationUntilCleared() {
    PageTable table = new PageTable();
    table.set(5, Pte.zero(8));
    table.set(5, Pte.none(12));
    assertThat(table.get(5)).isEqualTo(Pte.none(12));
    assertThat(table.mappedPages()).isZero();
    table.clearRange(5, 6);
    assertThat(table.generationFloor()).isEqualTo(13);
    assertThat(table.get(5)).isEqualTo(Pte.none(13));
  }

  @Test
  void clearedPartOfLeaf_raisesGenerationsInPlace() {
    PageTable table = new PageTable();
    table.set(5, Pte.zero(8));
    table.set(6, Pte.zero(20));
    assertThat(table.clearRange(0, 6)).isOne();
    assertThat(table.get(5)).isEqualTo(Pte.none(9));
    assertThat(table.get(6)).isEqualTo(Pte.zero(20));
    assertThat(table.generationFloor()).isZero();
  }

  @Test
  void freedLeaf_startsLaterAboveAllItsGenerations() {
    PageTable table = new PageTable();
    table.set(5, Pte.zero(8));
    table.set(6, Pte.zero(20));
    table.clearRange(0, 512);
    assertThat(table.generationFloor()).isEqualTo(22);
    table.set(7, Pte.zero(22));
    assertThat(table.get(6)).isEqualTo(Pte.none(22));
  }

  @Test
  void freedLeafBehindTheFloor_doesNotLowerIt() {
    PageTable table = new PageTable();
    table.set(0, Pte.zero(3));
    table.set(512, Pte.zero(500));
    table.clearRange(512, 1024);
    table.clearRange(0, 512);
    assertThat(table.generationFloor()).isEqualTo(502);
  }

  @Test
  void generationsThatWrapped_raiseTheFloorPastZero() {
    PageTable table = new PageTable();
    for (int generation : new int[] {1 << 28, 1 << 29, 3 << 28, Pte.MAX_GENERATION - 1}) {
      table.set(0, Pte.zero(generation));
      table.clearRange(0, 512);
      assertThat(table.generationFloor()).isEqualTo((generation + 2) & Pte.MAX_GENERATION);
    }
    assertThat(table.generationFloor()).isZero();
    table.set(0, Pte.zero(0));
    table.clearRange(0, 512);
    assertThat(table.generationFloor()).isEqualTo(2);
  }

  @Test
  void visitor_maySetTheVisitedEntry() {
    PageTable table = new PageTable();
    for (long vpn = 500; vpn < 530; vpn++) {
      table.set(vpn, Pte.present((int) vpn, true, 0));
    }
    table.forEachNonEmpty(
        0, PageTable.VPN_LIMIT, (vpn, entry) -> table.set(vpn, Pte.invalidating(entry)));
    for (long vpn = 500; vpn < 530; vpn++) {
      assertThat(Pte.isInvalidating(table.get(vpn))).isTrue();
    }
    table.forEachNonEmpty(500, 530, (vpn, entry) -> table.set(vpn, Pte.cleared(entry)));
    assertThat(table.mappedPages()).isZero();
  }

  @Test
  void pagesOutsideTheSpace_areRefusedByValue() {
    PageTable table = new PageTable();
    assertThatThrownBy(() -> table.get(PageTable.VPN_LIMIT))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessageContaining("34359738368");
    assertThatThrownBy(() -> table.set(-1, 0)).hasMessageContaining("-1");
    assertThatThrownBy(() -> table.clearRange(4, 3)).hasMessageContaining("[4, 3)");
    assertThatThrownBy(() -> table.forEachNonEmpty(-1, 3, (vpn, entry) -> {}))
        .hasMessageContaining("[-1, 3)");
  }

  @Test
  void freedPages_giveTheirMemoryBack() {
    PageTable table = new PageTable();
    long empty = table.bytes();
    for (long base : BASES) {
      table.set(base, Pte.zero(1));
    }
    assertThat(table.bytes()).isGreaterThan(empty + 6 * 4096);
    table.clearRange(0, PageTable.VPN_LIMIT);
    assertThat(table.bytes()).isEqualTo(empty);
  }

  @Test
  void tenMillionDensePages_takeAtMostNineBytesEach() {
    long pages = 10_000_000;
    long firstVpn = 0x7000_0000_0L;
    PageTable table = new PageTable();
    for (long i = 0; i < pages; i++) {
      table.set(firstVpn + i, Pte.present((int) i + 1, true, 1));
    }
    assertThat(table.mappedPages()).isEqualTo(pages);
    assertThat(table.bytes()).isLessThanOrEqualTo(9 * pages);
    assertThat(table.clearRange(0, PageTable.VPN_LIMIT)).isEqualTo(pages);
  }

  @Test
  void randomOperations_matchTheReference() {
    SeededRuns.forSeeds(
        "PageTableTest#randomOperations_matchTheReference", 150, PageTableTest::compare);
  }

  private static void compare(RandomGenerator random) {
    PageTable table = new PageTable();
    TreeMap<Long, Long> reference = new TreeMap<>();
    TreeSet<String> shownGenerations = new TreeSet<>();
    for (int step = 0; step < 400; step++) {
      long vpn = randomVpn(random);
      switch (random.nextInt(5)) {
        case 0, 1, 2 -> mapOrChange(random, table, reference, shownGenerations, vpn);
        case 3 -> clear(random, table, reference, vpn);
        case 4 -> readRange(random, table, reference, vpn);
        default -> throw new AssertionError();
      }
      assertThat(table.mappedPages()).isEqualTo(reference.size());
    }
    assertThat(entries(table, 0, PageTable.VPN_LIMIT)).isEqualTo(pairs(reference));
  }

  private static void mapOrChange(
      RandomGenerator random,
      PageTable table,
      TreeMap<Long, Long> reference,
      TreeSet<String> shownGenerations,
      long vpn) {
    long old = table.get(vpn);
    assertThat(Pte.isNone(old)).isEqualTo(!reference.containsKey(vpn));
    long entry;
    if (Pte.isNone(old)) {
      entry = Pte.present(1 + random.nextInt(1000), random.nextBoolean(), Pte.generation(old));
      String shown = vpn + "@" + Pte.generation(old);
      assertThat(shownGenerations.add(shown)).as("a generation seen before: " + shown).isTrue();
    } else {
      assertThat(old).isEqualTo(reference.get(vpn));
      entry = Pte.withNextGeneration(Pte.withDirty(old, true));
      shownGenerations.add(vpn + "@" + Pte.generation(entry));
    }
    table.set(vpn, entry);
    reference.put(vpn, entry);
    assertThat(table.get(vpn)).isEqualTo(entry);
  }

  private static void clear(
      RandomGenerator random, PageTable table, TreeMap<Long, Long> reference, long vpn) {
    long end = randomEnd(random, vpn);
    Map<Long, Long> affected = reference.subMap(vpn, end);
    List<Long> generations = new ArrayList<>();
    affected.forEach((page, entry) -> generations.add((long) Pte.generation(entry)));
    List<Long> pages = new ArrayList<>(affected.keySet());
    assertThat(table.clearRange(vpn, end)).isEqualTo(pages.size());
    affected.clear();
    for (int i = 0; i < pages.size(); i++) {
      long now = table.get(pages.get(i));
      assertThat(Pte.isNone(now)).isTrue();
      assertThat((long) Pte.generation(now)).isGreaterThan(generations.get(i));
    }
  }

  private static void readRange(
      RandomGenerator random, PageTable table, TreeMap<Long, Long> reference, long vpn) {
    long end = randomEnd(random, vpn);
    assertThat(entries(table, vpn, end)).isEqualTo(pairs(reference.subMap(vpn, end)));
  }

  private static List<String> entries(PageTable table, long vpnStart, long vpnEnd) {
    List<String> seen = new ArrayList<>();
    table.forEachNonEmpty(vpnStart, vpnEnd, (vpn, entry) -> seen.add(vpn + "=" + entry));
    return seen;
  }

  private static List<String> pairs(Map<Long, Long> reference) {
    List<String> pairs = new ArrayList<>();
    reference.forEach((vpn, entry) -> pairs.add(vpn + "=" + entry));
    return pairs;
  }

  private static long randomVpn(RandomGenerator random) {
    return BASES[random.nextInt(BASES.length)] + random.nextInt(1100);
  }

  private static long randomEnd(RandomGenerator random, long vpn) {
    long length =
        switch (random.nextInt(4)) {
          case 0 -> PageTable.VPN_LIMIT;
          case 1 -> 1;
          default -> random.nextInt(2000);
        };
    return Math.min(PageTable.VPN_LIMIT, vpn + length);
  }

  @Test
  void tally_countsWhatAWalkCounts() {
    SeededRuns.forSeeds("PageTableTest#tally_countsWhatAWalkCounts", 40, this::tally);
  }

  private void tally(RandomGenerator random) {
    PageTable table = new PageTable();
    for (int step = 0; step < 300; step++) {
      long vpn = somewhere(random);
      switch (random.nextInt(6)) {
        case 0 -> table.set(vpn, Pte.zero(3));
        case 1, 2 -> table.set(vpn, Pte.present(1 + random.nextInt(99), true, 3));
        case 3 -> {
          long entry = table.get(vpn);
          if (Pte.isPresent(entry) || Pte.isZero(entry)) {
            table.set(vpn, Pte.invalidating(entry));
          }
        }
        case 4 -> table.set(vpn, Pte.none(9));
        default -> table.clearRange(vpn, Math.min(PageTable.VPN_LIMIT, vpn + random.nextInt(99)));
      }
      long from = somewhere(random);
      long to = somewhere(random);
      long start = Math.min(from, to);
      long end = Math.max(from, to);
      long[] walked = new long[2];
      table.forEachNonEmpty(
          start,
          end,
          (page, entry) -> {
            walked[0] += Pte.frame(entry) == Pte.ZERO_PAGE_FRAME ? 0 : 1;
            walked[1] += Pte.isInvalidating(entry) ? 1 : 0;
          });
      long tally = table.tally(start, end);
      assertThat(PageTable.resident(tally)).isEqualTo(walked[0]);
      assertThat(PageTable.invalidating(tally)).isEqualTo(walked[1]);
    }
    table.clearRange(0, PageTable.VPN_LIMIT);
    assertThat(table.tally(0, PageTable.VPN_LIMIT)).isZero();
  }

  private static long somewhere(RandomGenerator random) {
    return random.nextInt(8) == 0
        ? random.nextLong(PageTable.VPN_LIMIT)
        : BASES[random.nextInt(BASES.length)] + random.nextInt(1024);
  }
}
