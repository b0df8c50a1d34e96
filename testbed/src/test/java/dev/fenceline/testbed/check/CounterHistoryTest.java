package dev.fenceline.testbed.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.fenceline.testbed.check.CounterHistory.Verdict.Consistent;
import dev.fenceline.testbed.check.CounterHistory.Verdict.Undecided;
import dev.fenceline.testbed.check.CounterHistory.Verdict.Violation;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CounterHistoryTest {

  private final CounterHistory history = new CounterHistory();

  @Test
  void chainOfAdds_isConsistent() {
    history.add(13, 1, 20, 40);
    history.add(10, 3, 10, 30);
    history.read(13, 25, 35);
    history.read(14, 41, 42);
    assertThat(history.check(10, 14)).isEqualTo(new Consistent(4));
  }

  @Test
  void lostAdd_isAViolation() {
    history.add(0, 1, 10, 20);
    history.add(0, 1, 10, 20);
    assertThat(history.check(0, 1)).isInstanceOf(Violation.class);
    assertThat(((Violation) history.check(0, 1)).explanation()).contains("one of them got lost");
  }

  @Test
  void finalValue_hasToAgree() {
    history.add(0, 1, 10, 20);
    assertThat(history.check(0, 0)).isInstanceOf(Violation.class);
    assertThat(history.check(0, 2)).isInstanceOf(Violation.class);
    assertThat(history.check(1, 1)).isInstanceOf(Violation.class);
    assertThat(history.check(0, 1)).isInstanceOf(Consistent.class);
  }

  @Test
  void chainAgainstRealTime_isAViolation() {
    history.add(1, 1, 10, 20);
    history.add(0, 1, 30, 40);
    assertThat(((Violation) history.check(0, 2)).explanation()).contains("saw a later value");
  }

  @Test
  void staleRead_isAViolation() {
    history.add(0, 1, 10, 20);
    history.read(0, 30, 40);
    assertThat(history.check(0, 1)).isInstanceOf(Violation.class);
  }

  @Test
  void addsInDoubt_fillGapsIfTheyBeganInTime() {
    history.addInDoubt(1, 5);
    history.addInDoubt(1, 50);
    history.add(1, 1, 10, 20);
    assertThat(history.check(0, 2)).isInstanceOf(Consistent.class);
    assertThat(history.check(0, 3)).isInstanceOf(Consistent.class);
    assertThat(history.check(0, 4)).isInstanceOf(Violation.class);
    history.add(4, 1, 30, 40);
    assertThat(history.check(0, 5)).isInstanceOf(Violation.class);
  }

  @Test
  void addsInDoubtOfDifferentSizes_areUndecidedOnlyIfNeeded() {
    history.addInDoubt(1, 5);
    history.addInDoubt(2, 5);
    history.add(0, 1, 10, 20);
    assertThat(history.check(0, 1)).isInstanceOf(Consistent.class);
    assertThat(history.check(0, 2)).isInstanceOf(Undecided.class);
  }

  @Test
  void addOfNothing_isRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> history.add(0, 0, 1, 2));
    assertThatIllegalArgumentException().isThrownBy(() -> history.addInDoubt(-1, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> history.add(0, 1, 2, 1));
  }

  @Test
  void randomRuns_agreeWithBruteForce() {
    int consistent = 0;
    for (long seed = 0; seed < 30_000; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      List<long[]> operations = new ArrayList<>();
      CounterHistory counter = new CounterHistory(1);
      int count = 1 + random.nextInt(5);
      for (int i = 0; i < count; i++) {
        long begin = random.nextInt(20);
        long end = begin + random.nextInt(8);
        switch (random.nextInt(4)) {
          case 0 -> {
            operations.add(new long[] {-1, 1, begin, History.IN_DOUBT});
            counter.addInDoubt(1, begin);
          }
          case 1 -> {
            long value = random.nextInt(count);
            operations.add(new long[] {value, 0, begin, end});
            counter.read(value, begin, end);
          }
          default -> {
            long value = random.nextInt(count);
            operations.add(new long[] {value, 1, begin, end});
            counter.add(value, 1, begin, end);
          }
        }
      }
      long last = random.nextInt(count + 1);
      boolean expected = explainable(operations, 0, 0, last);
      assertThat(counter.check(0, last) instanceof Consistent)
          .as("seed %d", seed)
          .isEqualTo(expected);
      consistent += expected ? 1 : 0;
    }
    assertThat(consistent).isGreaterThan(1000);
  }

  private static boolean explainable(List<long[]> operations, int done, long value, long last) {
    boolean finished = value == last;
    for (int i = 0; i < operations.size(); i++) {
      long[] operation = operations.get(i);
      if ((done & 1 << i) != 0) {
        continue;
      }
      finished &= operation[3] == History.IN_DOUBT;
      boolean fits = operation[0] < 0 || operation[0] == value;
      if (fits
          && mayBeNext(operations, done, operation)
          && explainable(operations, done | 1 << i, value + operation[1], last)) {
        return true;
      }
    }
    return finished;
  }

  private static boolean mayBeNext(List<long[]> operations, int done, long[] candidate) {
    for (int i = 0; i < operations.size(); i++) {
      if ((done & 1 << i) == 0 && operations.get(i)[3] < candidate[2]) {
        return false;
      }
    }
    return true;
  }
}
