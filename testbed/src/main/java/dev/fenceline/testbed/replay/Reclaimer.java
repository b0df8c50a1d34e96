package dev.fenceline.testbed.replay;

import dev.fenceline.client.CallFailedException;
import dev.fenceline.client.RefusedException;
import dev.fenceline.client.SpaceClient;
import dev.fenceline.model.WaitPolicy;
import java.time.Duration;
import java.util.SplittableRandom;

/**
 * Invalidates memory that programs use, as reclaim would, and does not always wait. Confined to its
 * thread.
 */
final class Reclaimer implements Runnable {
  private static final long DEADLINE_NANOS = 2_000_000;

  private final Workload workload;
  private final SplittableRandom random;
  private final Duration interval;

  Reclaimer(Workload workload, SplittableRandom random, Duration interval) {
    this.workload = workload;
    this.random = random;
    this.interval = interval;
  }

  @Override
  public void run() {
    while (workload.goesOn()) {
      CheckedWindow window = workload.book().pick(random);
      if (window != null) {
        invalidate(window);
      }
      Workload.pause(interval);
    }
  }

  private void invalidate(CheckedWindow window) {
    PageRange range = window.registers();
    SpaceClient space = workload.cluster().host().space(window.space().hostId());
    try {
      workload
          .tally()
          .outcome(
              "invalidate", space.invalidate(range.start(), range.end() - range.start(), policy()));
    } catch (RefusedException e) {
      // The memory or its space went away meanwhile, or a queue is full: both are its right.
      workload.tally().count("invalidate refused", 1);
    } catch (CallFailedException e) {
      workload.interrupted(e);
    }
  }

  private WaitPolicy policy() {
    int choice = random.nextInt(10);
    if (choice < 4) {
      return WaitPolicy.TRY;
    }
    return choice < 7 ? new WaitPolicy.Deadline(DEADLINE_NANOS) : WaitPolicy.BLOCK;
  }
}
