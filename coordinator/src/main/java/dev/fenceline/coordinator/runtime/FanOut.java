package dev.fenceline.coordinator.runtime;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Asks many nodes the same question at once, with a bound on all questions under way. Thread-safe;
 * the executor is expected to start a virtual thread per task.
 */
public final class FanOut {
  private final ExecutorService executor;
  private final Semaphore underWay;

  public FanOut(ExecutorService executor, int parallelism) {
    this.executor = executor;
    this.underWay = new Semaphore(parallelism, true);
  }

  /**
   * The answers, in the order of the nodes.
   *
   * @param question must bound its own duration and answer failures instead of throwing them
   */
  public <N, A> List<A> ask(List<N> nodes, Function<? super N, ? extends A> question)
      throws InterruptedException {
    List<Future<A>> asked = new ArrayList<>(nodes.size());
    String trace = CallerTrace.current();
    for (N node : nodes) {
      asked.add(executor.submit(() -> bounded(node, question, trace)));
    }
    List<A> answers = new ArrayList<>(nodes.size());
    try {
      for (Future<A> future : asked) {
        answers.add(future.get());
      }
      return answers;
    } catch (ExecutionException e) {
      throw new IllegalStateException("a question to a node failed to answer", e.getCause());
    } finally {
      asked.forEach(future -> future.cancel(true));
    }
  }

  private <N, A> A bounded(
      N node, Function<? super N, ? extends A> question, @Nullable String trace)
      throws InterruptedException {
    underWay.acquire();
    CallerTrace.enter(trace);
    try {
      return question.apply(node);
    } finally {
      CallerTrace.leave();
      underWay.release();
    }
  }
}
