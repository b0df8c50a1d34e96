package dev.fenceline.concurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LineBudgetTest {
  private static final long REFILL = 1_000;
  private static final long START = -7; // a monotonic clock may begin anywhere

  private final LineBudget budget = new LineBudget(3, REFILL);

  @Test
  void burst_isWrittenAndTheRestLeftOut() {
    assertThat(budget.take(START)).isZero();
    assertThat(budget.take(START)).isZero();
    assertThat(budget.take(START)).isZero();
    assertThat(budget.take(START)).isEqualTo(LineBudget.LEFT_OUT);
    assertThat(budget.take(START + REFILL - 1)).isEqualTo(LineBudget.LEFT_OUT);
  }

  @Test
  void lineAfterTheFlood_saysHowManyWereLeftOut() {
    for (int i = 0; i < 10; i++) {
      budget.take(START);
    }
    assertThat(budget.take(START + REFILL)).isEqualTo(7);
    assertThat(budget.take(START + REFILL)).isEqualTo(LineBudget.LEFT_OUT);
    assertThat(budget.take(START + 2 * REFILL)).isEqualTo(1);
  }

  @Test
  void rest_fillsTheBudgetUpToTheBurst() {
    for (int i = 0; i < 3; i++) {
      budget.take(START);
    }
    long later = START + 1_000_000 * REFILL;
    for (int i = 0; i < 3; i++) {
      assertThat(budget.take(later)).isZero();
    }
    assertThat(budget.take(later)).isEqualTo(LineBudget.LEFT_OUT);
  }

  @Test
  void contenders_shareOneBudget() throws InterruptedException {
    AtomicInteger written = new AtomicInteger();
    Runnable flood =
        () -> {
          for (int i = 0; i < 1_000; i++) {
            if (budget.take(START) != LineBudget.LEFT_OUT) {
              written.incrementAndGet();
            }
          }
        };
    Thread first = Thread.ofPlatform().start(flood);
    Thread second = Thread.ofPlatform().start(flood);
    first.join();
    second.join();
    assertThat(written).hasValue(3);
  }

  @Test
  void emptyBudget_isRefused() {
    assertThatThrownBy(() -> new LineBudget(0, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new LineBudget(1, 0)).isInstanceOf(IllegalArgumentException.class);
  }
}
