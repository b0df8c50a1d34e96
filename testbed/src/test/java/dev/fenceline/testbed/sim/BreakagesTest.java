package dev.fenceline.testbed.sim;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The simulator bites: each deliberate error is found within a bounded number of seeds. Confined to
 * the test's thread.
 */
class BreakagesTest {
  /** Most need one to three seeds; a DMA of an old session is rarely good for anything. */
  private static final long MAX_SEEDS = 3_000;

  @ParameterizedTest
  @EnumSource(value = Breakage.class, names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  @Timeout(value = 15, unit = TimeUnit.MINUTES)
  void brokenProtocol_isFoundWithinBoundedSeeds(Breakage breakage) {
    SeedResult found = null;
    long seed = 0;
    while (found == null && seed < MAX_SEEDS) {
      SeedResult result = Simulation.run(++seed, breakage);
      found = result.violation() == null ? null : result;
    }

    long seeds = seed;
    assertTrue(
        found != null,
        () -> breakage + " (" + breakage.meaning() + "): not in " + seeds + " seeds");
    System.out.printf("%-32s found by seed %d: %s%n", breakage, seeds, found.violation());
  }
}
