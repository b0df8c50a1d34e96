package dev.fenceline.coordinator.runtime;

import dev.fenceline.coordinator.engine.NodeKey;
import dev.fenceline.coordinator.engine.NodeKind;
import dev.fenceline.coordinator.engine.NodeState;
import dev.fenceline.coordinator.engine.Refusal;

/**
 * Hears what happens in the registry, for metrics. Called by one thread at a time; must not block.
 */
public interface RegistryObserver {
  /** A report reached the registry. */
  void reported();

  /** A stream was refused. */
  void refused(Refusal refusal);

  /** A node changed its state. */
  void changed(NodeKind kind, NodeState to);

  /** A node is no longer remembered. */
  void forgotten(NodeKey node);
}
