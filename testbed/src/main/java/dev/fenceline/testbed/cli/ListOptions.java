package dev.fenceline.testbed.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How much of a list to show. Confined to the main thread. */
final class ListOptions {
  static final long USUAL = 10_000;
  static final long NEWEST = 50;

  private static final int MAX_PAGE = 1000;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description =
          "At most so many items; 0: all, however many (default: 10000, of what is listed newest first: 50).")
  private @Nullable Long limit;

  /** Items at most. */
  long most(long unlessGiven) {
    long most = limit == null ? unlessGiven : limit;
    if (most < 0) {
      throw new IllegalArgumentException("--limit is " + most + "; it must be 0 (all) or more");
    }
    return most == 0 ? Long.MAX_VALUE : most;
  }

  /** Items of one answer: no more than are shown. */
  int pageItems(long unlessGiven) {
    return (int) Math.min(MAX_PAGE, most(unlessGiven));
  }
}
