package dev.fenceline.testbed.sim;

import dev.fenceline.agent.engine.AgentInput;
import dev.fenceline.agent.engine.FaultOutcome;
import dev.fenceline.concurrent.MirrorAccess;
import dev.fenceline.concurrent.MirrorEntry;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.Errno;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * One execution unit of a device: checks the lease, announces, looks up, moves bytes by DMA,
 * withdraws, each a step of its own; faults on a miss. Confined to the event loop.
 */
final class SimUnit implements FaultWaiter {
  /** The message of a reply that never came. */
  static final String LOST = "the transfer link broke";

  private static final int MAX_TRIES = 200;

  private final SimWorld world;
  private final SimAgent agent;
  private final SimDevice device;
  private final int slot;
  private final SplittableRandom random;
  private final int actor;
  private @Nullable DataOperation operation;
  private long ticket;
  private @Nullable Access inFlight;
  private int tries;

  /** The furthest page that the operation faulted for, and how often it lost one up to there. */
  private long furthestFaultVpn = -1;

  private int collisions;

  /** The fault under way only asks what is there. */
  private boolean asksOnly;

  private long served;
  private int[] generations = new int[0];

  SimUnit(SimWorld world, SimAgent agent, SimDevice device, int slot, SplittableRandom random) {
    this.world = world;
    this.agent = agent;
    this.device = device;
    this.slot = slot;
    this.random = random;
    this.actor = 1 + agent.index() * 64 + device.index() * 8 + slot;
  }

  void start() {
    agent.after(random.nextInt(3_000_000), "unit begins", this::begin);
  }

  boolean idle() {
    return operation == null;
  }

  long served() {
    return served;
  }

  @Nullable DataOperation operation() {
    return operation;
  }

  /** Its process died: what it had on the way may still happen. */
  void died() {
    if (operation != null) {
      operation.abandon();
    }
  }

  private void begin() {
    SimSpace space = agent.mirrors().any(device.index(), random);
    if (space == null || !world.working) {
      pause();
      return;
    }
    DataOperation next = DataOperation.drawForDevice(world, space, actor, random);
    if (!next.hasSpace()) {
      pause();
      return;
    }
    operation = next;
    tries = 0;
    furthestFaultVpn = -1;
    collisions = 0;
    if (random.nextInt(30) == 0) {
      asksOnly = true;
      fault(next, 0);
    } else {
      check(next);
    }
  }

  private void pause() {
    agent.after(150_000 + random.nextInt(1_700_000), "unit rests", this::begin);
  }

  /** The soft check: nothing begins without a lease, nor through another host's translations. */
  private void check(DataOperation wanted) {
    if (++tries > MAX_TRIES || agent.hostEpoch() > wanted.space().hostEpoch()) {
      giveUp(wanted);
    } else if (!agent.mayBegin(wanted.space().hostEpoch())) {
      agent.after(300_000 + random.nextInt(700_000), "unit waits", () -> check(wanted));
    } else {
      MirrorAccess table = device.table(wanted.space().id());
      table.slots().announceAt(slot, wanted.vpn(), wanted.pages());
      long session = agent.sessionId();
      agent.after(random.nextInt(3_000), "unit looks up", () -> lookUp(wanted, table, session));
    }
  }

  private void lookUp(DataOperation wanted, MirrorAccess table, long session) {
    int pages = wanted.pages();
    int[] found = new int[pages];
    int[] places = new int[pages];
    long[] granted = new long[pages];
    long needed = neededFor(wanted);
    for (int i = 0; i < pages; i++) {
      long entry = table.table().get(wanted.vpn() + i);
      if (!MirrorEntry.grants(entry, needed)) {
        table.close(slot);
        fault(wanted, i);
        return;
      }
      found[i] = MirrorEntry.generation(entry);
      places[i] = MirrorEntry.frame(entry);
      granted[i] =
          world.monitor.grantSequence(
              wanted.space(), session, device.index(), wanted.vpn() + i, found[i]);
    }
    boolean local = SimDevice.isLocal(places[0]);
    if (!alike(places[0], places[pages - 1])) {
      table.close(slot);
      giveUp(wanted); // a real unit does such an access in two parts
      return;
    }
    if (device.busyWithUpdate(this, wanted)) {
      table.close(slot);
      agent.after(20_000 + random.nextInt(80_000), "unit waits", () -> check(wanted));
      return;
    }
    generations = found;
    Access access =
        new Access(agent, wanted.space(), session, device.index(), wanted.vpn(), granted, local);
    world.monitor.opened(access);
    inFlight = access;
    if (local) {
      agent.after(
          workNanos(random), "unit works in place", () -> inPlace(wanted, table, access, places));
      return;
    }
    if (world.faulty && agent.frozenBetweenCheckAndDma(random)) {
      world.count(Sometimes.FROZEN_BETWEEN_CHECK_AND_DMA);
    }
    send(wanted, table, access, places[0]);
  }

