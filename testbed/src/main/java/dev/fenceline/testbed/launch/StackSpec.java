package dev.fenceline.testbed.launch;

import java.nio.file.Path;
import java.time.Duration;

/**
 * What a stack consists of. Immutable.
 *
 * @param directory where logs and the state file go; one stack at a time uses it
 * @param coordinators replicas, each of which knows everything
 * @param arenaMebibytes memory of the host for page frames
 * @param readyWithin how long the services may take to start
 * @param tls whether the services show each other certificates, which are made in the directory
 */
public record StackSpec(
    Path directory,
    int coordinators,
    int agents,
    int devicesPerAgent,
    int arenaMebibytes,
    Duration readyWithin,
    boolean tls) {
  public static final int DEFAULT_ARENA_MEBIBYTES = 512;
  public static final Duration DEFAULT_READY_WITHIN = Duration.ofSeconds(240);

  /**
   * @throws IllegalArgumentException if a number is out of its range
   */
  public StackSpec {
    require("coordinators", coordinators, 1, 9);
    require("agents", agents, 1, 64);
    require("devices per agent", devicesPerAgent, 1, 64);
    require("arena MiB", arenaMebibytes, 16, 1 << 20);
  }

  /** A stack with one coordinator, the default arena and patience. */
  public static StackSpec of(Path directory, int agents, int devicesPerAgent) {
    return new StackSpec(
        directory,
        1,
        agents,
        devicesPerAgent,
        DEFAULT_ARENA_MEBIBYTES,
        DEFAULT_READY_WITHIN,
        false);
  }

  /** The same with mTLS between the services. */
  public StackSpec secured() {
    return new StackSpec(
        directory, coordinators, agents, devicesPerAgent, arenaMebibytes, readyWithin, true);
  }

  /** The same with another number of coordinators. */
  public StackSpec replicated(int count) {
    return new StackSpec(
        directory, count, agents, devicesPerAgent, arenaMebibytes, readyWithin, tls);
  }

  private static void require(String name, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + " is " + value + "; it must be in [" + least + ", " + most + "]");
    }
  }
}
