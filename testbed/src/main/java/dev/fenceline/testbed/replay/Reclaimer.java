package dev.fenceline.testbed.replay;

import dev.fenceline.common.v1.WaitPolicy;
import dev.fenceline.space.v1.InvalidateRequest;
import dev.fenceline.space.v1.OperationReply;
import dev.fenceline.testbed.client.CallFailedException;
import dev.fenceline.testbed.client.RefusedException;
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
    InvalidateRequest request =
        InvalidateRequest.newBuilder()
            .setSpaceId(window.space().hostId())
            .setAddress(range.start())
            .setLength(range.end() - range.start())
            .setWait(policy())
            .build();
    try {
      OperationReply reply = workload.cluster().spaces().invalidate(request);
      workload.tally().reply("invalidate", reply);
    } catch (RefusedException e) {
      // The memory or its space went away meanwhile, or a queue is full: both are its right.
      workload.tally().count("invalidate refused", 1);
    } catch (CallFailedException e) {
      workload.interrupted(e);
    }
  }

  private WaitPolicy policy() {
    int choice = random.nextInt(10);
    WaitPolicy.Builder policy = WaitPolicy.newBuilder();
    if (choice < 4) {
      return policy.setMode(WaitPolicy.Mode.MODE_TRY).build();
    }
    return choice < 7
        ? policy.setMode(WaitPolicy.Mode.MODE_DEADLINE).setDeadlineNanos(DEADLINE_NANOS).build()
        : policy.setMode(WaitPolicy.Mode.MODE_BLOCK).build();
  }
}
