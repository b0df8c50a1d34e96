package dev.fenceline.host.engine.attribute;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.model.DeviceId;
import dev.fenceline.model.RangeAttributes;
import dev.fenceline.model.RangeAttributes.AtomicMode;
import dev.fenceline.model.RangeAttributes.Granularity;
import dev.fenceline.model.RangeAttributes.MigrationPolicy;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class AttributeMapTest {
  private static final int PAGES = 40;
  private static final List<RangeAttributes> SOME =
      List.of(
          RangeAttributes.NONE,
          attributes(new DeviceId("a", 0), false),
          attributes(new DeviceId("a", 1), false),
          attributes(DeviceId.CPU, true));

  private static RangeAttributes attributes(DeviceId preferred, boolean readDuplication) {
    return new RangeAttributes(
        preferred,
        List.of(),
        readDuplication,
        Granularity.PAGE_2M,
        MigrationPolicy.ALLOWED,
        AtomicMode.GLOBAL);
  }

  @Test
  void randomChanges_agreeWithAnArrayOfPages() {
    for (long seed = 0; seed < 200; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      AttributeMap map = new AttributeMap();
      RangeAttributes[] pages = new RangeAttributes[PAGES];
      java.util.Arrays.fill(pages, RangeAttributes.NONE);
      for (int step = 0; step < 60; step++) {
        int start = random.nextInt(PAGES);
        int end = start + 1 + random.nextInt(PAGES - start);
        RangeAttributes to = SOME.get(random.nextInt(SOME.size()));
        if (random.nextInt(4) == 0) {
          to = RangeAttributes.NONE;
          map.clear(start, end);
        } else {
          map.set(start, end, to);
        }
        java.util.Arrays.fill(pages, start, end, to);
        assertAgree(seed, map, pages);
      }
    }
  }

  private static void assertAgree(long seed, AttributeMap map, RangeAttributes[] pages) {
    for (int page = 0; page < PAGES; page++) {
      assertThat(map.at(page)).as("seed %d page %d", seed, page).isEqualTo(pages[page]);
    }
    AttributeMap.Interval before = null;
    for (AttributeMap.Interval each : map.intervals(0, PAGES, PAGES)) {
      assertThat(each.vpnStart()).as("seed %d", seed).isLessThan(each.vpnEnd());
      if (before != null) {
        assertThat(before.vpnEnd()).as("seed %d", seed).isLessThanOrEqualTo(each.vpnStart());
        boolean joined =
            before.vpnEnd() == each.vpnStart() && before.attributes().equals(each.attributes());
        assertThat(joined).as("seed %d: equal neighbours are one", seed).isFalse();
      }
      before = each;
    }
  }

  @Test
  void devices_areSortedAndNamedOnce() {
    DeviceId first = new DeviceId("a", 0);
    DeviceId second = new DeviceId("b", 0);
    RangeAttributes attributes =
        new RangeAttributes(
            null,
            List.of(second, first, second),
            false,
            Granularity.UNSPECIFIED,
            MigrationPolicy.ALLOWED,
            AtomicMode.UNSPECIFIED);
    assertThat(attributes.accessedBy()).containsExactly(first, second);
  }
}
