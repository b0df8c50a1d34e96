package dev.fenceline.testbed.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.testbed.check.Operation.Kind;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LinearizabilityTest {

  private static final long WORD = History.word(3, 0x7f00_0000_1000L);

  private final History history = new History();

  private Verdict check() {
    return Linearizability.check(history, InitialValue.ZERO);
  }

  @Test
  void emptyHistory_isLinearizable() {
    assertThat(check()).isEqualTo(new Verdict.Linearizable(0, 0));
  }

  @Test
  void overlappingReads_maySeeEither() {
    history.write(WORD, 1, 10, 20, 0);
    history.read(WORD, 0, 11, 19, 1);
    history.read(WORD, 1, 11, 19, 2);
    history.read(WORD, 1, 21, 22, 1);
    assertThat(check()).isEqualTo(new Verdict.Linearizable(4, 1));
  }

  @Test
  void staleRead_namesBothOperationsAndTheWord() {
    history.write(WORD, 0xa, 10, 20, 0);
    history.write(WORD, 0xb, 30, 40, 7);
    history.read(WORD, 0xa, 50, 60, 2);
    Verdict.Violation violation = (Verdict.Violation) check();
    assertThat(violation.word()).isEqualTo(WORD);
    assertThat(violation.first().value()).isEqualTo(0xb);
    assertThat(violation.second()).isEqualTo(new Operation(Kind.READ, WORD, 0xa, 50, 60, 2));
    assertThat(violation.explanation())
        .startsWith("space 3, address 0x7f0000001000 two values alternate")
        .contains("[actor 7: write 0xb during 30..40]")
        .contains("[actor 2: read 0xa during 50..60]");
  }

  @Test
  void newThenOldRead_isAViolationThoughTheWriteIsStillRunning() {
    history.write(WORD, 1, 10, 100, 0);
    history.read(WORD, 1, 20, 30, 1);
    history.read(WORD, 0, 40, 50, 1);
    assertThat(check()).isInstanceOf(Verdict.Violation.class);
  }

  @Test
  void valueNobodyWrote_isAViolation() {
    history.read(WORD, 99, 1, 2, 4);
    assertThat(((Verdict.Violation) check()).explanation())
        .contains("returned a value that nobody wrote there");
  }

  @Test
  void valueReadBeforeItsWriteBegan_isAViolation() {
    history.read(WORD, 5, 1, 2, 4);
    history.write(WORD, 5, 3, 4, 4);
    assertThat(((Verdict.Violation) check()).explanation())
        .contains("returned a value before its write began");
  }

  @Test
  void writeInDoubt_mayHappenLateOrNever() {
    history.write(WORD, 1, 10, History.IN_DOUBT, 0);
    history.write(WORD, 2, 20, History.IN_DOUBT, 0);
    history.read(WORD, 0, 1000, 1001, 1);
    history.read(WORD, 1, 1002, 1003, 1);
    history.read(WORD, 7, 1002, History.IN_DOUBT, 1);
    assertThat(check()).isEqualTo(new Verdict.Linearizable(4, 1));
    history.read(WORD, 0, 1004, 1005, 1);
    assertThat(check()).isInstanceOf(Verdict.Violation.class);
  }

  @Test
  void unknownInitialValue_isOneValueOnly() {
    history.read(WORD, 42, 1, 2, 0);
    history.read(WORD, 42, 3, 4, 1);
    assertThat(Linearizability.check(history, InitialValue.ANYTHING))
        .isEqualTo(new Verdict.Linearizable(2, 1));
    history.read(WORD, 43, 5, 6, 1);
    Verdict verdict = Linearizability.check(history, InitialValue.ANYTHING);
    assertThat(((Verdict.Violation) verdict).first().value()).isEqualTo(42);
  }

  @Test
  void resetToZero_separatesLives() {
    history.write(WORD, 1, 10, 11, 0);
    history.unmap(WORD, 20, 30, 0);
    history.reset(WORD, 0, 40, 50, 0);
    history.read(WORD, 1, 15, 25, 1);
    history.read(WORD, 0, 45, 55, 1);
    history.read(WORD, 0, 60, 61, 1);
    assertThat(check()).isInstanceOf(Verdict.Linearizable.class);
    history.read(WORD, 1, 31, 35, 1);
    assertThat(check()).isInstanceOf(Verdict.Violation.class);
  }

  @Test
  void dataOfAnEarlierLife_isAViolation() {
    history.write(WORD, 1, 10, 11, 0);
    history.reset(WORD, 0, 20, 30, 0);
    history.read(WORD, 1, 31, 32, 1);
    assertThat(check()).isInstanceOf(Verdict.Violation.class);
  }

  @Test
  void zeroOfEitherLife_isFoundBySearch() {
    // The first read can only be explained by the first zero, the last only by the reset.
    history.write(WORD, 7, 10, 20, 0);
    history.reset(WORD, 0, 40, 100, 0);
    history.read(WORD, 0, 0, 50, 1);
    history.read(WORD, 7, 60, 70, 1);
    history.read(WORD, 0, 80, 110, 1);
    assertThat(check()).isInstanceOf(Verdict.Linearizable.class);
    history.read(WORD, 7, 120, 130, 1);
    assertThat(check()).isInstanceOf(Verdict.Violation.class);
  }

  @Test
  void words_areJudgedByThemselves() {
    for (int space = 0; space < 3; space++) {
      history.write(History.word(space, 8), 1, 10, 20, 0);
      history.read(History.word(space, 8), space == 1 ? 0 : 1, 30, 40, 0);
    }
    assertThat(((Verdict.Violation) check()).word()).isEqualTo(History.word(1, 8));
    assertThat(Linearizability.findings(history, InitialValue.ZERO, 10)).hasSize(1);
    assertThat(Linearizability.findings(history, InitialValue.ZERO, 0)).isEmpty();
  }

  @Test
  void mergedHistories_keepEveryOperation() {
    History other = new History(1);
    for (int i = 0; i < 5000; i++) {
      history.write(WORD, i + 1, 10L * i, 10L * i + 5, 0);
      other.read(WORD, i + 1, 10L * i + 6, 10L * i + 7, 1);
    }
    History merged = History.merge(List.of(history, other, new History()));
    assertThat(merged.size()).isEqualTo(10_000);
    assertThat(merged.operation(9_999)).isEqualTo(other.operation(4_999));
    assertThat(Linearizability.check(merged, InitialValue.ZERO))
        .isEqualTo(new Verdict.Linearizable(10_000, 1));
  }

  @ParameterizedTest
  @CsvSource({"UNIQUE, 150000", "REPEATED, 100000", "UNKNOWN_START, 50000"})
  void randomHistories_agreeWithBruteForce(SmallHistories.Values values, int count) {
    int linearizable = 0;
    for (long seed = 0; seed < count; seed++) {
      SmallHistories generator = new SmallHistories(seed, values);
      List<Operation> operations = generator.operations();
      InitialValue initial = generator.initial();
      boolean expected = BruteForce.linearizable(operations, initial);
      Verdict verdict = Linearizability.check(SmallHistories.history(operations), initial);
      assertThat(verdict instanceof Verdict.Linearizable)
          .as("replay: new SmallHistories(%dL, %s) -> %s", seed, values, operations)
          .isEqualTo(expected);
      assertThat(verdict).isNotInstanceOf(Verdict.Undecided.class);
      linearizable += expected ? 1 : 0;
    }
    // Both answers have to occur often, or the comparison shows nothing.
    assertThat(linearizable).isBetween(count / 10, count * 9 / 10);
  }

  @Test
  void longAtomicRuns_passAndEachPlantedStaleReadIsFound() {
    for (long seed = 0; seed < 300; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      AtomicRun run = new AtomicRun(random, 4, 1200);
      assertThat(Linearizability.check(run.history(List.of()), InitialValue.ZERO))
          .as("seed %d", seed)
          .isInstanceOf(Verdict.Linearizable.class);
      Operation planted = run.staleRead(random);
      Verdict verdict = Linearizability.check(run.history(List.of(planted)), InitialValue.ZERO);
      assertThat(verdict).as("seed %d: %s", seed, planted).isInstanceOf(Verdict.Violation.class);
      assertThat(((Verdict.Violation) verdict).word()).isEqualTo(planted.word());
    }
  }

  @Test
  void millionOperations_takeSeconds() {
    AtomicRun run = new AtomicRun(new SplittableRandom(1), 1000, 1_000_000);
    History large = run.history(List.of());
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long start = threads.getCurrentThreadCpuTime();
    assertThat(Linearizability.check(large, InitialValue.ZERO))
        .isEqualTo(new Verdict.Linearizable(1_000_000, 1000));
    // About half a second where this was written; the time of a processor, whoever else has some.
    assertThat(threads.getCurrentThreadCpuTime() - start).isLessThan(20_000_000_000L);
  }

  /** Operations that took effect at one instant each, somewhere between their beginning and end. */
  private static final class AtomicRun {

    private final List<Operation> operations = new ArrayList<>();
    private final List<List<Operation>> writes = new ArrayList<>();

    AtomicRun(SplittableRandom random, int words, int count) {
      long[] held = new long[words];
      for (int word = 0; word < words; word++) {
        writes.add(new ArrayList<>());
      }
      for (int i = 0; i < count; i++) {
        long instant = 100L * i + 1000;
        int word = random.nextInt(words);
        boolean write = random.nextInt(3) == 0;
        held[word] = write ? i + 1 : held[word];
        Kind kind = write ? Kind.WRITE : Kind.READ;
        long begin = instant - random.nextInt(1000);
        long end = instant + random.nextInt(1000);
        Operation operation = new Operation(kind, 8L * word, held[word], begin, end, i % 5);
        operations.add(operation);
        if (write) {
          writes.get(word).add(operation);
        }
      }
    }

    /** A read of a value that two later writes have replaced, the last of them surely done. */
    Operation staleRead(SplittableRandom random) {
      List<Operation> candidates = writes.get(random.nextInt(writes.size()));
      Operation old = candidates.get(random.nextInt(candidates.size() - 20));
      Operation replacement =
          candidates.stream()
              .filter(write -> write.invokedNanos() > old.respondedNanos())
              .findFirst()
              .orElseThrow();
      long begin = replacement.respondedNanos() + 1;
      return new Operation(Kind.READ, old.word(), old.value(), begin, begin + 10, 9);
    }

    History history(List<Operation> more) {
      List<Operation> all = new ArrayList<>(operations);
      all.addAll(more);
      return SmallHistories.history(all);
    }
  }
}
