package dev.fenceline.testbed.sim;

import dev.fenceline.concurrent.AccessSlots;
import dev.fenceline.concurrent.MirrorAccess;
import dev.fenceline.concurrent.MirrorEntry;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaReply.Outcome;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * Serves the memory of one agent's devices to peers, as the agent's runtime does: announces in the
 * owner's own slots, looks the owner's entry up, and does the access while the announcement stands;
 * here each is a step of its own. Confined to the event loop.
 */
final class SimPeerDesk {
  private static final byte[] NOTHING = {};

  private final SimWorld world;
  private final SimAgent agent;
  private final SplittableRandom random;

  SimPeerDesk(SimWorld world, SimAgent agent, SplittableRandom random) {
    this.world = world;
    this.agent = agent;
    this.random = random;
  }

  /**
   * A peer's request.
   *
   * @param hint where the page was when the host named it to the peer; only a breakage looks at it
   */
  void access(Dma dma, int hint, Consumer<DmaReply> reply) {
    if (!agent.mayBegin(dma.request().hostEpoch())) {
      reply.accept(refused(dma, Outcome.STALE_SESSION));
      return;
    }
    SimDevice device = agent.devices().get(dma.request().deviceIndex());
    if (world.broken(Breakage.PEER_ACCESS_UNCHECKED)) {
      execute(dma, device, new int[] {hint}, reply);
      return;
    }
    MirrorAccess table = device.table(dma.request().spaceId());
    long vpn = dma.request().address() >>> 12;
    int slot = table.slots().announce(random.nextInt(8), vpn, dma.request().generations().length);
    if (slot == AccessSlots.NO_FREE_SLOT) {
      reply.accept(refused(dma, Outcome.STALE_PAGE));
      return;
    }
    agent.after(
        random.nextInt(2_000), "peer looks up", () -> lookUp(dma, device, table, slot, reply));
  }

  private void lookUp(
      Dma dma, SimDevice device, MirrorAccess table, int slot, Consumer<DmaReply> reply) {
    int[] generations = dma.request().generations();
    long vpn = dma.request().address() >>> 12;
    boolean writes = dma.request().operation().writes();
    long needed = writes ? MirrorEntry.WRITE : MirrorEntry.READ;
    int[] pages = new int[generations.length];
    long[] granted = new long[generations.length];
    SimSpace space = new SimSpace(dma.request().hostEpoch(), dma.request().spaceId());
    for (int i = 0; i < generations.length; i++) {
      long entry = table.table().get(vpn + i);
      boolean there = MirrorEntry.grants(entry, needed);
      if (!there
          || !SimDevice.isLocal(MirrorEntry.frame(entry))
          || MirrorEntry.generation(entry) != generations[i]) {
        table.close(slot);
        if (!there) {
          agent
              .faults()
              .aside(
                  device.index(),
                  space.id(),
                  vpn,
                  generations.length,
                  writes ? dev.fenceline.model.Access.WRITE : dev.fenceline.model.Access.READ);
        }
        reply.accept(refused(dma, Outcome.STALE_PAGE));
        return;
      }
      pages[i] = MirrorEntry.frame(entry) - 1;
      granted[i] =
          world.monitor.grantSequence(
              space, agent.sessionId(), device.index(), vpn + i, generations[i]);
    }
    Access access = new Access(agent, space, agent.sessionId(), device.index(), vpn, granted, true);
    world.monitor.opened(access);
    agent.after(
        random.nextInt(3_000),
        "peer works in place",
        () -> {
          boolean may = agent.mayAccess(space.hostEpoch(), access.sessionId());
          world.monitor.closed(access);
          if (may) {
            execute(dma, device, pages, reply);
          } else {
            reply.accept(refused(dma, Outcome.STALE_SESSION));
          }
          table.close(slot);
        });
  }

  private void execute(Dma dma, SimDevice device, int[] pages, Consumer<DmaReply> reply) {
    DataOperation operation = dma.operation();
    if (operation == null || !world.hasMemoryOf(dma.request().hostEpoch())) {
      reply.accept(refused(dma, Outcome.STALE_SESSION)); // nobody will ever see what it does
      return;
    }
    for (int i = 0; i < pages.length; i++) {
      world.monitor.accessedInPlace(
          operation.space(), operation.vpn() + i, dma.grantSequences()[i], dma.agent().name());
      world.exclusives.accessed(
          operation.space(),
          operation.vpn() + i,
          new dev.fenceline.model.DeviceId(agent.agentId(), device.index()));
    }
    operation.execute(agent.memories().of(device.index()), pages, false);
    world.count(Sometimes.PEER_USED);
    reply.accept(
        new DmaReply(
            dma.request().requestId(),
            Outcome.DONE,
            operation.replyBytes(),
            operation.previous(),
            ""));
  }

  private DmaReply refused(Dma dma, Outcome outcome) {
    if (outcome == Outcome.STALE_PAGE) {
      world.count(Sometimes.PEER_STALE);
    }
    return new DmaReply(dma.request().requestId(), outcome, NOTHING, 0, "");
  }
}
