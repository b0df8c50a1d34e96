package dev.fenceline.coordinator.engine;

/** Names a node; immutable. Hosts order before agents, then by id. */
public record NodeKey(NodeKind kind, String nodeId) implements Comparable<NodeKey> {
  @Override
  public int compareTo(NodeKey other) {
    int byKind = kind.compareTo(other.kind);
    return byKind != 0 ? byKind : nodeId.compareTo(other.nodeId);
  }
}
