package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.SpaceOperation;

/** What became of an operation that nothing held up any more; immutable. */
sealed interface Application {
  /** It took effect, or was refused. */
  record Ended(OperationOutcome outcome) implements Application {}

  /** Nothing was done: this has to be done first, and the operation is tried again behind it. */
  record Needs(SpaceOperation.Internal operation) implements Application {}

  /** Nothing was done: so many frames are not left, and it is tried again once some are. */
  record NeedsFrames(int count) implements Application {}

  /** It goes on, with its pages held, until {@link OperationDriver#complete}: bytes move. */
  record Continues() implements Application {}
}
