package dev.fenceline.testbed.sim;

import dev.fenceline.agent.engine.AgentEffect;
import dev.fenceline.agent.engine.memory.PagePool;
import dev.fenceline.concurrent.AccessSlots;
import dev.fenceline.concurrent.MirrorAccess;
import dev.fenceline.concurrent.MirrorEntry;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaReply.Outcome;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Pages;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * Serves the memory of one agent's devices to peers, as the agent's runtime does: announces in the
 * owner's own slots, looks the owner's entry up, and does the access while the announcement stands;
 * here each is a step of its own. Confined to the event loop.
 */
final class SimPeerDesk {
  private static final byte[] NOTHING = {};

  /** A page of a device's own memory. */
  private record Held(int deviceIndex, long spaceId, long vpn) {}

  /** Where it is. */
  private record Local(int page, int generation) {}

  private final SimWorld world;
  private final SimAgent agent;
  private final SplittableRandom random;

  /** What is held for other devices to fetch. */
  private final Map<Held, Local> served = new HashMap<>();

  SimPeerDesk(SimWorld world, SimAgent agent, SplittableRandom random) {
    this.world = world;
    this.agent = agent;
    this.random = random;
  }

  /** Pages whose accesses have drained are for other devices to fetch, or are so no more. */
  void serve(AgentEffect.ServePages serve) {
    for (int i = 0; i < serve.localPages().length; i++) {
      Held page = new Held(serve.deviceIndex(), serve.spaceId(), serve.vpn() + i);
      if (!serve.begins()) {
        served.remove(page);
      } else if (serve.localPages()[i] != PagePool.NONE) {
        served.put(page, new Local(serve.localPages()[i], serve.generations()[i]));
        SimSpace space = new SimSpace(agent.hostEpoch(), serve.spaceId());
        world.monitor.setsOut(agent, serve.deviceIndex(), space, page.vpn());
      }
    }
  }

  /** Whole pages for a migration of another device. */
  private void fetched(Dma dma, Consumer<DmaReply> reply) {
    DmaRequest request = dma.request();
    int[] generations = request.generations();
    int[] pages = new int[generations.length];
    long vpn = Pages.number(request.address());
    for (int i = 0; i < pages.length; i++) {
      Local page = served.get(new Held(request.deviceIndex(), request.spaceId(), vpn + i));
      if (page == null || page.generation() != generations[i]) {
        world.count(Sometimes.HELD_NO_MORE);
        reply.accept(refused(dma, Outcome.STALE_PAGE));
        return;
      }
      pages[i] = page.page();
    }
    world.count(Sometimes.PAGES_FETCHED_FROM_PEER);
    byte[] data = agent.memories().of(request.deviceIndex()).contents(pages);
    reply.accept(new DmaReply(request.requestId(), Outcome.DONE, data, 0, ""));
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
    if (dma.request().migrationId() != 0) {
      fetched(dma, reply);
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
        SimUnit.workNanos(random),
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
          operation.space(), operation.vpn() + i, dma.grantSequences()[i], dma.asker().name());
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
