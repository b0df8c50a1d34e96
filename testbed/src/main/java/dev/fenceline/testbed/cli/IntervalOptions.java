package dev.fenceline.testbed.cli;

import dev.fenceline.client.rest.Query;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which part of an address space. Confined to the main thread. */
final class IntervalOptions {
  @Option(
      names = "--start",
      paramLabel = "ADDRESS",
      description = "Only what ends behind this address (0x...).")
  private @Nullable String start;

  @Option(
      names = "--end",
      paramLabel = "ADDRESS",
      description = "Only what begins before this address.")
  private @Nullable String end;

  /** The coordinator judges the addresses: it names the wrong one. */
  Query in(Query query) {
    return query.with("start", start).with("end", end);
  }
}
