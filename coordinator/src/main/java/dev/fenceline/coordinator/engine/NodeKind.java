package dev.fenceline.coordinator.engine;

/** What a node is; immutable. Node ids are unique per kind. */
public enum NodeKind {
  HOST,
  AGENT
}
