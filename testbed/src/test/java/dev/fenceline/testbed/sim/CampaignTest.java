package dev.fenceline.testbed.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Seeds of the correct protocol. Each test is confined to its threads. */
class CampaignTest {
  private static final long FIRST_SEED = 1;
  private static final int SEEDS = 2_000;

  @Test
  @Timeout(1200)
  void correctProtocol_noViolation_andEveryRareStateIsReached() throws InterruptedException {
    Campaign.Tally tally = new Campaign(FIRST_SEED, SEEDS, Breakage.NONE, progress -> {}).run(2);

    assertEquals(SEEDS, tally.seeds());
    List<String> violations =
        tally.violations().stream()
            .map(result -> result.replayLine() + "   # " + result.violation())
            .toList();
    assertEquals(List.of(), violations);
    Set<Sometimes> never = EnumSet.noneOf(Sometimes.class);
    for (Sometimes what : Sometimes.values()) {
      if (tally.times(what) == 0) {
        never.add(what);
      }
    }
    assertEquals(Set.of(), never);
    assertTrue(tally.faults() >= 100L * SEEDS, () -> tally.faults() + " faults are too few");
  }

  @Test
  void sameSeedTwice_sameEvents() {
    for (long seed = 1; seed <= 20; seed++) {
      List<Long> first = new ArrayList<>();
      List<Long> second = new ArrayList<>();
      SeedResult one = Simulation.observed(seed, first::add);
      SeedResult other = Simulation.observed(seed, second::add);
      for (int event = 0; event < Math.min(first.size(), second.size()); event++) {
        long s = seed;
        int e = event;
        assertEquals(
            first.get(event), second.get(event), () -> "seed " + s + " differs at event " + e);
      }
      assertEquals(first.size(), second.size());
      assertEquals(one.violation(), other.violation());
    }
  }

  @Test
  void tracedRun_sameEventsAsUntraced() {
    assertEquals(Simulation.run(7).hash(), Simulation.traced(7, Breakage.NONE).hash());
    assertNull(Simulation.run(7).violation());
  }
}
