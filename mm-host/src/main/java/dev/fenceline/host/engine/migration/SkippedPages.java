package dev.fenceline.host.engine.migration;

/** Pages that a migration left where they were, and why; immutable. */
public record SkippedPages(Reason reason, int pageCount) {
  /** Why a page stays. */
  public enum Reason {
    /** It is there already. */
    ALREADY_THERE,
    /** It is in the memory of another device. */
    ON_OTHER_DEVICE,
    /** It belongs to a file or a shared mapping, or is not mapped for this. */
    NOT_ANONYMOUS,
    /** Other address spaces map it too. */
    SHARED,
    PINNED,
    SWAPPED,
    /** Neither the host nor a device has it. */
    NOT_THERE,
    /** The device, or the host, has no page to spare. */
    NO_MEMORY,
    /** The device owes a fence of an earlier invalidation of it. */
    BUSY,
    FAILED
  }
}
