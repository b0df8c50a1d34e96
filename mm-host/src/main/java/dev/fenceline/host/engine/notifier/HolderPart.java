package dev.fenceline.host.engine.notifier;

import org.jspecify.annotations.Nullable;

/**
 * A part of the trie of a {@link HolderMap}: a set of numbers from 0 to its span that knows its
 * size. Every range given is [from, to), not empty, and lies in the span. Confined to the shard.
 */
abstract sealed class HolderPart {

  /** How many numbers are in the set. */
  abstract long held();

  /** Adds a range. */
  abstract void grant(long from, long to);

  /** Removes a range. */
  abstract void release(long from, long to);

  /** How many numbers of a range are in. */
  abstract long heldIn(long from, long to);

  /** The first number of a range that is in, or {@code to}. */
  abstract long nextHeld(long from, long to);

  /** The first number of a range that is not in, or {@code to}. */
  abstract long nextFree(long from, long to);

  /** An upper estimate of the memory, references counted as 8 bytes. */
  abstract long bytes();

  /** The lowest level: a bit for each of 2^SPAN_BITS numbers. */
  static final class Leaf extends HolderPart {
    static final int SPAN_BITS = 12;
    private static final int WORDS = 1 << (SPAN_BITS - 6);

    private final long[] words = new long[WORDS];
    private int held;

    @Override
    long held() {
      return held;
    }

    @Override
    void grant(long from, long to) {
      for (int word = word(from); word <= word(to - 1); word++) {
        long added = mask(word, from, to) & ~words[word];
        words[word] |= added;
        held += Long.bitCount(added);
      }
    }

    @Override
    void release(long from, long to) {
      for (int word = word(from); word <= word(to - 1); word++) {
        long removed = mask(word, from, to) & words[word];
        words[word] ^= removed;
        held -= Long.bitCount(removed);
      }
    }

    @Override
    long heldIn(long from, long to) {
      long count = 0;
      for (int word = word(from); word <= word(to - 1); word++) {
        count += Long.bitCount(mask(word, from, to) & words[word]);
      }
      return count;
    }

    @Override
    long nextHeld(long from, long to) {
      for (int word = word(from); word <= word(to - 1); word++) {
        long found = mask(word, from, to) & words[word];
        if (found != 0) {
          return ((long) word << 6) + Long.numberOfTrailingZeros(found);
        }
      }
      return to;
    }

    @Override
    long nextFree(long from, long to) {
      for (int word = word(from); word <= word(to - 1); word++) {
        long found = mask(word, from, to) & ~words[word];
        if (found != 0) {
          return ((long) word << 6) + Long.numberOfTrailingZeros(found);
        }
      }
      return to;
    }

    @Override
    long bytes() {
      return 24 + 16 + 8L * WORDS;
    }

    private static int word(long number) {
      return (int) (number >>> 6);
    }

    /** The bits of a word that lie in [from, to). */
    private static long mask(int word, long from, long to) {
      long base = (long) word << 6;
      int low = (int) Math.max(0, from - base);
      int high = (int) Math.min(63, to - 1 - base);
      return (-1L << low) & (-1L >>> (63 - high));
    }
  }

  /** An inner level: 64 children that cover 2^shift numbers each; empty ones are absent. */
  static final class Node extends HolderPart {
    static final int CHILD_BITS = 6;
    private static final int CHILDREN = 1 << CHILD_BITS;

    private final @Nullable HolderPart[] children = new @Nullable HolderPart[CHILDREN];
    private final int shift;
    private long held;

    Node(int shift) {
      this.shift = shift;
    }

    @Override
    long held() {
      return held;
    }

    @Override
    void grant(long from, long to) {
      for (int i = child(from); i <= child(to - 1); i++) {
        HolderPart part = children[i];
        if (part == null) {
          part = shift == Leaf.SPAN_BITS ? new Leaf() : new Node(shift - CHILD_BITS);
          children[i] = part;
        }
        long before = part.held();
        part.grant(fromIn(i, from), toIn(i, to));
        held += part.held() - before;
      }
    }

    @Override
    void release(long from, long to) {
      for (int i = child(from); i <= child(to - 1); i++) {
        HolderPart part = children[i];
        if (part == null) {
          continue;
        }
        long before = part.held();
        boolean whole = fromIn(i, from) == 0 && toIn(i, to) == span();
        if (!whole) {
          part.release(fromIn(i, from), toIn(i, to));
        }
        if (whole || part.held() == 0) {
          children[i] = null;
          held -= before;
        } else {
          held -= before - part.held();
        }
      }
    }

    @Override
    long heldIn(long from, long to) {
      long count = 0;
      for (int i = child(from); i <= child(to - 1); i++) {
        HolderPart part = children[i];
        if (part != null) {
          boolean whole = fromIn(i, from) == 0 && toIn(i, to) == span();
          count += whole ? part.held() : part.heldIn(fromIn(i, from), toIn(i, to));
        }
      }
      return count;
    }

    @Override
    long nextHeld(long from, long to) {
      for (int i = child(from); i <= child(to - 1); i++) {
        HolderPart part = children[i];
        if (part != null) {
          long end = toIn(i, to);
          long found = part.nextHeld(fromIn(i, from), end);
          if (found < end) {
            return base(i) + found;
          }
        }
      }
      return to;
    }

    @Override
    long nextFree(long from, long to) {
      for (int i = child(from); i <= child(to - 1); i++) {
        HolderPart part = children[i];
        if (part == null) {
          return base(i) + fromIn(i, from);
        }
        if (part.held() < span()) {
          long end = toIn(i, to);
          long found = part.nextFree(fromIn(i, from), end);
          if (found < end) {
            return base(i) + found;
          }
        }
      }
      return to;
    }

    @Override
    long bytes() {
      long bytes = 32 + 16 + 8L * CHILDREN;
      for (HolderPart part : children) {
        bytes += part == null ? 0 : part.bytes();
      }
      return bytes;
    }

    private long span() {
      return 1L << shift;
    }

    private int child(long number) {
      return (int) (number >>> shift);
    }

    private long base(int child) {
      return (long) child << shift;
    }

    private long fromIn(int child, long from) {
      return Math.max(0, from - base(child));
    }

    private long toIn(int child, long to) {
      return Math.min(span(), to - base(child));
    }
  }
}
