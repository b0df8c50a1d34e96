package dev.fenceline.coordinator.engine.event;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The newest events in a ring, numbered without holes. Not thread-safe: its owner serializes.
 *
 * <p>A reader keeps the number that it has read up to and nothing is kept for it here: however slow
 * readers are, the ring is all the memory that events take.
 */
public final class EventLog {
  private final @Nullable Event[] ring;
  private long newest;

  /**
   * @param capacity events kept
   */
  public EventLog(int capacity) {
    this.ring = new @Nullable Event[capacity];
  }

  /**
   * What a reader gets; immutable.
   *
   * @param lostFrom first of the events that were asked for and are gone; 0 if none are
   * @param lostTo last of them
   * @param position where to go on reading
   */
  public record Batch(List<Event> events, long lostFrom, long lostTo, long position) {
    public Batch {
      events = List.copyOf(events);
    }
  }

  public Event append(EventDraft what) {
    Event event = new Event(++newest, what);
    ring[slot(newest)] = event;
    return event;
  }

  /** Number of the newest event; 0 if there is none. */
  public long newestNumber() {
    return newest;
  }

  /** Number of the oldest event that is kept; 0 if there is none. */
  public long oldestNumber() {
    return newest == 0 ? 0 : Math.max(1, newest - ring.length + 1);
  }

  /** Wanted events behind the number, oldest first, at most so many. */
  public Batch after(long number, Predicate<Event> wanted, int limit) {
    long from = Math.clamp(number, 0, newest) + 1;
    long oldest = Math.max(1, oldestNumber());
    long lostFrom = from < oldest ? from : 0;
    long lostTo = from < oldest ? oldest - 1 : 0;
    List<Event> found = new ArrayList<>();
    long position = Math.max(from, oldest) - 1;
    while (position < newest && found.size() < limit) {
      Event event = at(++position);
      if (wanted.test(event)) {
        found.add(event);
      }
    }
    return new Batch(found, lostFrom, lostTo, position);
  }

  /** The newest wanted events, oldest first, at most so many. */
  public List<Event> newest(Predicate<Event> wanted, int limit) {
    List<Event> found = new ArrayList<>();
    for (long number = newest;
        number > 0 && number >= oldestNumber() && found.size() < limit;
        number--) {
      Event event = at(number);
      if (wanted.test(event)) {
        found.add(event);
      }
    }
    return found.reversed();
  }

  private Event at(long number) {
    Event event = ring[slot(number)];
    if (event == null || event.number() != number) {
      throw new IllegalStateException("event " + number + " is not in the ring");
    }
    return event;
  }

  private int slot(long number) {
    return (int) (number % ring.length);
  }
}
