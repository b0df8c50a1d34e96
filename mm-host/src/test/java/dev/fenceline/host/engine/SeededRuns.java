package dev.fenceline.host.engine;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** Runs a random test once per seed and names the seed that failed. Stateless. */
public final class SeededRuns {
  private static final String SEED_PROPERTY = "fenceline.seed";

  private SeededRuns() {}

  /** One run of a test, driven by a generator of its own. */
  @FunctionalInterface
  public interface Run {
    void run(RandomGenerator random);
  }

  /**
   * Runs the seeds 0 to {@code seeds - 1}, or only the one that the system property {@code
   * fenceline.seed} names; a failure carries the line that replays it.
   *
   * @param test the test in the form {@code Class#method}
   */
  public static void forSeeds(String test, int seeds, Run run) {
    Long only = Long.getLong(SEED_PROPERTY);
    long first = only == null ? 0 : only;
    long end = only == null ? seeds : only + 1;
    for (long seed = first; seed < end; seed++) {
      try {
        run.run(RandomGeneratorFactory.of("L64X128MixRandom").create(seed));
      } catch (RuntimeException | AssertionError failure) {
        throw new AssertionError(
            "replay: mvn -q -pl mm-host -am test -Dsurefire.failIfNoSpecifiedTests=false"
                + (" -Dtest=" + test + " -D" + SEED_PROPERTY + "=" + seed + " -> " + failure),
            failure);
      }
    }
  }
}
