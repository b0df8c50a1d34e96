package dev.fenceline.coordinator.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FanOutTest {
  private static final int PARALLELISM = 3;

  @Test
  void manyNodes_areAskedInParallelUpToTheBound() throws InterruptedException {
    AtomicInteger underWay = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CountDownLatch full = new CountDownLatch(PARALLELISM);
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Integer> answers =
          new FanOut(executor, PARALLELISM)
              .ask(
                  IntStream.range(0, 20).boxed().toList(),
                  node -> {
                    most.accumulateAndGet(underWay.incrementAndGet(), Math::max);
                    full.countDown();
                    awaitQuietly(full); // passes only if that many are under way at once
                    underWay.decrementAndGet();
                    return node * 2;
                  });
      assertThat(answers).isEqualTo(IntStream.range(0, 20).map(node -> node * 2).boxed().toList());
      assertThat(most).hasValue(PARALLELISM);
    }
  }

  @Test
  void questionThatThrows_isABrokenInvariant() {
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      FanOut fanOut = new FanOut(executor, PARALLELISM);
      assertThatThrownBy(
              () ->
                  fanOut.ask(
                      List.of(1),
                      node -> {
                        throw new IllegalArgumentException("no");
                      }))
          .isInstanceOf(IllegalStateException.class)
          .hasRootCauseMessage("no");
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
