package dev.fenceline.agent.engine;

import dev.fenceline.model.Access;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.Pages;
import java.util.List;

/**
 * What can happen to a {@link HostLinkEngine}; immutable. Tickets are chosen by whoever asks and
 * come back in the answer.
 */
public sealed interface AgentInput {
  /** May dial from now on; after a Stop that has ended, again. */
  record Start() implements AgentInput {}

  /** Time has passed, perhaps beyond {@link HostLinkEngine#nextDeadlineNanos}. */
  record Tick() implements AgentInput {}

  /**
   * The stream takes a batch now: everything that waits to be said is sent at once. Comes at the
   * end of a turn if the stream is ready, or when it becomes ready; until then messages gather.
   */
  record Flush() implements AgentInput {}

  /** The stream of this attempt can carry messages. */
  record StreamOpened(long attempt) implements AgentInput {}

  /** The stream of this attempt broke, ended, or could not be opened. */
  record StreamEnded(long attempt, String reason) implements AgentInput {}

  /** A batch arrived on the stream of this attempt. */
  record Received(long attempt, HostMessage.Batch batch) implements AgentInput {}

  /**
   * What drop effects asked for has been done: entries gone, accesses in flight drained. Drains
   * that end together come together, so that what they owe leaves in one batch.
   */
  record Drained(List<Long> drainIds) implements AgentInput {
    public Drained {
      drainIds = List.copyOf(drainIds);
    }

    public Drained(long drainId) {
      this(List.of(drainId));
    }
  }

  /**
   * Subscribes a device to the half-open interval.
   *
   * @param onlyIfNone if the device has a mirror on the space already, that one is the answer
   */
  record OpenMirror(
      long ticket, long spaceId, int deviceIndex, long start, long end, boolean onlyIfNone)
      implements AgentInput {}

  /** Ends a mirror; answered when the host has confirmed that no invalidation follows. */
  record CloseMirror(long ticket, int mirrorId) implements AgentInput {}

  /**
   * An execution unit needs translations of {@code pageCount} pages (1 to 512) from vpn on.
   *
   * @param collisions how often in a row they came and were gone before it could use them
   */
  record FaultWanted(
      long ticket,
      long spaceId,
      int deviceIndex,
      long vpn,
      int pageCount,
      Access access,
      int collisions)
      implements AgentInput {
    public FaultWanted(
        long ticket, long spaceId, int deviceIndex, long vpn, int pageCount, Access access) {
      this(ticket, spaceId, deviceIndex, vpn, pageCount, access, 0);
    }
  }

  /**
   * Somebody else's access to a device's memory found no translation: the device gets one, through
   * a mirror of the whole space if it has none there.
   */
  record FaultAside(FaultWanted wanted) implements AgentInput {
    OpenMirror mirror() {
      return new OpenMirror(
          wanted.ticket(), wanted.spaceId(), wanted.deviceIndex(), 0, Pages.ADDRESS_LIMIT, false);
    }
  }

  /** Ends all mirrors of a device; answered once, when the last one is closed. */
  record CloseDevice(long ticket, int deviceIndex) implements AgentInput {}

  /** Nobody waits for this fault any more; it is not answered. */
  record FaultAbandoned(long ticket) implements AgentInput {}

  /** The host refused an access because this generation of the page is not current any more. */
  record EntryStale(long spaceId, int deviceIndex, long vpn, int generation)
      implements AgentInput {}

  /** What concerns device memory. */
  sealed interface OfMemory extends AgentInput {}

  /** A copy effect is over; {@code done} if every byte of it is where it should be. */
  record PagesCopied(long copyId, boolean done) implements OfMemory {}

  /** These pages of a device's memory should go home, best first: room is needed. */
  record EvictPages(int deviceIndex, List<Integer> localPages) implements OfMemory {
    public EvictPages {
      localPages = List.copyOf(localPages);
    }
  }

  /** Bring everything home that a device holds; answered when that is so, or cannot be. */
  record CloseMemory(long ticket, int deviceIndex) implements OfMemory {}

  /** The device takes pages again. */
  record OpenMemory(int deviceIndex) implements OfMemory {}

  /** Leave the host in good order and do not dial again until the next Start. */
  record Stop() implements AgentInput {}
}