  /** How long an access in place takes: mostly little, seldom so long that a drain waits for it. */
  static long workNanos(SplittableRandom random) {
    int drawn = random.nextInt(3_000);
    return drawn < 400 ? drawn * 5_000L : drawn;
  }

  private static boolean alike(int place, int other) {
    return place == other || (SimDevice.isLocal(place) && SimDevice.isLocal(other));
  }

  private static long neededFor(DataOperation wanted) {
    if (wanted.exclusive()) {
      return MirrorEntry.EXCLUSIVE;
    }
    return wanted.writes() ? MirrorEntry.WRITE : MirrorEntry.READ;
  }

  /** Whether nobody else of the device may begin that one now. */
  boolean excludes(DataOperation other) {
    DataOperation own = operation;
    Access access = inFlight;
    return own != null
        && access != null
        && (own.updates() || other.updates())
        && own.space().equals(other.space())
        && own.vpn() < other.vpn() + other.pages()
        && other.vpn() < own.vpn() + own.pages();
  }

  /** Bytes in the host's frames, or in the memory of a peer. */
  private void send(DataOperation wanted, MirrorAccess table, Access access, int place) {
    SimPeers.@Nullable PeerPage peer = SimPeers.isPeer(place) ? agent.peers().page(place) : null;
    int deviceIndex = peer == null ? device.index() : peer.peer().device().deviceIndex();
    Dma dma =
        new Dma(
            agent,
            wanted,
            wanted.request(world.nextId(), access.sessionId(), deviceIndex, generations),
            access.grantSequences(),
            staleFrames(wanted),
            reply -> replied(wanted, table, access, place, reply));
    agent.after(
        random.nextInt(3_000),
        "unit sends",
        () -> {
          if (operation != wanted || !access.equals(inFlight)) {
            return;
          }
          wanted.attempt();
          if (peer == null) {
            world.network.request(dma);
          } else {
            world.network.requestPeer(dma, peer);
          }
        });
  }

  /** The page is in the device's own memory, and stays there while the announcement stands. */
  private void inPlace(DataOperation wanted, MirrorAccess table, Access access, int[] places) {
    if (operation != wanted) {
      return;
    }
    inFlight = null;
    if (!world.hasMemoryOf(wanted.space().hostEpoch())) {
      world.monitor.closed(access);
      table.close(slot);
      giveUp(wanted); // the lease runs on, but nobody will ever see what it does
      return;
    }
    boolean may = agent.mayAccess(wanted.space().hostEpoch(), access.sessionId());
    if (may) {
      int[] pages = new int[places.length];
      for (int i = 0; i < pages.length; i++) {
        pages[i] = places[i] - 1;
        world.monitor.accessedInPlace(
            wanted.space(), wanted.vpn() + i, access.grantSequences()[i], agent.name());
      }
      wanted.attempt();
      wanted.execute(agent.memories().of(device.index()), pages, false);
      world.count(Sometimes.USED_IN_PLACE);
    }
    world.monitor.closed(access);
    table.close(slot);
    if (may) {
      wanted.answered();
      served++;
      done();
    } else {
      check(wanted);
    }
  }

  /** What hardware with a TLB of frames would go to. */
  private int[] staleFrames(DataOperation wanted) {
    SimHost host = world.host;
    boolean used =
        world.broken(Breakage.STALE_DMA_ACCEPTED) || world.broken(Breakage.NO_SELF_FENCE);
    if (!used || host == null) {
      return new int[0];
    }
    int[] frames = new int[wanted.pages()];
    for (int i = 0; i < frames.length; i++) {
      frames[i] = host.frameOf(wanted.space(), wanted.vpn() + i);
      if (frames[i] < 1) {
        return new int[0];
      }
    }
    return frames;
  }

