package dev.fenceline.testbed.check;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Exact judgement whether the words of a history behaved like memory (INV-13).
 *
 * <p>Stateless. Linearizability composes, so each word is judged by itself, in O(n log n) where
 * each value has one possible writer (P. B. Gibbons and E. Korach, "Testing Shared Memories", SIAM
 * Journal on Computing 26(4), 1997; see {@link Zones}), and by search where a value such as the 0
 * of fresh pages may come from several (see {@link OrderSearch}).
 *
 * <p>Two operations of which one ends in the very nanosecond in which the other begins overlap.
 */
public final class Linearizability {

  private Linearizability() {}

  /** Judges a history; of several violations the one with the lowest word is returned. */
  public static Verdict check(History history, InitialValue initial) {
    Words words = Words.of(history);
    WordJudge judge = new WordJudge(history, initial);
    Verdict undecided = null;
    for (int i = 0; i < words.count(); i++) {
      Verdict finding = judge.judge(words.operations(), words.start(i), words.end(i));
      if (finding instanceof Verdict.Violation) {
        return finding;
      }
      undecided = undecided == null ? finding : undecided;
    }
    return undecided != null ? undecided : new Verdict.Linearizable(history.size(), words.count());
  }

  /** Up to {@code limit} findings (violations and undecided words), by ascending word. */
  public static List<Verdict> findings(History history, InitialValue initial, int limit) {
    Words words = Words.of(history);
    WordJudge judge = new WordJudge(history, initial);
    List<Verdict> findings = new ArrayList<>();
    for (int i = 0; i < words.count() && findings.size() < limit; i++) {
      Verdict finding = judge.judge(words.operations(), words.start(i), words.end(i));
      if (finding != null) {
        findings.add(finding);
      }
    }
    return findings;
  }

  /** The operations of a history grouped by word, words ascending. Confined to one check. */
  private static final class Words {

    private final int[] operations;
    private final int[] starts;
    private final int count;

    private Words(int[] operations, int[] starts, int count) {
      this.operations = operations;
      this.starts = starts;
      this.count = count;
    }

    static Words of(History history) {
      int[] operations = new int[history.size()];
      for (int i = 0; i < operations.length; i++) {
        operations[i] = i;
      }
      new IndexSort().sort(operations, 0, operations.length, history::word);
      int count = 0;
      int[] starts = new int[operations.length + 1];
      for (int i = 0; i < operations.length; i++) {
        if (i == 0 || history.word(operations[i]) != history.word(operations[i - 1])) {
          starts[count++] = i;
        }
      }
      starts[count] = operations.length;
      return new Words(operations, starts, count);
    }

    int count() {
      return count;
    }

    int[] operations() {
      return operations;
    }

    int start(int wordIndex) {
      return starts[wordIndex];
    }

    int end(int wordIndex) {
      return starts[wordIndex + 1];
    }
  }

  /** Judges words one after the other; keeps scratch space. Confined to one thread. */
  private static final class WordJudge {

    private final History history;
    private final InitialValue initial;
    private final IndexSort sort = new IndexSort();

    WordJudge(History history, InitialValue initial) {
      this.history = history;
      this.initial = initial;
    }

    /** Null if the word behaved. */
    @Nullable Verdict judge(int[] operations, int from, int to) {
      sort.sort(operations, from, to, history::value);
      Zones zones = new Zones(history, operations, from, to, sort);
      Verdict.Violation violation = zones.judge(initial, Zones.Preference.LATEST);
      if (violation == null || !zones.ambiguous()) {
        return violation;
      }
      if (zones.judge(initial, Zones.Preference.EARLIEST) == null) {
        return null;
      }
      return new OrderSearch(history, operations, from, to, zones).judge(violation);
    }
  }
}
