package dev.fenceline.coordinator.engine;

/** What the registry thinks of a node; immutable. {@link Node} lists the legal transitions. */
public enum NodeState {
  /** Its reports arrive. */
  LIVE,
  /** Its reports are missed or its stream broke; it may be back at any moment. */
  SUSPECT,
  /** Silent for the whole liveness timeout; remembered for a while, then forgotten. */
  LOST,
  /** Said goodbye; remembered for a while, then forgotten. */
  LEFT
}