  private void replied(
      DataOperation wanted, MirrorAccess table, Access access, int place, DmaReply reply) {
    if (operation != wanted || !access.equals(inFlight)) {
      return; // a reply behind its failure, or a failure behind its reply
    }
    boolean lost = reply.message().equals(LOST);
    if (!lost && reply.outcome() == DmaReply.Outcome.DONE && wanted.updates()) {
      boolean wrote = wanted.hasToWrite();
      wanted.take(reply.data(), reply.previous());
      if (!wrote) {
        send(wanted, table, access, SimDevice.WITH_THE_HOST);
        return;
      }
      world.count(Sometimes.EXCLUSIVE_UPDATED);
    }
    inFlight = null;
    long drain = random.nextInt(10) == 0 ? random.nextInt(3_000_000) : random.nextInt(20_000);
    agent.after(
        drain,
        "unit withdraws",
        () -> {
          world.monitor.closed(access);
          table.close(slot);
          if (lost) {
            if (place != SimDevice.WITH_THE_HOST) {
              world.count(Sometimes.PEER_LOST);
            }
            giveUp(wanted);
          } else {
            finished(wanted, reply);
          }
        });
  }

  private void finished(DataOperation wanted, DmaReply reply) {
    switch (reply.outcome()) {
      case DONE -> {
        wanted.take(reply.data(), reply.previous());
        wanted.answered();
        served++;
        done();
      }
      case STALE_PAGE -> {
        wanted.refused();
        for (int i = 0; i < generations.length; i++) {
          agent.step(
              new AgentInput.EntryStale(
                  wanted.space().id(), device.index(), wanted.vpn() + i, generations[i]));
        }
        check(wanted);
      }
      case STALE_SESSION -> {
        wanted.refused();
        agent.after(100_000, "unit waits", () -> check(wanted));
      }
      case READ_ONLY -> {
        wanted.refused();
        fault(wanted, 0);
      }
      case MALFORMED ->
          throw new InvariantViolation("CODEC", "the host calls a request malformed: " + reply);
    }
  }

  private void fault(DataOperation wanted, int missing) {
    ticket = world.nextId();
    agent.faults().await(ticket, this);
    int more = random.nextInt(4) == 0 ? random.nextInt(4) : 0;
    long vpn = wanted.vpn() + missing;
    if (vpn <= furthestFaultVpn) {
      collisions++;
    } else {
      furthestFaultVpn = vpn;
    }
    agent.step(
        new AgentInput.FaultWanted(
            ticket,
            wanted.space().id(),
            device.index(),
            vpn,
            wanted.pages() - missing + more,
            accessOf(wanted),
            collisions));
  }

  private dev.fenceline.model.Access accessOf(DataOperation wanted) {
    if (asksOnly) {
      return dev.fenceline.model.Access.SNAPSHOT;
    }
    if (wanted.exclusive()) {
      return dev.fenceline.model.Access.EXCLUSIVE;
    }
    return wanted.writes() ? dev.fenceline.model.Access.WRITE : dev.fenceline.model.Access.READ;
  }

  @Override
  public void faultDone(FaultOutcome outcome) {
    DataOperation wanted = operation;
    if (wanted == null) {
      throw new InvariantViolation("INV-6", "a unit heard of a fault that it did not have");
    }
    boolean asked = asksOnly;
    asksOnly = false;
    switch (outcome) {
      case FaultOutcome.Served served -> {
        requireAnswerTo(asked, false);
        retry(wanted);
      }
      case FaultOutcome.Reported reported -> {
        requireAnswerTo(asked, true);
        world.count(Sometimes.SNAPSHOT_TAKEN);
        retry(wanted);
      }
      case FaultOutcome.Refused refused -> {
        if (refused.errno() == Errno.RESOURCE_EXHAUSTED) {
          world.count(Sometimes.FRAMES_EXHAUSTED);
        }
        served++;
        giveUp(wanted);
      }
    }
  }

  private void requireAnswerTo(boolean asked, boolean reported) {
    if (asked != reported) {
      throw new InvariantViolation(
          "INV-9", asked ? "a snapshot was served as a fault" : "a fault was only reported on");
    }
  }

  private void retry(DataOperation wanted) {
    agent.after(random.nextInt(5_000), "unit retries", () -> check(wanted));
  }

  @Override
  public String toString() {
    DataOperation wanted = operation;
    return "device %d, unit %d, try %d of %s"
        .formatted(device.index(), slot, tries, wanted == null ? "nothing" : wanted.describe());
  }

  private void giveUp(DataOperation wanted) {
    wanted.abandon();
    done();
  }

  private void done() {
    operation = null;
    pause();
  }
}
