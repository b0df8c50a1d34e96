package dev.fenceline.coordinator.runtime;

import dev.fenceline.coordinator.engine.graph.WaitGraph;

/** The wait-for graph of the whole installation. Thread-safe; asking takes as long as the nodes. */
public interface WaitGraphs {
  /** Who waits for whom, as far as it can be had. */
  WaitGraph now() throws InterruptedException;

  /** Whether any host has an invalidation that waits: without one there is no circle to break. */
  boolean anythingWaits() throws InterruptedException;
}
