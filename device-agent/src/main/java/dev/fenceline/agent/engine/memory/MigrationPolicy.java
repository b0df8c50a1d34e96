package dev.fenceline.agent.engine.memory;

/** When a device asks by itself for pages to come to its memory; immutable. */
public enum MigrationPolicy {
  /** Only others migrate: a program's owner, the host's range attributes. */
  NEVER,
  /** Once for each page, when the device has first faulted on it. */
  FIRST_TOUCH,
  /** At each fault on a page that is elsewhere; ever more seldom while it does not stay. */
  PREFERRED
}
