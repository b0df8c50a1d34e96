package dev.fenceline.security.boot;

/**
 * A failure that knows with which code the process has to end. Not Boot's own interface: for that
 * one Boot wakes up listeners in a context that has failed, which fail loudly in turn.
 */
@FunctionalInterface
public interface EndsStart {
  /** As in sysexits. */
  int exitCode();
}
