package dev.fenceline.testbed.cli;

import dev.fenceline.client.rest.Paths;

/** What drain and return are about. Stateless. */
final class Targets {
  private Targets() {}

  /** Where an agent, or a device if there is a slash, is. */
  static String path(String target) {
    return target.contains("/") ? Paths.device(target) : Paths.agent(target);
  }
}
