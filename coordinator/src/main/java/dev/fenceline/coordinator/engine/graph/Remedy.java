package dev.fenceline.coordinator.engine.graph;

/** How a circle of waits can be broken; immutable. In the order of preference. */
public sealed interface Remedy {
  /** A replayable program lets go of the pages that it holds and begins again. */
  record PreemptProgram(String agentId, long number) implements Remedy {
    @Override
    public String toString() {
      return "preempt program " + agentId + "." + Long.toUnsignedString(number);
    }
  }

  /** An invalidation gives up; its caller is told. */
  record BackOff(String hostId, long invalidationId) implements Remedy {
    @Override
    public String toString() {
      return "back invalidation " + hostId + "." + Long.toUnsignedString(invalidationId) + " off";
    }
  }
}
