package dev.fenceline.testbed.replay;

import dev.fenceline.client.CallFailedException;
import dev.fenceline.client.PinSpec;
import dev.fenceline.client.RefusedException;
import java.time.Duration;
import java.util.SplittableRandom;

/**
 * Pins memory that programs use for a while, as a driver does for a transfer, so that reclaim has
 * to leave it alone. Confined to its thread.
 */
final class Pinner implements Runnable {
  private static final Duration PAUSE = Duration.ofMillis(20);
  private static final int LONGEST_HOLD_MILLIS = 30;

  /** Few enough that frames are left for everybody else. */
  private static final long MAX_PAGES = 4;

  private final Workload workload;
  private final SplittableRandom random;

  Pinner(Workload workload, SplittableRandom random) {
    this.workload = workload;
    this.random = random;
  }

  @Override
  public void run() {
    while (workload.goesOn()) {
      CheckedWindow window = workload.book().pick(random);
      if (window != null) {
        hold(window);
      }
      Workload.pause(PAUSE);
    }
  }

  private void hold(CheckedWindow window) {
    PageRange range = window.registers();
    long lengthBytes = Math.min(range.pages(), MAX_PAGES) * PageRange.PAGE_BYTES;
    PinSpec spec = new PinSpec(true, random.nextInt(4) == 0, "testbed", "a transfer");
    try {
      long pin =
          workload
              .cluster()
              .host()
              .space(window.space().hostId())
              .pin(range.start(), lengthBytes, spec);
      workload.tally().count("pin", 1);
      Workload.pause(Duration.ofMillis(1 + random.nextInt(LONGEST_HOLD_MILLIS)));
      workload.cluster().host().unpin(pin);
    } catch (RefusedException e) {
      // The memory or its space went away meanwhile, or may not be written: both are its right.
      workload.tally().count("pin refused", 1);
    } catch (CallFailedException e) {
      workload.interrupted(e);
    }
  }
}
