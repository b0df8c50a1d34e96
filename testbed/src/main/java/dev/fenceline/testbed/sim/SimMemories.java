package dev.fenceline.testbed.sim;

import dev.fenceline.agent.engine.AgentEffect;
import dev.fenceline.agent.engine.AgentInput;
import dev.fenceline.agent.engine.memory.DeviceMemories;
import dev.fenceline.agent.engine.memory.PageCopy;
import dev.fenceline.agent.engine.memory.PagePool;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.MigrationRun;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Peer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;

/**
 * The memory of an agent's devices, and the copies between it and the host. Confined to the event
 * loop.
 */
final class SimMemories implements DeviceMemories {
  private static final int KEEPER = 0;

  private final SimWorld world;
  private final SimAgent agent;
  private final SplittableRandom random;
  private final List<SimMemory> memories = new ArrayList<>();
  private final Set<Long> copying = new TreeSet<>();
  private boolean closed;

  SimMemories(SimWorld world, SimAgent agent, int devices, int pages, SplittableRandom random) {
    this.world = world;
    this.agent = agent;
    this.random = random;
    for (int i = 0; i < devices; i++) {
      memories.add(new SimMemory(pages));
    }
  }

  SimMemory of(int deviceIndex) {
    return memories.get(deviceIndex);
  }

  /** The devices go: nothing is allocated any more. */
  void close() {
    closed = true;
  }

  @Override
  public boolean takesPages(int deviceIndex) {
    return !closed && of(deviceIndex).pool.pages() > 0;
  }

  @Override
  public int allocate(int deviceIndex) {
    boolean ordered = world.faulty && random.nextInt(20) == 0;
    return closed || ordered ? PagePool.NONE : of(deviceIndex).pool.allocate(KEEPER);
  }

  @Override
  public int allocateBlock(int deviceIndex) {
    boolean ordered = world.faulty && random.nextInt(4) == 0;
    int block = closed || ordered ? PagePool.NONE : of(deviceIndex).pool.allocateBlock(KEEPER);
    if (block != PagePool.NONE) {
      world.count(Sometimes.LARGE_PAGE_IN_DEVICE);
    }
    return block;
  }

  @Override
  public void use(int deviceIndex, int localPage) {
    of(deviceIndex).pool.use(localPage);
  }

  @Override
  public void free(int deviceIndex, int localPage) {
    of(deviceIndex).pool.free(localPage);
  }

  /** Whether everything that was committed was mapped. */
  void mapped(AgentInput input, List<AgentEffect> effects) {
    if (!(input instanceof AgentInput.Received received)) {
      return;
    }
    int committed = 0;
    for (HostMessage message : received.batch().messages()) {
      if (message instanceof HostMessage.MigrationCommit commit) {
        for (MigrationRun.Commit run : commit.runs()) {
          committed += run.accepted() && run.generation() != 0 ? run.pageCount() : 0;
        }
      }
    }
    for (AgentEffect effect : effects) {
      if (effect instanceof AgentEffect.InstallEntries install) {
        for (PageRun run : install.runs()) {
          committed -= run.state() == PageRun.State.DEVICE_LOCAL ? run.pageCount() : 0;
        }
      }
    }
    if (committed > 0) {
      world.count(Sometimes.COMMITTED_NOT_MAPPED);
    }
  }

  /** INV-8, at rest: every page that is not held is free. */
  void requireOnlyHeld(int heldPages) {
    int unused = 0;
    int pages = 0;
    for (SimMemory memory : memories) {
      unused += memory.pool.count(PagePool.State.UNUSED);
      pages += memory.pool.pages();
    }
    if (unused + heldPages != pages) {
      throw new InvariantViolation(
          "INV-8",
          "%s: %d of %d local pages are unused, and %d are held"
              .formatted(agent.name(), unused, pages, heldPages));
    }
  }

  /** Pages found no room: others should go. */
  void makeRoom(int deviceIndex, int missing) {
    List<Integer> victims = of(deviceIndex).pool.victims(missing, page -> random.nextBoolean());
    if (!victims.isEmpty()) {
      world.count(Sometimes.EVICTION_ASKED_FOR);
      agent.after(
          random.nextInt(50_000),
          "room is made",
          () -> agent.step(new AgentInput.EvictPages(deviceIndex, victims)));
    }
  }

  /** Moves whole pages by DMA; however it ends, the engine hears of it once. */
  void copy(long copyId, PageCopy copy) {
    copying.add(copyId);
    int length = copy.pageCount() * Pages.SIZE_BYTES;
    if (!copy.fromHost()) {
      SimSpace space = new SimSpace(agent.hostEpoch(), copy.spaceId());
      for (int i = 0; i < copy.pageCount(); i++) {
        world.monitor.setsOut(agent, copy.deviceIndex(), space, copy.vpn() + i);
      }
    }
    byte[] data =
        copy.fromHost() ? new byte[0] : of(copy.deviceIndex()).contents(copy.localPages());
    if (!copy.fromHost() && world.broken(Breakage.DIRTY_DATA_DROPPED_ON_EVICT)) {
      data = new byte[length];
    }
    Peer peer = copy.peer();
    DmaRequest request =
        new DmaRequest(
            world.nextId(),
            agent.hostEpoch(),
            agent.sessionId(),
            copy.spaceId(),
            peer == null ? copy.deviceIndex() : peer.device().deviceIndex(),
            Pages.address(copy.vpn()),
            length,
            copy.fromHost() ? DmaRequest.Operation.READ : DmaRequest.Operation.WRITE,
            copy.generations(),
            data,
            0,
            0,
            copy.migrationId());
    Dma dma =
        new Dma(
            agent, null, request, new long[0], new int[0], reply -> replied(copyId, copy, reply));
    if (peer == null) {
      world.network.request(dma);
    } else {
      world.network.requestPeer(dma, new SimPeers.PeerPage(peer, PagePool.NONE));
    }
  }

  /** A failure may come behind the answer, and an answer behind its failure. */
  private void replied(long copyId, PageCopy copy, DmaReply reply) {
    if (!copying.remove(copyId)) {
      return;
    }
    boolean done =
        reply.outcome() == DmaReply.Outcome.DONE && !reply.message().equals(SimUnit.LOST);
    if (done && copy.fromHost()) {
      of(copy.deviceIndex()).fill(copy.localPages(), reply.data());
    }
    if (done) {
      world.count(copy.fromHost() ? Sometimes.PAGES_FETCHED : Sometimes.PAGES_PUSHED_HOME);
    }
    agent.step(new AgentInput.PagesCopied(copyId, done));
  }
}
