package dev.fenceline.coordinator.engine.query;

import dev.fenceline.model.Errno;
import java.util.function.Function;

/**
 * What became of a question to another node; immutable.
 *
 * @param <T> what was asked for
 */
public sealed interface Answer<T> {
  /** The same answer with its value changed, if it has one. */
  <R> Answer<R> map(Function<? super T, ? extends R> change);

  /** The node answered. */
  record Answered<T>(T value) implements Answer<T> {
    @Override
    public <R> Answer<R> map(Function<? super T, ? extends R> change) {
      return new Answered<>(change.apply(value));
    }
  }

  /** The node understood the question and says no. */
  record Refused<T>(Errno errno, String message) implements Answer<T> {
    @Override
    public <R> Answer<R> map(Function<? super T, ? extends R> change) {
      return new Refused<>(errno, message);
    }
  }

  /**
   * The node did not answer.
   *
   * @param timedOut true if it took the question, or might have, and the deadline passed
   * @param sinceMillis wall clock of the first of the failures in a row, milliseconds since the
   *     epoch
   */
  record Unreachable<T>(boolean timedOut, long sinceMillis, String message) implements Answer<T> {
    @Override
    public <R> Answer<R> map(Function<? super T, ? extends R> change) {
      return new Unreachable<>(timedOut, sinceMillis, message);
    }
  }

  /** The node answered with something that is no answer. */
  record Broken<T>(String code, String message) implements Answer<T> {
    @Override
    public <R> Answer<R> map(Function<? super T, ? extends R> change) {
      return new Broken<>(code, message);
    }
  }
}
