package dev.fenceline.testbed.cli;

import dev.fenceline.client.rest.CoordinatorClient;
import tools.jackson.databind.JsonNode;

/** A command that changes something, once. Confined to the main thread. */
abstract class WriteCommand extends OperatorCommand {
  /** Asks for the change; returns the answer. */
  abstract JsonNode change(CoordinatorClient coordinator);

  /** Says what came of it. */
  void confirm(JsonNode answer, CoordinatorClient coordinator, Screen screen) {
    Confirmation.show(answer, screen);
  }

  @Override
  final boolean repeats() {
    return false;
  }

  @Override
  final void show(CoordinatorClient coordinator, Screen screen) {
    JsonNode answer = change(coordinator);
    if (asTable()) {
      confirm(answer, coordinator, screen);
    } else {
      documents().write(answer);
    }
  }
}
