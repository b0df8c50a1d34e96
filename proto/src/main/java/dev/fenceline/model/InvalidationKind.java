package dev.fenceline.model;

/**
 * Why translations are invalidated (mmu_notifier events, Linux {@code mmu_notifier.h}); immutable.
 */
public enum InvalidationKind {
  /** The mapping goes away. */
  UNMAP,
  /** Pages go away, the mapping stays. */
  CLEAR,
  /** The mapping's protection changes. */
  PROTECTION,
  /** The address space ends; heard once. */
  RELEASE,
  /** Pages move to or from a device. */
  MIGRATE,
  /** One device takes exclusive access. */
  EXCLUSIVE
}
