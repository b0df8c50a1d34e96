package dev.fenceline.model;

import org.jspecify.annotations.Nullable;

/** Consecutive pages of a migration, as the messages about it carry them; immutable. */
public sealed interface MigrationRun {
  /** Most pages of one migration. */
  int MAX_PAGES = 512;

  int pageCount();

  /**
   * Pages that a device is to fetch.
   *
   * @param generation of each page while it migrates
   * @param peer where the bytes are, with PEER only, from {@code firstLocalPage} on
   */
  record In(int pageCount, int generation, Source source, @Nullable Peer peer, int firstLocalPage)
      implements MigrationRun {
    public In(int pageCount, int generation, Source source) {
      this(pageCount, generation, source, null, 0);
    }
  }

  /** Where the bytes of a page are. */
  enum Source {
    HOST,
    /** Nowhere: the page is to hold zeros. */
    ZEROS,
    PEER,
    /** The page is no part of the migration. */
    SKIPPED
  }

  /** Pages that a device is to push home; {@code skipped} ones are no part of the migration. */
  record Out(int pageCount, int generation, int firstLocalPage, boolean skipped)
      implements MigrationRun {}

  /** What became of pages; {@code firstLocalPage} counts for those that came to a device. */
  record Report(int pageCount, Outcome outcome, int firstLocalPage) implements MigrationRun {}

  /** What became of a page on the device's side. */
  enum Outcome {
    DONE,
    /** The device has no page to spare. */
    NO_MEMORY,
    FAILED
  }

  /** How a migration ended for pages; generation and writable count if they were accepted. */
  record Commit(int pageCount, boolean accepted, int generation, boolean writable)
      implements MigrationRun {}
}
