package dev.fenceline.testbed.check;

/**
 * A stable merge sort of indices by a long key each, without an object per element.
 *
 * <p>Confined to one thread; its scratch space is kept between sorts.
 */
final class IndexSort {

  /** The key of an index. */
  @FunctionalInterface
  interface Key {
    long of(int index);
  }

  private static final int INSERTION = 24;

  private long[] keys = new long[0];
  private long[] otherKeys = new long[0];
  private int[] other = new int[0];

  /** Sorts {@code indices[from, to)} by ascending key. */
  void sort(int[] indices, int from, int to, Key key) {
    int length = to - from;
    if (keys.length < length) {
      int capacity = Math.max(length, 64);
      keys = new long[capacity];
      otherKeys = new long[capacity];
      other = new int[capacity];
    }
    for (int i = 0; i < length; i++) {
      keys[i] = key.of(indices[from + i]);
    }
    for (int start = 0; start < length; start += INSERTION) {
      insertionSort(indices, from, start, Math.min(start + INSERTION, length));
    }
    for (int width = INSERTION; width < length; width *= 2) {
      for (int start = 0; start + width < length; start += 2 * width) {
        merge(indices, from, start, start + width, Math.min(start + 2 * width, length));
      }
    }
  }

  private void insertionSort(int[] indices, int from, int start, int end) {
    for (int i = start + 1; i < end; i++) {
      long key = keys[i];
      int index = indices[from + i];
      int at = i;
      while (at > start && keys[at - 1] > key) {
        keys[at] = keys[at - 1];
        indices[from + at] = indices[from + at - 1];
        at--;
      }
      keys[at] = key;
      indices[from + at] = index;
    }
  }

  private void merge(int[] indices, int from, int start, int middle, int end) {
    if (keys[middle - 1] <= keys[middle]) {
      return;
    }
    int leftLength = middle - start;
    System.arraycopy(keys, start, otherKeys, 0, leftLength);
    System.arraycopy(indices, from + start, other, 0, leftLength);
    int left = 0;
    int right = middle;
    int out = start;
    while (left < leftLength) {
      if (right < end && keys[right] < otherKeys[left]) {
        keys[out] = keys[right];
        indices[from + out] = indices[from + right];
        right++;
      } else {
        keys[out] = otherKeys[left];
        indices[from + out] = other[left];
        left++;
      }
      out++;
    }
  }
}
