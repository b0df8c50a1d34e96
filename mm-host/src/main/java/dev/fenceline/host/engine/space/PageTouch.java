package dev.fenceline.host.engine.space;

import dev.fenceline.model.Errno;

/** What touching one page found; immutable. */
public sealed interface PageTouch {
  /** The page is there with the access wanted. */
  record Mapped(long entry) implements PageTouch {}

  /** Something has to be done first; nothing changed. Ask again when it ended. */
  record Needs(SpaceOperation.Internal operation) implements PageTouch {}

  /** No frame is left at the moment, but may be once others are swapped out; nothing changed. */
  record NeedsFrame() implements PageTouch {}

  /** The access is not possible; nothing changed. */
  record Refused(Errno errno, String message) implements PageTouch {}
}
