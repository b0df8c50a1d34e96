package dev.fenceline.testbed.check;

/**
 * What a word holds before the history begins.
 *
 * <p>Immutable.
 */
public sealed interface InitialValue {

  /** Fresh anonymous memory. */
  InitialValue ZERO = new Known(0);

  /** Memory whose content nobody recorded. */
  InitialValue ANYTHING = new Anything();

  /** Every word holds this value. */
  record Known(long value) implements InitialValue {}

  /** Each word holds a value of its own, not known beforehand, that nobody writes there. */
  record Anything() implements InitialValue {}
}
