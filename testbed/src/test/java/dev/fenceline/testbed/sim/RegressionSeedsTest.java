package dev.fenceline.testbed.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Seeds that once showed an error of the product. Confined to the test's thread. */
class RegressionSeedsTest {

  @Test
  void seedsThatOnceFailed_noViolation() throws IOException {
    List<String> violations = new ArrayList<>();
    for (long seed : seeds()) {
      SeedResult result = Simulation.run(seed);
      if (result.violation() != null) {
        violations.add(result.replayLine() + "   # " + result.violation());
      }
    }
    assertEquals(List.of(), violations);
  }

  private static List<Long> seeds() throws IOException {
    try (InputStream in =
        RegressionSeedsTest.class.getResourceAsStream("/sim/regression-seeds.txt")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .map(line -> line.replaceFirst("#.*", "").strip())
          .filter(line -> !line.isEmpty())
          .map(Long::valueOf)
          .toList();
    }
  }
}
