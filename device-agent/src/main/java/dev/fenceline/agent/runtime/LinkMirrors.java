package dev.fenceline.agent.runtime;

import dev.fenceline.agent.engine.AgentEffect;
import dev.fenceline.concurrent.AccessSlots;
import dev.fenceline.concurrent.MirrorTable;
import dev.fenceline.model.Pages;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The mirror tables of one link and the access slots in front of them. Execution units look up
 * without locks; everything that writes is called in the link's mailbox only.
 */
final class LinkMirrors {
  private record Key(long spaceId, int deviceIndex) implements Comparable<Key> {
    @Override
    public int compareTo(Key other) {
      int bySpace = Long.compare(spaceId, other.spaceId);
      return bySpace != 0 ? bySpace : Integer.compare(deviceIndex, other.deviceIndex);
    }
  }

  private final List<Device> devices;
  private final ScheduledExecutorService executor;

  /** Per device; its units are the owners. */
  private final List<AccessSlots> slots;

  private final ConcurrentSkipListMap<Key, MirrorView> views = new ConcurrentSkipListMap<>();

  LinkMirrors(List<Device> devices, ScheduledExecutorService executor) {
    this.devices = devices;
    this.executor = executor;
    this.slots =
        devices.stream().map(device -> new AccessSlots(device.description().units(), 0)).toList();
  }

  MirrorView view(int deviceIndex, long spaceId) {
    return views.computeIfAbsent(
        new Key(spaceId, deviceIndex),
        key -> new MirrorView(devices.get(deviceIndex), slots.get(deviceIndex)));
  }

  /**
   * Clears the entries, waits for accesses through them and then for the device's drain delay.
   *
   * @param onDrained may run before this method returns
   */
  void drop(AgentEffect.DropEntries drop, Runnable onDrained) {
    Device device = devices.get(drop.deviceIndex());
    device.counters().invalidations.increment();
    view(drop.deviceIndex(), drop.spaceId())
        .invalidate(
            Pages.number(drop.start()),
            Pages.number(drop.end()),
            () -> afterDelay(device, onDrained));
  }

  /** Clears every table; the devices drain in parallel, the slowest one ends it. */
  void dropEverything(Runnable onDrained) {
    views.values().forEach(MirrorView::clear);
    AtomicInteger left = new AtomicInteger(devices.size());
    Runnable oneDone =
        () -> {
          if (left.decrementAndGet() == 0) {
            onDrained.run();
          }
        };
    for (Device device : devices) {
      slots
          .get(device.index())
          .beginDrain(0, MirrorTable.VPN_LIMIT, () -> afterDelay(device, oneDone));
    }
  }

  /** The space is gone, and its entries with it. */
  void forget(long spaceId) {
    views.keySet().removeIf(key -> key.spaceId() == spaceId);
  }

  private void afterDelay(Device device, Runnable task) {
    long nanos = device.delays().drainNanos();
    if (nanos == 0) {
      task.run();
    } else {
      executor.schedule(task, nanos, TimeUnit.NANOSECONDS);
    }
  }
}
