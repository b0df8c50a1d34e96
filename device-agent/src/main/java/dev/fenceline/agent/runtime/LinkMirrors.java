package dev.fenceline.agent.runtime;

import dev.fenceline.agent.engine.AgentEffect;
import dev.fenceline.concurrent.AccessSlots;
import dev.fenceline.concurrent.MirrorTable;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
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

  /** Accesses of peers to a device's memory at a time. */
  private static final int PEER_SLOTS = 16;

  private final PeerBook peers = new PeerBook();
  private final List<Device> devices;
  private final DelayLine delays;

  /** Per device; its units are the owners, each of one for accesses and one for what it holds. */
  private final List<AccessSlots> slots;

  private final ConcurrentSkipListMap<Key, MirrorView> views = new ConcurrentSkipListMap<>();

  /** What has begun in this turn of the mailbox. */
  private final List<ImitatedDrain> begun = new ArrayList<>();

  LinkMirrors(List<Device> devices, DelayLine delays) {
    this.devices = devices;
    this.delays = delays;
    this.slots =
        devices.stream()
            .map(device -> new AccessSlots(2 * device.description().units(), PEER_SLOTS))
            .toList();
  }

  PeerBook peers() {
    return peers;
  }

  MirrorView view(int deviceIndex, long spaceId) {
    return views.computeIfAbsent(
        new Key(spaceId, deviceIndex),
        key -> new MirrorView(devices.get(deviceIndex), slots.get(deviceIndex), peers));
  }

  /**
   * Clears the entries, waits for accesses through them and then for the device's drain delay.
   *
   * @param listener hears of the end, after {@link #turnOver} or in it
   */
  void drop(AgentEffect.DropEntries drop, long nowNanos, ImitatedDrain.Listener listener) {
    Device device = devices.get(drop.deviceIndex());
    device.counters().invalidations.increment();
    ImitatedDrain drain = begin(device, drop.drainId(), nowNanos, listener);
    MirrorView view = view(drop.deviceIndex(), drop.spaceId());
    if (drop.discards()) {
      view.discard(Pages.number(drop.start()), Pages.number(drop.end()));
    }
    view.invalidate(
        Pages.number(drop.start()), Pages.number(drop.end()), () -> accessesEnded(drain));
  }

  /** Clears every table; the devices drain in parallel, the slowest one ends it. */
  void dropEverything(AgentEffect.DropEverything drop, long nowNanos, Runnable onDrained) {
    views.values().forEach(MirrorView::clear);
    AtomicInteger left = new AtomicInteger(devices.size());
    ImitatedDrain.Listener listener =
        drains -> {
          if (left.addAndGet(-drains.size()) == 0) {
            onDrained.run();
          }
        };
    for (Device device : devices) {
      ImitatedDrain drain = begin(device, drop.drainId(), nowNanos, listener);
      slots.get(device.index()).beginDrain(0, MirrorTable.VPN_LIMIT, () -> accessesEnded(drain));
    }
  }

  /** The turn is over: the delays begin of all drains that it began and nobody holds up. */
  void turnOver() {
    if (begun.isEmpty()) {
      return;
    }
    List<ImitatedDrain> free = begun.stream().filter(ImitatedDrain::oneCame).toList();
    begun.clear();
    if (!free.isEmpty()) {
      delays.begin(free);
    }
  }

  void serve(AgentEffect.ServePages serve) {
    view(serve.deviceIndex(), serve.spaceId()).serve(serve);
  }

  /** The space is gone, and its entries with it. */
  void forget(long spaceId) {
    views.keySet().removeIf(key -> key.spaceId() == spaceId);
  }

  private ImitatedDrain begin(
      Device device, long drainId, long nowNanos, ImitatedDrain.Listener listener) {
    ImitatedDrain drain = new ImitatedDrain(device, drainId, nowNanos, listener);
    begun.add(drain);
    return drain;
  }

  /** In the mailbox, or by the unit whose access was the last. */
  private void accessesEnded(ImitatedDrain drain) {
    if (drain.oneCame()) {
      delays.begin(List.of(drain));
    }
  }
}
