package dev.fenceline.testbed.cli;

import dev.fenceline.testbed.text.Quantities;
import dev.fenceline.testbed.text.Style;
import dev.fenceline.testbed.text.TextTable.Cell;
import java.time.Duration;
import java.time.Instant;

/**
 * The words that Fenceline uses for states, each in its colour, and times as people read them.
 * Stateless.
 */
final class States {
  private static final int PAGE_BYTES = 4096;

  private States() {}

  static Style style(String state) {
    return switch (state) {
      case "live", "ready", "attached", "healthy", "active", "completed", "done", "acked" ->
          Style.GOOD;
      case "suspect",
          "recovering",
          "draining",
          "drained",
          "dialing",
          "detached",
          "waiting",
          "queued",
          "scheduled",
          "pending",
          "invalidating",
          "backed-off",
          "left" ->
          Style.DOUBTFUL;
      case "lost",
          "fenced",
          "disconnected",
          "quarantined",
          "failed",
          "lease-expired",
          "cancelled" ->
          Style.BAD;
      default -> Style.PLAIN;
    };
  }

  static Cell cell(String state) {
    return style(state).cell(state);
  }

  static String ago(Instant since) {
    return Quantities.age(Duration.between(since, Instant.now()).toMillis());
  }

  static String millis(double millis) {
    return millis < 0
        ? "-" + Quantities.duration(-millis * 1000)
        : Quantities.duration(millis * 1000);
  }

  static String micros(double micros) {
    return Quantities.duration(micros);
  }

  static String pages(long pages) {
    return Quantities.bytes(pages * PAGE_BYTES);
  }
}
