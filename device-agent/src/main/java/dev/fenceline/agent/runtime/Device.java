package dev.fenceline.agent.runtime;

import dev.fenceline.model.DeviceDescription;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One device: execution units (platform threads, a fixed number), a bounded queue of work for them,
 * delays, counters. Thread-safe.
 */
public final class Device {
  /** Work for an execution unit. */
  @FunctionalInterface
  public interface Work {
    /**
     * Runs on a unit's thread.
     *
     * @param unit index of the unit, which owns the access slots of that number
     */
    void run(int unit) throws InterruptedException;
  }

  private record Job(Work work, Runnable dropped) {}

  private static final Logger LOG = LoggerFactory.getLogger(Device.class);

  private static final long STOP_MILLIS = 2_000;

  private final DeviceDescription description;
  private final DeviceCounters counters = new DeviceCounters();
  private final ArrayBlockingQueue<Job> queue;
  private final List<Thread> units = new ArrayList<>();
  private final AtomicInteger running = new AtomicInteger();

  /** Work that was offered and has not ended, and offers that are being made. */
  private final AtomicInteger pending = new AtomicInteger();

  private final DeviceMemory memory;
  private volatile Delays delays;

  /**
   * @param maxQueued work that may wait for a unit
   */
  public Device(DeviceDescription description, Delays delays, int maxQueued) {
    this.description = description;
    this.delays = delays;
    this.queue = new ArrayBlockingQueue<>(maxQueued);
    this.memory = new DeviceMemory(description.memoryPages());
  }

  void start() {
    for (int unit = 0; unit < description.units(); unit++) {
      int index = unit;
      units.add(
          Thread.ofPlatform()
              .name("device-" + description.index() + "-unit-" + unit)
              .daemon()
              .start(() -> serve(index)));
    }
  }

  /** Ends the units; what runs is interrupted. Waits a bounded time. */
  void stop() throws InterruptedException {
    units.forEach(Thread::interrupt);
    for (Thread unit : units) {
      unit.join(STOP_MILLIS);
    }
    for (Job job = queue.poll(); job != null; job = queue.poll()) {
      job.dropped().run();
      pending.decrementAndGet();
    }
  }

  private void serve(int unit) {
    while (!Thread.currentThread().isInterrupted()) {
      try {
        Job job = queue.take();
        running.incrementAndGet();
        try {
          job.work().run(unit);
        } finally {
          running.decrementAndGet();
          pending.decrementAndGet();
        }
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException | Error e) {
        LOG.error("a program on {} ended without an answer", description.name(), e);
      }
    }
  }

  /**
   * False if the queue is full.
   *
   * @param dropped run instead if the device stops first
   */
  boolean offer(Work work, Runnable dropped) {
    pending.incrementAndGet();
    boolean accepted = queue.offer(new Job(work, dropped));
    if (!accepted) {
      pending.decrementAndGet();
    }
    return accepted;
  }

  /**
   * An offer is being made: announced before it is looked whether the device takes work, so that a
   * drain which forbids it afterwards sees it and waits.
   */
  void announceOffer() {
    pending.incrementAndGet();
  }

  void offerMade() {
    pending.decrementAndGet();
  }

  /** Work that is not done, announced offers among it. */
  int pendingWork() {
    return pending.get();
  }

  public DeviceDescription description() {
    return description;
  }

  public int index() {
    return description.index();
  }

  public DeviceMemory memory() {
    return memory;
  }

  public DeviceCounters counters() {
    return counters;
  }

  public Delays delays() {
    return delays;
  }

  public void setDelays(Delays delays) {
    this.delays = delays;
  }

  public int runningPrograms() {
    return running.get();
  }

  public int queuedPrograms() {
    return queue.size();
  }
}
