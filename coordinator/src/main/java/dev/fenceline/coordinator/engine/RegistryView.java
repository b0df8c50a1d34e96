package dev.fenceline.coordinator.engine;

import java.util.List;

/**
 * The registry at one moment; immutable.
 *
 * @param recoveryLeftNanos until the recovery window ends; 0 when it has
 * @param uptimeNanos since the engine started
 * @param nodes hosts by id, then agents by id
 */
public record RegistryView(
    long bootToken,
    boolean recovering,
    long recoveryLeftNanos,
    long uptimeNanos,
    long revision,
    List<NodeView> nodes) {
  /** The nodes of one kind, by id. */
  public List<NodeView> nodes(NodeKind kind) {
    return nodes.stream().filter(node -> node.key().kind() == kind).toList();
  }
}
