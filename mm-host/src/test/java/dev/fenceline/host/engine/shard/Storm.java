package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.turn.TurnPolicy;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.TreeMap;

/**
 * Devices that want one page and callers that invalidate it without a pause, around a real shard
 * engine, in simulated time. The network takes a while, and so does a unit until it wakes up: what
 * is invalidated before has collided. Confined to one test.
 */
final class Storm {
  private static final long NETWORK_NANOS = 40_000;
  private static final long WAKE_UP_NANOS = 20_000;
  private static final long USE_NANOS = 5_000;

  private record Event(long atNanos, long order, Runnable action) {}

  /** A device whose only unit reads the page over and over. */
  private final class Reader {
    final long session;
    final int mirror = 1;
    long uses;
    long installs;
    int collisions;
    int worst;
    long lastUseNanos;
    long longestWaitNanos;
    long faultId;
    long usesAtInstall;

    Reader(long session) {
      this.session = session;
    }

    void ask() {
      faultId = ++lastFault;
      long id = faultId;
      after(
          NETWORK_NANOS,
          () ->
              take(
                  () ->
                      shard.agent(
                          session,
                          new AgentMessage.FaultRequest(
                              id, mirror, ShardFixture.BASE, 1, Access.READ, collisions))));
    }

    void installed() {
      long install = ++installs;
      after(
          WAKE_UP_NANOS + USE_NANOS,
          () -> {
            if (install == installs) {
              uses++;
              longestWaitNanos = Math.max(longestWaitNanos, shard.now - lastUseNanos);
              lastUseNanos = shard.now;
              collisions = 0;
              installed(); // it reads on until it is told
            }
          });
    }

    void invalidated(long invalidationId) {
      boolean had = installs > 0;
      long before = uses;
      installs++;
      after(NETWORK_NANOS, () -> take(() -> shard.ack(session, 0, invalidationId)));
      if (had && faultId == 0) {
        collisions = before == usesAtInstall ? collisions + 1 : 0;
        worst = Math.max(worst, collisions);
        ask();
      }
    }
  }

  final ShardFixture shard;
  final List<Long> operationWaitsNanos = new ArrayList<>();
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(
          (a, b) ->
              a.atNanos != b.atNanos
                  ? Long.compare(a.atNanos, b.atNanos)
                  : Long.compare(a.order, b.order));
  private final List<Reader> readers = new ArrayList<>();
  private final long space;
  private long lastEvent;
  private long lastFault;
  private int seen;

  /** Operations that have not ended: when they were submitted, by request. */
  private final TreeMap<Long, Long> running = new TreeMap<>();

  Storm(TurnPolicy turns, int devices, int callers) {
    shard =
        new ShardFixture(
            16, ShardConfig.of(0, 1, ShardFixture.EPOCH, 1_000_000_000).withTurns(turns));
    space = shard.createSpace();
    shard.map(space, 0, 1, Protection.READ_WRITE);
    for (int i = 1; i <= devices; i++) {
      shard.open(i, "a" + i, 1);
      shard.mirror(i, 1, space, 0, 0, 1);
      readers.add(new Reader(i));
    }
    seen = shard.effects.size();
    readers.forEach(Reader::ask);
    for (int i = 0; i < callers; i++) {
      after(NETWORK_NANOS, this::invalidate);
    }
  }

  private void invalidate() {
    long began = shard.now;
    take(() -> running.put(shard.invalidate(space, 0, 1, WaitPolicy.BLOCK), began));
  }

  /** Lets so much time pass. */
  void run(long nanos) {
    long end = shard.now + nanos;
    while (shard.now < end) {
      long deadline = shard.engine.nextDeadlineNanos();
      Event next = events.peek();
      long at = Math.min(deadline, next == null ? Long.MAX_VALUE : next.atNanos);
      if (at > end) {
        return;
      }
      if (next == null || deadline < next.atNanos) {
        take(() -> shard.advance(Math.max(0, deadline - shard.now)));
      } else {
        events.remove();
        shard.now = Math.max(shard.now, next.atNanos);
        next.action.run();
      }
    }
  }

  private void after(long nanos, Runnable action) {
    events.add(new Event(shard.now + nanos, ++lastEvent, action));
  }

  /** Carries an input's effects to those whom they concern. */
  private void take(Runnable input) {
    input.run();
    while (seen < shard.effects.size()) {
      deliver(shard.effects.get(seen++));
    }
  }

  private void deliver(ShardEffect effect) {
    if (effect instanceof ShardEffect.Send send
        && send.message() instanceof HostMessage.FaultReply reply) {
      after(NETWORK_NANOS, () -> answered(reply));
    } else if (effect instanceof ShardEffect.Broadcast broadcast) {
      long id = broadcast.message().invalidationIds().getFirst();
      for (long session : broadcast.sessionIds()) {
        after(NETWORK_NANOS, () -> readers.get((int) session - 1).invalidated(id));
      }
    } else if (effect instanceof ShardEffect.OperationEnded ended) {
      ended(ended.requestId());
    }
  }

  private void answered(HostMessage.FaultReply reply) {
    for (Reader reader : readers) {
      if (reader.faultId == reply.faultId()) {
        reader.faultId = 0;
        reader.usesAtInstall = reader.uses;
        reader.installed();
      }
    }
  }

  private void ended(long request) {
    Long began = running.remove(request);
    if (began != null) {
      operationWaitsNanos.add(shard.now - began);
      after(1_000, this::invalidate); // at once again
    }
  }

  /** How often each device got to use the page. */
  List<Long> uses() {
    return readers.stream().map(reader -> reader.uses).toList();
  }

  long longestDeviceWaitNanos() {
    return readers.stream().mapToLong(reader -> reader.longestWaitNanos).max().orElse(0);
  }

  int worstCollisions() {
    return readers.stream().mapToInt(reader -> reader.worst).max().orElse(0);
  }

  long longestOperationNanos() {
    return operationWaitsNanos.stream().mapToLong(Long::longValue).max().orElse(0);
  }
}
