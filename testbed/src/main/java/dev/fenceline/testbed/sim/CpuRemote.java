package dev.fenceline.testbed.sim;

import dev.fenceline.concurrent.MirrorAccess;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaReply.Outcome;
import java.util.SplittableRandom;

/**
 * One access of a CPU to the memory of a coherent device: the device's agent is asked while the
 * CPU's announcement stands, but for so long only as a silent agent may hold up a drain; a write
 * waits on without it, since the agent announces and checks for itself. Confined to the event loop.
 */
final class CpuRemote {
  /** An agent that is silent for so long holds up no drain. */
  private static final long ANNOUNCED_NANOS = 4 * SimSettings.MILLI;

  private final SimWorld world;
  private final SimHost host;
  private final CpuUnit unit;
  private final DataOperation wanted;
  private final MirrorAccess table;
  private final Access access;
  private final SplittableRandom random;
  private boolean announced = true;
  private boolean over;

  CpuRemote(
      SimHost host,
      CpuUnit unit,
      DataOperation wanted,
      MirrorAccess table,
      Access access,
      SplittableRandom random) {
    this.world = unit.world();
    this.host = host;
    this.unit = unit;
    this.wanted = wanted;
    this.table = table;
    this.access = access;
    this.random = random;
  }

  /**
   * Asks once.
   *
   * @param place whose page it is, as the CPU's translations have it
   */
  void ask(int place, int[] generations) {
    SimPeers.PeerPage page = host.cpu().peers().page(place);
    int device = page.peer().device().deviceIndex();
    Dma dma =
        new Dma(
            host,
            wanted,
            wanted.request(world.nextId(), host.epoch(), device, generations),
            access.grantSequences(),
            new int[0],
            this::replied);
    wanted.attempt();
    world.network.requestPeer(dma, page);
    host.after(ANNOUNCED_NANOS, "device is silent", this::silent);
  }

  private void silent() {
    if (over) {
      return;
    }
    world.count(Sometimes.CPU_LET_GO);
    withdraw();
    if (!wanted.writes()) {
      over = true;
      again();
    }
  }

  private void withdraw() {
    if (announced) {
      announced = false;
      world.monitor.closed(access);
      table.close(unit.slot());
    }
  }

  /** A failure may come behind the answer, and an answer behind its failure. */
  private void replied(DmaReply reply) {
    if (over) {
      return;
    }
    over = true;
    host.after(random.nextInt(3_000), "cpu withdraws", () -> ended(reply));
  }

  private void ended(DmaReply reply) {
    withdraw();
    boolean lost = reply.message().equals(SimUnit.LOST);
    if (lost && (!wanted.writes() || world.broken(Breakage.DOUBTFUL_WRITE_REPEATED))) {
      again();
    } else if (lost) {
      world.count(Sometimes.CPU_WRITE_IN_DOUBT);
      unit.remoteLost(wanted);
    } else if (reply.outcome() == Outcome.DONE) {
      world.count(Sometimes.CPU_USED_DEVICE);
      wanted.take(reply.data(), reply.previous());
      unit.remoteDone(wanted);
    } else {
      world.count(Sometimes.CPU_STALE_AT_DEVICE);
      again();
    }
  }

  private void again() {
    wanted.refused();
    unit.remoteStale(wanted);
  }
}
