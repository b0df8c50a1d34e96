package dev.fenceline.model;

/** How an address space notifies its mirrors; immutable. */
public enum NotificationMode {
  /** Schedule on all, unmap meanwhile, wait for all. */
  SPLIT,
  /** The classic notifier: device after device, all before the unmap. */
  SEQUENTIAL
}
