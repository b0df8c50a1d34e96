package dev.fenceline.testbed.launch;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What a stack consists of. Immutable.
 *
 * @param directory where logs and the state file go; one stack at a time uses it
 * @param coordinators replicas, each of which knows everything
 * @param memory what the host has for pages
 * @param readyWithin how long the services may take to start
 * @param tls whether the services show each other certificates, which are made in the directory
 * @param hostOptions what the host is told besides, as {@code --name=value}
 * @param agentOptions what each agent is told besides, likewise
 */
public record StackSpec(
    Path directory,
    int coordinators,
    int agents,
    int devicesPerAgent,
    Memory memory,
    Duration readyWithin,
    boolean tls,
    List<String> hostOptions,
    List<String> agentOptions) {
  /** More frames than a replayed program needs, and no swap. */
  public static final Memory DEFAULT_MEMORY = new Memory(512 << 10, 0, 4096);

  public static final Duration DEFAULT_READY_WITHIN = Duration.ofSeconds(240);

  /**
   * @throws IllegalArgumentException if a number is out of its range
   */
  public StackSpec {
    require("coordinators", coordinators, 1, 9);
    require("agents", agents, 1, 64);
    require("devices per agent", devicesPerAgent, 1, 64);
    hostOptions = List.copyOf(hostOptions);
    agentOptions = List.copyOf(agentOptions);
  }

  /**
   * What a host has for pages. Immutable.
   *
   * @param arenaKibibytes for page frames
   * @param swapKibibytes for what no frame is left for
   * @param devicePages of each device's own memory
   */
  public record Memory(int arenaKibibytes, int swapKibibytes, int devicePages) {
    /**
     * @throws IllegalArgumentException if a number is out of its range
     */
    public Memory {
      require("arena KiB", arenaKibibytes, 64, Integer.MAX_VALUE);
      require("swap KiB", swapKibibytes, 0, Integer.MAX_VALUE);
      require("pages of a device", devicePages, 0, 1 << 20);
    }
  }

  /** A stack with one coordinator, the default arena and patience. */
  public static StackSpec of(Path directory, int agents, int devicesPerAgent) {
    return new StackSpec(
        directory,
        1,
        agents,
        devicesPerAgent,
        DEFAULT_MEMORY,
        DEFAULT_READY_WITHIN,
        false,
        List.of(),
        List.of());
  }

  /** The same with mTLS between the services. */
  public StackSpec secured() {
    return new StackSpec(
        directory,
        coordinators,
        agents,
        devicesPerAgent,
        memory,
        readyWithin,
        true,
        hostOptions,
        agentOptions);
  }

  /** The same with another number of coordinators. */
  public StackSpec replicated(int count) {
    return new StackSpec(
        directory,
        count,
        agents,
        devicesPerAgent,
        memory,
        readyWithin,
        tls,
        hostOptions,
        agentOptions);
  }

  /** The same with other memory. */
  public StackSpec with(Memory otherMemory) {
    return new StackSpec(
        directory,
        coordinators,
        agents,
        devicesPerAgent,
        otherMemory,
        readyWithin,
        tls,
        hostOptions,
        agentOptions);
  }

  /** The same with more options for the host. */
  public StackSpec withHostOptions(String... more) {
    return new StackSpec(
        directory,
        coordinators,
        agents,
        devicesPerAgent,
        memory,
        readyWithin,
        tls,
        joined(hostOptions, more),
        agentOptions);
  }

  /** The same with more options for each agent. */
  public StackSpec withAgentOptions(String... more) {
    return new StackSpec(
        directory,
        coordinators,
        agents,
        devicesPerAgent,
        memory,
        readyWithin,
        tls,
        hostOptions,
        joined(agentOptions, more));
  }

  private static List<String> joined(List<String> options, String... more) {
    List<String> all = new ArrayList<>(options);
    all.addAll(List.of(more));
    return all;
  }

  private static void require(String name, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + " is " + value + "; it must be in [" + least + ", " + most + "]");
    }
  }
}
