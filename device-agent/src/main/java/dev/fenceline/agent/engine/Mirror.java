package dev.fenceline.agent.engine;

import dev.fenceline.model.AgentMessage;
import java.util.ArrayList;
import java.util.List;

/**
 * One device's subscription on an interval of one address space. Confined to its engine; outlives
 * sessions, each of which adds it anew.
 */
final class Mirror {
  /** Where a mirror stands. */
  enum State {
    /** Not (yet) confirmed by the host in this session. */
    OPENING,
    OPEN,
    /** To be removed; entries are gone, accesses drain. */
    CLOSING,
    /** The host was told; it may still send invalidations. */
    REMOVING
  }

  final int id;
  final DeviceSpace view;

  /** Addresses, half-open. */
  final long start;

  final long end;
  final List<Long> openTickets = new ArrayList<>();
  final List<Long> closeTickets = new ArrayList<>();
  State state = State.OPENING;
  long sequence;

  Mirror(int id, DeviceSpace view, long start, long end) {
    this.id = id;
    this.view = view;
    this.start = start;
    this.end = end;
  }

  boolean overlaps(long otherStart, long otherEnd) {
    return start < otherEnd && otherStart < end;
  }

  boolean covers(long address) {
    return start <= address && address < end;
  }

  boolean isUsable() {
    return state == State.OPENING || state == State.OPEN;
  }

  AgentMessage.AddMirror addMessage() {
    return new AgentMessage.AddMirror(id, view.spaceId(), view.deviceIndex(), start, end);
  }
}
