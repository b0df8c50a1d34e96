package dev.fenceline.host.engine.notifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.host.engine.SeededRuns;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class IntervalTreeTest {

  /** The interval of a handle in the reference. */
  private record Interval(long start, long end) {
    boolean overlaps(long otherStart, long otherEnd) {
      return start < otherEnd && otherStart < end;
    }
  }

  @Test
  void emptyTree_findsNothing() {
    IntervalTree tree = new IntervalTree();
    assertThat(tree.size()).isZero();
    assertThat(tree.anyOverlap(Long.MIN_VALUE, Long.MAX_VALUE)).isFalse();
    assertThat(overlaps(tree, Long.MIN_VALUE, Long.MAX_VALUE)).isEmpty();
  }

  @Test
  void touchingIntervals_doNotOverlap() {
    IntervalTree tree = new IntervalTree();
    int handle = tree.insert(10, 20);
    assertThat(overlaps(tree, 0, 10)).isEmpty();
    assertThat(overlaps(tree, 20, 30)).isEmpty();
    assertThat(overlaps(tree, 0, 11)).containsExactly(handle);
    assertThat(overlaps(tree, 19, 20)).containsExactly(handle);
    assertThat(tree.anyOverlap(0, 10)).isFalse();
    assertThat(tree.anyOverlap(19, 20)).isTrue();
  }

  @Test
  void emptyRange_findsNothing() {
    IntervalTree tree = new IntervalTree();
    tree.insert(0, 100);
    assertThat(overlaps(tree, 50, 50)).isEmpty();
    assertThat(tree.anyOverlap(50, 50)).isFalse();
    assertThat(tree.anyOverlap(60, 50)).isFalse();
  }

  @Test
  void equalIntervals_areKeptApartAndOrderedByHandle() {
    IntervalTree tree = new IntervalTree();
    for (int i = 0; i < 100; i++) {
      tree.insert(5, 6);
    }
    tree.verify();
    assertThat(overlaps(tree, 5, 6)).hasSize(100).isSorted();
    tree.remove(50);
    assertThat(overlaps(tree, 5, 6)).hasSize(99).doesNotContain(50).isSorted();
  }

  @Test
  void removedHandle_isReusedForTheNextInterval() {
    IntervalTree tree = new IntervalTree();
    tree.insert(0, 1);
    int handle = tree.insert(5, 9);
    tree.remove(handle);
    assertThat(tree.insert(1, 2)).isEqualTo(handle);
    assertThat(tree.start(handle)).isEqualTo(1);
    assertThat(tree.end(handle)).isEqualTo(2);
  }

  @Test
  void extremeIntervals_areFound() {
    IntervalTree tree = new IntervalTree();
    int all = tree.insert(Long.MIN_VALUE, Long.MAX_VALUE);
    int last = tree.insert(Long.MAX_VALUE - 1, Long.MAX_VALUE);
    assertThat(overlaps(tree, 0, 1)).containsExactly(all);
    assertThat(overlaps(tree, 0, Long.MAX_VALUE)).containsExactly(all, last);
  }

  @Test
  void longIntervalFarBefore_isFoundThroughTheHighestEnds() {
    IntervalTree tree = new IntervalTree();
    int wide = tree.insert(0, 1_000_000);
    for (int i = 1; i < 10_000; i++) {
      tree.insert(i, i + 1);
    }
    assertThat(overlaps(tree, 500_000, 500_001)).containsExactly(wide);
    assertThat(tree.anyOverlap(500_000, 500_001)).isTrue();
    tree.remove(wide);
    assertThat(tree.anyOverlap(500_000, 500_001)).isFalse();
    tree.verify();
  }

  @Test
  void wrongArguments_areNamed() {
    IntervalTree tree = new IntervalTree();
    int handle = tree.insert(1, 2);
    tree.remove(handle);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tree.insert(7, 7))
        .withMessageContaining("[7, 7)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tree.remove(handle))
        .withMessageContaining("handle 0");
    assertThatIllegalArgumentException().isThrownBy(() -> tree.start(1));
    assertThatIllegalArgumentException().isThrownBy(() -> tree.end(-1));
    assertThat(tree.size()).isZero();
  }

  @Test
  void receiverThatChangesTheTree_isStopped() {
    IntervalTree tree = new IntervalTree();
    tree.insert(1, 2);
    assertThatThrownBy(() -> tree.forEachOverlap(0, 9, tree::remove))
        .isInstanceOf(java.util.ConcurrentModificationException.class);
  }

  @Test
  void treeThatEmptied_doesNotGrowWhenRefilled() {
    IntervalTree tree = new IntervalTree();
    long full = 0;
    for (int round = 0; round < 3; round++) {
      for (int i = 0; i < 5_000; i++) {
        tree.insert(i, i + 3);
      }
      tree.verify();
      for (int handle = 0; handle < 5_000; handle++) {
        tree.remove(handle);
      }
      tree.verify();
      assertThat(tree.size()).isZero();
      full = full == 0 ? tree.bytes() : full;
      assertThat(tree.bytes()).isEqualTo(full);
    }
  }

  @Test
  void millionIntervals_takeAtMost96BytesEach() {
    IntervalTree tree = new IntervalTree();
    for (int i = 0; i < 1_000_000; i++) {
      tree.insert(4096L * i, 4096L * i + 8192);
    }
    tree.verify();
    assertThat(tree.bytes()).isLessThan(96_000_000);
  }

  @Test
  void randomOperations_matchTheReference() {
    SeededRuns.forSeeds(
        "IntervalTreeTest#randomOperations_matchTheReference", 120, IntervalTreeTest::compare);
  }

  private static void compare(RandomGenerator random) {
    IntervalTree tree = new IntervalTree();
    TreeMap<Integer, Interval> reference = new TreeMap<>();
    int universe = 1 << random.nextInt(3, 14);
    int steps = random.nextInt(50, 1500);
    for (int step = 0; step < steps; step++) {
      boolean shrinking = (step / 300) % 2 == 1;
      if (reference.isEmpty() || random.nextInt(10) < (shrinking ? 3 : 7)) {
        long start = random.nextInt(universe);
        long end = start + 1 + random.nextInt(1 + random.nextInt(universe));
        int handle = tree.insert(start, end);
        assertThat(reference.put(handle, new Interval(start, end))).isNull();
      } else {
        int handle = reference.ceilingKey(random.nextInt(reference.lastKey() + 1));
        Interval gone = reference.remove(handle);
        assertThat(tree.start(handle)).isEqualTo(gone.start());
        assertThat(tree.end(handle)).isEqualTo(gone.end());
        tree.remove(handle);
      }
      assertThat(tree.size()).isEqualTo(reference.size());
      if (step % 16 == 0) {
        tree.verify();
        compareSearch(tree, reference, random, universe);
      }
    }
  }

  private static void compareSearch(
      IntervalTree tree, TreeMap<Integer, Interval> reference, RandomGenerator random, int to) {
    for (int i = 0; i < 8; i++) {
      long start = random.nextInt(-2, 2 * to);
      long end = start + random.nextInt(1 + random.nextInt(to));
      List<Integer> expected =
          reference.entrySet().stream()
              .filter(entry -> start < end && entry.getValue().overlaps(start, end))
              .sorted(
                  Comparator.<Map.Entry<Integer, Interval>>comparingLong(
                          entry -> entry.getValue().start())
                      .thenComparing(Map.Entry.comparingByKey()))
              .map(Map.Entry::getKey)
              .toList();
      assertThat(overlaps(tree, start, end)).isEqualTo(expected);
      assertThat(tree.anyOverlap(start, end)).isEqualTo(!expected.isEmpty());
    }
  }

  private static List<Integer> overlaps(IntervalTree tree, long start, long end) {
    List<Integer> handles = new ArrayList<>();
    tree.forEachOverlap(start, end, handles::add);
    return handles;
  }
}
