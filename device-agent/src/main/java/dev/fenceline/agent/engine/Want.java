package dev.fenceline.agent.engine;

import dev.fenceline.model.Access;
import java.util.ArrayList;
import java.util.List;

/**
 * Pages that somebody waits for, from one first page on: all tickets of that first page together.
 * Confined to its engine.
 */
final class Want {
  /** One who waits. Confined to the engine. */
  static final class Ticket {
    final long id;
    final DeviceSpace view;
    final long vpn;
    final Access access;

    /** Answered or abandoned: nobody waits any more. */
    boolean over;

    Ticket(long id, DeviceSpace view, long vpn, Access access) {
      this.id = id;
      this.view = view;
      this.vpn = vpn;
      this.access = access;
    }
  }

  final DeviceSpace view;
  final long vpn;
  final List<Ticket> tickets = new ArrayList<>();
  int pageCount;

  /** The strongest that a ticket asks for. */
  Access access;

  int attempts;

  /** Of these, how often the answer came too late to be used. */
  int collisions;

  /** Not to be asked for earlier than this. */
  long notBeforeNanos = Long.MIN_VALUE;

  Want(DeviceSpace view, long vpn, int pageCount, Access access) {
    this.view = view;
    this.vpn = vpn;
    this.pageCount = pageCount;
    this.access = access;
  }

  long end() {
    return vpn + pageCount;
  }

  /** Takes over what another one of the same first page waits for. */
  void absorb(Want other) {
    pageCount = Math.max(pageCount, other.pageCount);
    if (!access.covers(other.access)) {
      access = other.access;
    }
    tickets.addAll(other.tickets);
    attempts = Math.max(attempts, other.attempts);
    collisions = Math.max(collisions, other.collisions);
    notBeforeNanos = Math.min(notBeforeNanos, other.notBeforeNanos);
  }

  /** Drops the tickets that are over; true if none is left. */
  boolean isDesertedNow() {
    tickets.removeIf(ticket -> ticket.over);
    return tickets.isEmpty();
  }
}
