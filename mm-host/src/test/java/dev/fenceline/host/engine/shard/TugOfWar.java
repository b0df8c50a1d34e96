package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.thrash.ThrashPolicy;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.MigrationRun;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Protection;
import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Two devices that want one page in their memory and a CPU that wants it in a frame, all without a
 * pause, around a real shard engine in simulated time. Confined to one test.
 */
final class TugOfWar {
  private static final long NETWORK_NANOS = 40_000;
  private static final long COPY_NANOS = 20_000;
  private static final long USE_NANOS = 2_000;
  private static final long WISH_NANOS = 300_000;
  private static final int LOCAL_PAGES = 64;

  private record Event(long atNanos, long order, Runnable action) {}

  /** One party: how often it used the page, and how long it had to wait for that. */
  private class Party {
    long uses;
    long lastUseNanos;
    long longestWaitNanos;

    void used() {
      uses++;
      longestWaitNanos = Math.max(longestWaitNanos, shard.now - lastUseNanos);
      lastUseNanos = shard.now;
    }
  }

  /** A device with one unit that uses the page over and over as long as it has a translation. */
  private final class Device extends Party {
    final long session;
    int local;
    long faultId;
    long installs;
    long lastWishNanos;

    Device(long session) {
      this.session = session;
    }

    void ask() {
      faultId = ++lastFault;
      AgentMessage fault =
          new AgentMessage.FaultRequest(faultId, 1, ShardFixture.BASE, 1, Access.WRITE, 0);
      after(NETWORK_NANOS, () -> take(() -> shard.agent(session, fault)));
    }

    /** The page is local, or with the host: then it is wished for. */
    void installed(boolean local) {
      long install = ++installs;
      if (!local) {
        wish();
      }
      after(USE_NANOS, () -> use(install, local));
    }

    private void wish() {
      lastWishNanos = shard.now;
      AgentMessage wish = new AgentMessage.MigrateRequest(++lastFault, 1, ShardFixture.BASE, 1);
      after(NETWORK_NANOS, () -> take(() -> shard.agent(session, wish)));
    }

    private void use(long install, boolean local) {
      if (install == installs) {
        used();
        if (!local && shard.now - lastWishNanos > WISH_NANOS) {
          wish();
        }
        long again = local ? USE_NANOS : 2 * NETWORK_NANOS;
        after(again, () -> use(install, local));
      }
    }

    void gone() {
      installs++;
      ask();
    }
  }

  final ShardFixture shard;
  final List<Party> parties = new ArrayList<>();
  private final List<Device> devices = new ArrayList<>();
  private final Party cpu = new Party();
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(
          (a, b) ->
              a.atNanos != b.atNanos
                  ? Long.compare(a.atNanos, b.atNanos)
                  : Long.compare(a.order, b.order));
  private final long space;
  private long lastEvent;
  private long lastFault = 1_000;
  private long cpuRequest;
  private boolean cpuHas;
  private int seen;

  TugOfWar(ThrashPolicy policy) {
    shard =
        new ShardFixture(
            64, ShardConfig.of(0, 1, ShardFixture.EPOCH, 1_000_000_000).withThrash(policy));
    space = shard.createSpace();
    shard.map(space, 0, 1, Protection.READ_WRITE);
    for (int i = 1; i <= 2; i++) {
      Device device = new Device(i);
      new FakeMemory(shard, "a" + i, LOCAL_PAGES, "").attach(i);
      shard.mirror(i, 1, space, 0, 0, 1);
      devices.add(device);
      parties.add(device);
    }
    parties.add(cpu);
    seen = shard.effects.size();
    devices.forEach(Device::ask);
    cpuFault();
  }

  private void cpuFault() {
    cpuHas = false;
    cpuRequest = ++lastFault;
    ShardInput fault =
        new ShardInput.CpuFault(cpuRequest, space, ShardFixture.BASE, 1, Access.WRITE);
    after(1_000, () -> take(() -> shard.input(fault)));
  }

  private void cpuUses(long request) {
    if (cpuHas && request == cpuRequest) {
      cpu.used();
      after(USE_NANOS, () -> cpuUses(request));
    }
  }

  /** Lets so much time pass. */
  void run(long nanos) {
    long end = shard.now + nanos;
    while (shard.now < end) {
      long deadline = shard.engine.nextDeadlineNanos();
      Event next = events.peek();
      if (Math.min(deadline, next == null ? Long.MAX_VALUE : next.atNanos) > end) {
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
    switch (effect) {
      case ShardEffect.Send send -> after(NETWORK_NANOS, () -> heard(send));
      case ShardEffect.Broadcast broadcast -> {
        long id = broadcast.message().invalidationIds().getFirst();
        for (long session : broadcast.sessionIds()) {
          after(NETWORK_NANOS, () -> invalidated(session, id));
        }
      }
      case ShardEffect.DropCpuEntries drop -> {
        cpuHas = false;
        after(
            1_000, () -> take(() -> shard.input(new ShardInput.CpuDrained(drop.invalidationId()))));
        cpuFault();
      }
      case ShardEffect.CpuFaultEnded ended -> {
        if (ended.requestId() == cpuRequest && ended.errno() == null) {
          cpuHas = true;
          after(USE_NANOS, () -> cpuUses(ended.requestId()));
        }
      }
      default -> {}
    }
  }

  private void invalidated(long session, long id) {
    after(NETWORK_NANOS, () -> take(() -> shard.ack(session, 0, id)));
    Device device = devices.get((int) session - 1);
    if (device.faultId == 0) {
      device.gone();
    }
  }

  private void heard(ShardEffect.Send send) {
    Device device = devices.get((int) send.sessionId() - 1);
    switch (send.message()) {
      case HostMessage.FaultReply reply -> {
        if (reply.faultId() == device.faultId) {
          device.faultId = 0;
          boolean local =
              !reply.runs().isEmpty()
                  && reply.runs().getFirst().state() == PageRun.State.DEVICE_LOCAL;
          device.installed(local);
        }
      }
      case HostMessage.MigrateIn in -> {
        device.local = (device.local + 1) % LOCAL_PAGES;
        report(device, in.migrationId(), device.local);
      }
      case HostMessage.MigrateOut out -> {
        device.installs++; // its own entries go before the bytes do
        report(device, out.migrationId(), 0);
      }
      case HostMessage.MigrationCommit commit -> {
        if (device.faultId == 0) {
          device.gone(); // what it has now, a fault tells
        }
      }
      default -> {}
    }
  }

  /** The bytes of the one page are where they should be. */
  private void report(Device device, long migration, int local) {
    AgentMessage report =
        new AgentMessage.MigrationReport(
            migration, List.of(new MigrationRun.Report(1, MigrationRun.Outcome.DONE, local)));
    after(COPY_NANOS + NETWORK_NANOS, () -> take(() -> shard.agent(device.session, report)));
  }

  long leastUses() {
    return parties.stream().mapToLong(party -> party.uses).min().orElse(0);
  }

  List<Long> uses() {
    return parties.stream().map(party -> party.uses).toList();
  }

  List<Long> longestWaitsMicros() {
    return parties.stream()
        .map(party -> Math.max(party.longestWaitNanos, shard.now - party.lastUseNanos) / 1_000)
        .toList();
  }

  /** How often a page moved, was waited for, was pinned. */
  long count(ShardEffect.Thrashes.Step step) {
    return shard.all(ShardEffect.Thrashes.class).stream()
        .filter(thrashes -> thrashes.step() == step)
        .count();
  }

  long migrations() {
    return shard.sent(HostMessage.MigrationCommit.class).size();
  }
}
