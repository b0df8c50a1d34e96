package dev.fenceline.testbed.replay;

import dev.fenceline.client.CallFailedException;
import dev.fenceline.client.RefusedException;
import dev.fenceline.client.SpaceClient;
import dev.fenceline.model.DeviceId;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Moves memory that programs use to a device, and some of it home again before somebody else needs
 * it there. Confined to its thread.
 */
final class Migrator implements Runnable {
  private static final Duration PAUSE = Duration.ofMillis(5);

  /** So many ranges stay where they were brought; devices evict when that is too much. */
  private static final int LEFT_THERE = 8;

  private final Workload workload;
  private final SplittableRandom random;
  private final ArrayDeque<CheckedWindow> away = new ArrayDeque<>();

  Migrator(Workload workload, SplittableRandom random) {
    this.workload = workload;
    this.random = random;
  }

  @Override
  public void run() {
    List<Cluster.Device> devices =
        workload.cluster().devices().stream()
            .filter(device -> device.info().getMemoryPages() > 0)
            .toList();
    while (workload.goesOn() && !devices.isEmpty()) {
      CheckedWindow window = workload.book().pick(random);
      if (window != null) {
        Cluster.Device device = devices.get(random.nextInt(devices.size()));
        migrate(window, new DeviceId(device.agentId(), device.index()));
      }
      Workload.pause(PAUSE);
    }
  }

  private void migrate(CheckedWindow window, DeviceId device) {
    try {
      long moved = space(window).migrate(start(window), length(window), device).getMovedPages();
      workload.tally().count("migrate to a device", 1);
      if (moved > 0) {
        away.addLast(window);
      }
      if (away.size() > LEFT_THERE) {
        CheckedWindow oldest = away.removeFirst();
        space(oldest).migrate(start(oldest), length(oldest), null);
        workload.tally().count("migrate home", 1);
      }
    } catch (RefusedException e) {
      // The memory or its space went away meanwhile, or may not be read: both are its right.
      workload.tally().count("migrate refused", 1);
    } catch (CallFailedException e) {
      workload.interrupted(e);
    }
  }

  private SpaceClient space(CheckedWindow window) {
    return workload.cluster().host().space(window.space().hostId());
  }

  private static long start(CheckedWindow window) {
    return window.whole().start();
  }

  private static long length(CheckedWindow window) {
    return window.whole().end() - window.whole().start();
  }
}
