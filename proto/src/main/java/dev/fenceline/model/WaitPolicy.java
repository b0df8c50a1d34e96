package dev.fenceline.model;

/** How long an operation may wait for fences in phase C; immutable. */
public sealed interface WaitPolicy {
  /** Until every fence has resolved; fences are bounded by the lease. */
  record Block() implements WaitPolicy {}

  /** Back off at once if a fence still has to wait; refused with EAGAIN if a queue has no room. */
  record Try() implements WaitPolicy {}

  /** Back off when {@code nanos} have passed since the operation was taken up. */
  record Deadline(long nanos) implements WaitPolicy {}

  WaitPolicy BLOCK = new Block();
  WaitPolicy TRY = new Try();
}
