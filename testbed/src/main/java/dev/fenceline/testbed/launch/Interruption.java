package dev.fenceline.testbed.launch;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * What happens on Ctrl-C and on any other end of the process: the work is told, gets a bounded time
 * to come to its own end, and the stacks are stopped. Thread-safe.
 *
 * <p>Closed by the command when its work is done, before the exit; then nothing happens any more.
 */
public final class Interruption implements AutoCloseable {
  private final CountDownLatch raised = new CountDownLatch(1);
  private final CountDownLatch finished = new CountDownLatch(1);
  private final List<AutoCloseable> stacks = new ArrayList<>();
  private final Duration patience;
  private final Thread hook = new Thread(this::exit, "fenceline-exit");

  private Interruption(Duration patience) {
    this.patience = patience;
  }

  /** Installs it in this virtual machine. */
  public static Interruption install(Duration patience) {
    Interruption interruption = new Interruption(patience);
    Runtime.getRuntime().addShutdownHook(interruption.hook);
    return interruption;
  }

  /** Whether the work should end now. */
  public boolean raised() {
    return raised.getCount() == 0;
  }

  /** Waits until the work should end, at most so long; returns whether it should. */
  public boolean await(Duration atMost) throws InterruptedException {
    return raised.await(atMost.toMillis(), TimeUnit.MILLISECONDS);
  }

  void closeOnExit(AutoCloseable stack) {
    synchronized (stacks) {
      stacks.add(stack);
    }
  }

  private void exit() {
    raised.countDown();
    try {
      finished.await(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    closeStacks();
  }

  private void closeStacks() {
    List<AutoCloseable> open;
    synchronized (stacks) {
      open = List.copyOf(stacks);
      stacks.clear();
    }
    for (AutoCloseable stack : open) {
      try {
        stack.close();
      } catch (Exception e) {
        System.err.println("fenceline: while stopping: " + e);
      }
    }
  }

  /** The work is done: stops what still runs and takes the hook away. */
  @Override
  public void close() {
    closeStacks();
    finished.countDown();
    if (!raised()) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // The virtual machine ends at this very moment; the hook finds nothing left to do.
      }
    }
  }
}
