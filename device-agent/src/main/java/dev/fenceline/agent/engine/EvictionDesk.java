package dev.fenceline.agent.engine;

import dev.fenceline.agent.engine.memory.DeviceMemories;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.LocalPages;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Brings pages home that a device's memory has no room for, or that must leave because the device
 * goes. Confined to its engine.
 */
final class EvictionDesk {
  /** Pages of one request. */
  static final int MAX_PAGES = 4_096;

  private record Eviction(int deviceIndex, List<Integer> localPages) {}

  /** Whose end somebody waits for; the request's id outlives sessions. */
  private record Closing(long ticket, int deviceIndex, long requestId) {}

  private final DeviceMemories memories;
  private final HeldPages held;
  private final Outbox outbox;
  private final LinkCounters counters;
  private final List<AgentEffect> effects;
  private final TreeMap<Long, Eviction> evictions = new TreeMap<>();
  private final List<Closing> closing = new ArrayList<>();
  private long lastRequestId;

  EvictionDesk(LinkParts parts, DeviceMemories memories, HeldPages held) {
    this.memories = memories;
    this.held = held;
    this.outbox = parts.outbox();
    this.counters = parts.counters();
    this.effects = parts.effects();
  }

  /** Asks for pages to be brought home; without a session they stay. */
  void evict(int deviceIndex, List<Integer> localPages, boolean attached) {
    List<Integer> its = localPages.stream().filter(page -> held.holds(deviceIndex, page)).toList();
    List<LocalPages> candidates = held.runsOf(deviceIndex, its);
    if (its.isEmpty() || !attached) {
      its.forEach(page -> memories.use(deviceIndex, page));
      return;
    }
    lastRequestId++;
    evictions.put(lastRequestId, new Eviction(deviceIndex, its));
    counters.add(LinkCounter.EVICTIONS, its.size());
    outbox.add(new AgentMessage.EvictRequest(lastRequestId, its.size(), candidates));
  }

  /** What could not leave is in use as before; false if nothing was asked for. */
  boolean evicted(long requestId) {
    Eviction eviction = evictions.remove(requestId);
    if (eviction == null) {
      return false;
    }
    stay(eviction);
    return true;
  }

  private void stay(Eviction eviction) {
    for (int page : eviction.localPages()) {
      if (held.holds(eviction.deviceIndex(), page)) {
        memories.use(eviction.deviceIndex(), page);
      }
    }
  }

  /** The device goes: everything of it comes home, then the ticket is answered. */
  void close(long ticket, int deviceIndex, boolean attached) {
    if (!attached && held.size(deviceIndex) == 0) {
      effects.add(new AgentEffect.MemoryClosed(ticket, 0));
      return;
    }
    lastRequestId++;
    closing.add(new Closing(ticket, deviceIndex, lastRequestId));
    if (attached) {
      outbox.add(new AgentMessage.CloseDevice(deviceIndex, lastRequestId));
    }
  }

  /** The device is back, and who waited for its end does not any more; a new session opens it. */
  void open(int deviceIndex, boolean attached) {
    answer(each -> each.deviceIndex() == deviceIndex, held.size(deviceIndex));
    if (attached) {
      outbox.add(AgentMessage.CloseDevice.returned(deviceIndex));
    }
  }

  /** False if nobody waited for it; the end of an earlier drain is not that of a later one. */
  boolean closed(HostMessage.DeviceClosed closed) {
    boolean named = closed.requestId() != 0; // older hosts do not
    return answer(
        each ->
            each.deviceIndex() == closed.deviceIndex()
                && (!named || each.requestId() == closed.requestId()),
        closed.remainingPages());
  }

  private boolean answer(Predicate<Closing> which, int remainingPages) {
    List<Closing> answered = closing.stream().filter(which).toList();
    closing.removeAll(answered);
    for (Closing each : answered) {
      effects.add(new AgentEffect.MemoryClosed(each.ticket(), remainingPages));
    }
    return !answered.isEmpty();
  }

  /** A new session knows of no wish of the one before. */
  void sessionOpened() {
    for (Closing each : closing) {
      outbox.add(new AgentMessage.CloseDevice(each.deviceIndex(), each.requestId()));
    }
  }

  void sessionEnded() {
    evictions.values().forEach(this::stay);
    evictions.clear();
  }

  /** The link is stopped: nobody brings anything home any more. */
  void refuseAll() {
    for (Closing each : closing) {
      effects.add(new AgentEffect.MemoryClosed(each.ticket(), held.size(each.deviceIndex())));
    }
    closing.clear();
  }
}
