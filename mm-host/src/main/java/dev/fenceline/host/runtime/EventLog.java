package dev.fenceline.host.runtime;

import dev.fenceline.host.runtime.HostEvent.Kind;
import dev.fenceline.model.DeviceId;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The last events of a host, in a ring; whoever reads slower than it turns is told how many it
 * lost. Thread-safe: the ring is guarded by its lock, under which nothing else is called.
 *
 * <p>Events are rare beside fences: none is recorded for an invalidation that goes well.
 */
public final class EventLog {
  /** Events that are kept. */
  public static final int CAPACITY = 4096;

  /** Events of which at least the kind is kept. */
  public static final int KINDS_CAPACITY = 1 << 16;

  /**
   * What a reader gets: events in their order, and how many before them are lost to it, in all and
   * by kind as far as that is kept.
   */
  public record Batch(
      long lost, List<HostEvent> events, long newestNumber, Map<Kind, Long> lostByKind) {
    /** Of which nothing is lost. */
    public Batch(List<HostEvent> events, long newestNumber) {
      this(0, events, newestNumber, Map.of());
    }
  }

  private final Object lock = new Object();

  // Guarded by the lock.
  private final @Nullable HostEvent[] ring = new @Nullable HostEvent[CAPACITY];
  private final byte[] kinds = new byte[KINDS_CAPACITY];
  private long newest;

  private final List<Runnable> watchers = new CopyOnWriteArrayList<>();
  private volatile boolean closed;

  /** An event that concerns nothing but the host. */
  public void record(Kind kind, String message) {
    record(kind, 0, 0, null, message);
  }

  /** An event that concerns an agent. */
  public void record(Kind kind, String agentId, String message) {
    record(kind, 0, 0, new DeviceId(agentId, 0), message);
  }

  public void record(
      Kind kind, long spaceId, long invalidationId, @Nullable DeviceId device, String message) {
    synchronized (lock) {
      HostEvent event =
          new HostEvent(
              ++newest, System.currentTimeMillis(), kind, spaceId, invalidationId, device, message);
      ring[(int) (newest % CAPACITY)] = event;
      kinds[(int) (newest % KINDS_CAPACITY)] = (byte) kind.ordinal();
    }
    watchers.forEach(Runnable::run);
  }

  /**
   * The events behind a number, oldest first.
   *
   * @param limit at most so many, at least 1
   */
  public Batch after(long number, int limit) {
    synchronized (lock) {
      long oldest = Math.max(1, newest - CAPACITY + 1);
      long from = Math.max(oldest, number + 1);
      List<HostEvent> events = new ArrayList<>();
      for (long next = from; next <= newest && events.size() < limit; next++) {
        HostEvent event = ring[(int) (next % CAPACITY)];
        if (event != null) {
          events.add(event);
        }
      }
      return new Batch(from - number - 1, events, newest, kindsBetween(number, from));
    }
  }

  /** How many events of each kind have numbers between the two; called under the lock. */
  private Map<Kind, Long> kindsBetween(long after, long before) {
    Map<Kind, Long> counts = new EnumMap<>(Kind.class);
    Kind[] known = Kind.values();
    for (long n = Math.max(after + 1, newest - KINDS_CAPACITY + 1); n < before; n++) {
      counts.merge(known[kinds[(int) (n % KINDS_CAPACITY)]], 1L, Long::sum);
    }
    return counts;
  }

  /** Number of the newest event; 0 if nothing has happened. */
  public long newestNumber() {
    synchronized (lock) {
      return newest;
    }
  }

  /** Calls the watcher after each event, and once the log is closed; it must not block. */
  public void watch(Runnable watcher) {
    watchers.add(watcher);
  }

  public void unwatch(Runnable watcher) {
    watchers.remove(watcher);
  }

  /** Watchers that are there. */
  public int watcherCount() {
    return watchers.size();
  }

  /** The host is about to stop: watchers end their streams. */
  public void close() {
    closed = true;
    watchers.forEach(Runnable::run);
  }

  public boolean closed() {
    return closed;
  }
}
