package dev.fenceline.testbed.cli;

import dev.fenceline.client.resource.Registration;

/** What hosts and agents have in common, for people. Stateless. */
final class Nodes {
  private Nodes() {}

  static void lines(Registration node, Screen screen) {
    screen.format(
        "state     %s for %s (%s)",
        screen.paint(States.style(node.state()), node.state()),
        States.ago(node.since()),
        node.reason());
    screen.line("endpoint  " + node.endpoint());
    screen.line("http      " + (node.httpEndpoint().isEmpty() ? "-" : node.httpEndpoint()));
    screen.line("reported  " + States.millis(node.silentMillis()) + " ago");
  }
}
