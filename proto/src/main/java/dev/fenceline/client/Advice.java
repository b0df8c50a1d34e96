package dev.fenceline.client;

/** What a program knows about its use of memory, as madvise(2) takes it. Immutable. */
public enum Advice {
  NORMAL,
  /** Drop the pages; the next touch sees zeros. */
  DONTNEED,
  /** As DONTNEED, for private anonymous memory only. */
  FREE,
  /** Fault the pages in. */
  WILLNEED,
  /** A fork leaves the range out. */
  DONTFORK,
  DOFORK,
  /** A fork keeps the range, and leaves its bytes out. */
  WIPEONFORK,
  KEEPONFORK,
  /** From now on the range is mapped by large pages, of 2 MiB, where it can be. */
  HUGEPAGE,
  NOHUGEPAGE,
  /** Pages of the range are brought together into large ones now. */
  COLLAPSE
}
