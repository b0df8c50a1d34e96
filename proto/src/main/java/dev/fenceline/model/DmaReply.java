package dev.fenceline.model;

/** The host's answer to a {@link DmaRequest}; immutable by convention (the array is not copied). */
public record DmaReply(
    long requestId, Outcome outcome, byte[] data, long previous, String message) {
  /** What became of the request; anything but DONE means that no byte was read or written. */
  public enum Outcome {
    DONE,
    /** Epoch or session is no longer current. */
    STALE_SESSION,
    /** A page's generation is no longer current: fault it again. */
    STALE_PAGE,
    READ_ONLY,
    MALFORMED
  }
}
