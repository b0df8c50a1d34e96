package dev.fenceline.testbed.check;

/**
 * What a history of words shows.
 *
 * <p>Immutable. Only {@link Linearizable} is a pass.
 */
public sealed interface Verdict {

  /**
   * There is an order that explains everything.
   *
   * @param checkedOperations how many operations were judged
   * @param registers on how many words
   */
  record Linearizable(long checkedOperations, long registers) implements Verdict {}

  /**
   * No order explains what was seen on a word (INV-13 is broken).
   *
   * @param word the word's key, see {@link History#describeWord}
   * @param first an operation that contradicts {@code second}
   * @param second an operation that contradicts {@code first}
   * @param explanation what was seen and why it cannot be
   */
  record Violation(long word, Operation first, Operation second, String explanation)
      implements Verdict {}

  /**
   * Several writes of the same value overlap so much that the search was given up.
   *
   * @param word the word's key
   */
  record Undecided(long word, String explanation) implements Verdict {}
}
