package dev.fenceline.agent.runtime;

import dev.fenceline.agent.engine.standing.DeviceStanding;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Drains devices and returns them. Thread-safe: the standings are guarded by its lock; what takes
 * time is asked for outside of it.
 */
public final class DrainDesk {
  /** A device's standing at one moment; immutable. */
  public record StandingView(
      int deviceIndex, DeviceStanding.State state, int running, int queued, String reason) {}

  /** What a drain needs of the agent; calls return at once. */
  interface Duties {
    void cancelPrograms(Device device, String why);

    /** Closes the device's mirrors on every host. */
    void closeMirrors(Device device, Runnable onClosed);

    /** No device takes work any more: leave the hosts. */
    void allDrained();

    /** A device takes work again. */
    void someReturned();
  }

  /** How often a draining device is looked at. */
  private static final long LOOK_NANOS = 5_000_000;

  private final List<Device> devices;
  private final Duties duties;
  private final ScheduledExecutorService executor;
  private final LongSupplier clock;
  private final Object lock = new Object();

  // Guarded by the lock.
  private final List<DeviceStanding> standings = new ArrayList<>();
  private boolean looking;

  DrainDesk(
      List<Device> devices, Duties duties, ScheduledExecutorService executor, LongSupplier clock) {
    this.devices = devices;
    this.duties = duties;
    this.executor = executor;
    this.clock = clock;
    devices.forEach(device -> standings.add(new DeviceStanding()));
  }

  /** Whether the device takes new programs and mirrors. */
  boolean takesWork(Device device) {
    synchronized (lock) {
      return standings.get(device.index()).takesWork();
    }
  }

  public StandingView standing(Device device) {
    synchronized (lock) {
      return view(device);
    }
  }

  public List<StandingView> standings() {
    synchronized (lock) {
      return devices.stream().map(this::view).toList();
    }
  }

  /** Devices that have drained. */
  public long drained() {
    synchronized (lock) {
      return standings.stream()
          .filter(standing -> standing.state() == DeviceStanding.State.DRAINED)
          .count();
    }
  }

  /**
   * Begins to drain devices; those that do already go on as they were.
   *
   * @param deadlineNanos after this time programs that still run are preempted
   */
  public void drain(List<Device> which, String reason, long deadlineNanos) {
    long until = clock.getAsLong() + deadlineNanos;
    synchronized (lock) {
      which.forEach(device -> standings.get(device.index()).drain(reason, until));
    }
    look();
  }

  /** Lets devices take work again. */
  public void giveBack(List<Device> which) {
    boolean returned = false;
    synchronized (lock) {
      for (Device device : which) {
        returned |= standings.get(device.index()).giveBack();
      }
    }
    if (returned) {
      duties.someReturned();
    }
  }

  private void look() {
    boolean draining = false;
    for (Device device : devices) {
      DeviceStanding.Step step;
      DeviceStanding standing;
      long number;
      synchronized (lock) {
        standing = standings.get(device.index());
        number = standing.drainNumber();
        step = standing.step(clock.getAsLong(), device.pendingWork());
        draining |= standing.state() == DeviceStanding.State.DRAINING;
      }
      switch (step) {
        case NOTHING -> {}
        case PREEMPT ->
            duties.cancelPrograms(device, "the device is drained and the program's time is over");
        case CLOSE_MIRRORS -> duties.closeMirrors(device, () -> closed(standing, number));
      }
    }
    if (draining) {
      lookLater();
    }
  }

  private void lookLater() {
    synchronized (lock) {
      if (looking) {
        return;
      }
      looking = true;
    }
    executor.schedule(
        () -> {
          synchronized (lock) {
            looking = false;
          }
          look();
        },
        LOOK_NANOS,
        TimeUnit.NANOSECONDS);
  }

  private void closed(DeviceStanding standing, long drainNumber) {
    boolean all;
    synchronized (lock) {
      standing.closed(drainNumber);
      all = standings.stream().allMatch(each -> each.state() == DeviceStanding.State.DRAINED);
    }
    if (all) {
      duties.allDrained();
    }
  }

  private StandingView view(Device device) {
    DeviceStanding standing = standings.get(device.index());
    return new StandingView(
        device.index(),
        standing.state(),
        device.runningPrograms(),
        device.queuedPrograms(),
        standing.reason());
  }
}
