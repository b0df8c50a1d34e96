package dev.fenceline.coordinator.engine;

/**
 * How many nodes of each kind are in each state; immutable.
 *
 * @param byKindAndState indexed by the ordinals; never changed after construction
 * @param devices of agents that are live or suspect
 */
public record RegistryCounts(int[][] byKindAndState, int devices, int streams, boolean recovering) {
  public int nodes(NodeKind kind, NodeState state) {
    return byKindAndState[kind.ordinal()][state.ordinal()];
  }
}
