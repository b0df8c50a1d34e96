package dev.fenceline.concurrent;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Threads that begin their tasks together; a failure of any of them fails the test. */
final class Crew {
  /** How long a stress test goes on; its duty is coverage over many builds, not in a single one. */
  static final long STRESS_NANOS = TimeUnit.MILLISECONDS.toNanos(1_500);

  @FunctionalInterface
  interface Task {
    void run() throws Exception;
  }

  private Crew() {}

  static boolean goOn(long startNanos) {
    return System.nanoTime() - startNanos < STRESS_NANOS;
  }

  /** Goes on for longer if the others have not had their turn yet, but not for ever. */
  static boolean goOn(long startNanos, long hits) {
    return goOn(startNanos) || (hits == 0 && System.nanoTime() - startNanos < 40 * STRESS_NANOS);
  }

  static void run(List<Task> tasks) throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(tasks.size())) {
      CyclicBarrier start = new CyclicBarrier(tasks.size());
      List<Future<?>> running = new ArrayList<>();
      for (Task task : tasks) {
        running.add(
            threads.submit(
                () -> {
                  start.await();
                  task.run();
                  return null;
                }));
      }
      try {
        for (Future<?> each : running) {
          each.get(100, TimeUnit.SECONDS);
        }
      } catch (ExecutionException e) {
        if (e.getCause() instanceof AssertionError failed) {
          throw failed;
        }
        throw e;
      } finally {
        threads.shutdownNow();
      }
    }
  }
}
