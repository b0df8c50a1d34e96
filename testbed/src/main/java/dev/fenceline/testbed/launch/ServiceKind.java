package dev.fenceline.testbed.launch;

import java.util.List;

/** The kinds of service processes, and how their virtual machines are set up. Immutable. */
public enum ServiceKind {
  /** Short-lived or idle most of the time: the second compiler would not pay. */
  COORDINATOR("coordinator", "dev.fenceline.coordinator.config.CoordinatorApplication", "192m", 1),
  /** Does the work that is measured, so it gets both compilers. */
  HOST("mm-host", "dev.fenceline.host.config.HostApplication", "512m", 4),
  AGENT("device-agent", "dev.fenceline.agent.config.AgentApplication", "256m", 1);

  private final String module;
  private final String mainClass;
  private final String maxHeap;
  private final int compilerTier;

  ServiceKind(String module, String mainClass, String maxHeap, int compilerTier) {
    this.module = module;
    this.mainClass = mainClass;
    this.maxHeap = maxHeap;
    this.compilerTier = compilerTier;
  }

  /** The module's directory. */
  public String module() {
    return module;
  }

  String mainClass() {
    return mainClass;
  }

  List<String> jvmFlags() {
    return List.of(
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=" + compilerTier,
        "-XX:+ExitOnOutOfMemoryError",
        // By default the heap begins as large as it may become, and the young generation is all
        // touched.
        "-Xms64m",
        "-Xmx" + maxHeap);
  }
}
