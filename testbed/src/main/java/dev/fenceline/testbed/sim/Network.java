package dev.fenceline.testbed.sim;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.fenceline.attach.v1.AgentBatch;
import dev.fenceline.attach.v1.HostBatch;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.HostMessage;
import dev.fenceline.wire.AgentMessageCodec;
import dev.fenceline.wire.DmaCodec;
import dev.fenceline.wire.HostMessageCodec;
import dev.fenceline.wire.MalformedMessageException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The links between agents and the host: attach streams, and the transfer link, whose requests
 * overtake each other and the streams. Confined to the event loop.
 */
final class Network {
  private static final long MICRO = SimSettings.MICRO;
  private static final long MILLI = SimSettings.MILLI;
  private static final int MAX_AGENTS = 8;
  private static final int CORRUPTED_ONE_IN = 3_000;

  /** A peer that is silent for so long is given up. */
  private static final long PEER_TIMEOUT_NANOS = 15 * MILLI;

  private final SimWorld world;
  private final SplittableRandom random;
  private final List<Connection> connections = new ArrayList<>();
  private final long[] upBlockedNanos = new long[MAX_AGENTS];
  private final long[] downBlockedNanos = new long[MAX_AGENTS];

  Network(SimWorld world, SplittableRandom random) {
    this.world = world;
    this.random = random;
  }

  /** Until then nothing of the agent reaches the host. */
  long upBlockedNanos(SimAgent agent) {
    return upBlockedNanos[agent.index()];
  }

  long downBlockedNanos(SimAgent agent) {
    return downBlockedNanos[agent.index()];
  }

  boolean blocked(SimAgent agent) {
    return Math.max(upBlockedNanos(agent), downBlockedNanos(agent)) > world.loop.nowNanos();
  }

  void block(int agent, boolean upwards, boolean downwards, long durationNanos) {
    long until = world.loop.nowNanos() + durationNanos;
    if (upwards) {
      upBlockedNanos[agent] = Math.max(upBlockedNanos[agent], until);
    }
    if (downwards) {
      downBlockedNanos[agent] = Math.max(downBlockedNanos[agent], until);
    }
  }

  /** What was blocked flows again. */
  void heal() {
    for (int i = 0; i < MAX_AGENTS; i++) {
      upBlockedNanos[i] = Math.min(upBlockedNanos[i], world.loop.nowNanos());
      downBlockedNanos[i] = Math.min(downBlockedNanos[i], world.loop.nowNanos());
    }
  }

  /** How long a message takes: mostly little, sometimes long. */
  long delay() {
    if (world.faulty && random.nextInt(100) < world.settings.tailPercent()) {
      return 500 * MICRO + random.nextInt((int) (random.nextInt(4) == 0 ? 15 * MILLI : 3 * MILLI));
    }
    return 20 * MICRO + random.nextInt((int) (180 * MICRO));
  }

  long delayUp(SimAgent agent) {
    return delay();
  }

  /** Sometimes a Hello is held up, on a connection of its own, until after the agent's next one. */
  long helloHeldUpNanos() {
    return world.faulty && random.nextInt(20) == 0
        ? 8 * MILLI + random.nextInt((int) (25 * MILLI))
        : 0;
  }

  long delayDown(SimAgent agent) {
    return delay();
  }

  /** How long until a side notices that a stream broke. */
  long noticeDelay(boolean late) {
    if (late && world.faulty) {
      return 5 * MILLI + random.nextInt((int) (60 * MILLI));
    }
    return 50 * MICRO + random.nextInt((int) MILLI);
  }

  // ---- attach streams

  void dial(SimAgent agent, long attempt) {
    long wait = Math.max(0, upBlockedNanos(agent) - world.loop.nowNanos());
    agent.after(
        wait + 2 * delay(),
        "dialed",
        () -> {
          SimHost host = world.host;
          if (host == null || !host.alive() || host.frozen()) {
            agent.streamEnded(attempt);
            return;
          }
          Connection connection = new Connection(world, agent, attempt, host);
          connections.removeIf(old -> !old.open());
          connections.add(connection);
          agent.streamOpened(attempt, connection);
        });
  }

  /** A stream that is open, or null. */
  @org.jspecify.annotations.Nullable
  Connection anyConnection(SplittableRandom chooser) {
    connections.removeIf(old -> !old.open());
    return connections.isEmpty() ? null : connections.get(chooser.nextInt(connections.size()));
  }

  void agentDied(SimAgent agent, boolean noticedLate) {
    for (Connection connection : List.copyOf(connections)) {
      if (connection.agent() == agent) {
        connection.cut(random.nextBoolean(), false, noticedLate);
      }
    }
  }

  void hostDied(SimHost host) {
    for (Connection connection : List.copyOf(connections)) {
      if (connection.host() == host) {
        connection.cut(false, random.nextInt(4) == 0, false);
      }
    }
  }

  // ---- transfer

  /** Sends a request; its reply, or its failure, comes back at a time of its own. */
  void request(Dma dma) {
    long wait = Math.max(0, upBlockedNanos(dma.agent()) - world.loop.nowNanos());
    world.loop.after(wait + transferDelay(), "dma", () -> arrive(dma));
    if (world.faulty && random.nextInt(150) == 0) {
      // The link breaks: the device is told so, the request may arrive all the same.
      failed(dma, transferDelay());
    }
  }

  /** Asks a peer; whatever becomes of it, the unit hears of it, at the latest when it gives up. */
  void requestPeer(Dma dma, SimPeers.PeerPage page) {
    int owner = Integer.parseInt(page.peer().target().replace("agent-", ""));
    long blocked = dma.asker() instanceof SimAgent from ? upBlockedNanos(from) : 0;
    long wait = Math.max(0, blocked - world.loop.nowNanos());
    world.loop.after(wait + transferDelay(), "peer request", () -> arriveAtPeer(dma, page, owner));
    boolean breaks = world.faulty && random.nextInt(150) == 0;
    failed(dma, breaks ? transferDelay() : PEER_TIMEOUT_NANOS);
  }

  private void arriveAtPeer(Dma dma, SimPeers.PeerPage page, int index) {
    SimAgent owner = world.agents.get(index);
    if (!owner.alive()) {
      return;
    }
    long wait = Math.max(0, downBlockedNanos(owner) - world.loop.nowNanos());
    Dma received = overTheWire(dma);
    owner.after(
        wait,
        "peer asked",
        () ->
            owner
                .peerDesk()
                .access(received, page.localPage(), reply -> answer(owner, dma, reply)));
  }

  private void answer(SimAgent owner, Dma dma, DmaReply reply) {
    if (world.faulty && random.nextInt(200) == 0) {
      return; // lost: the asking one gives up in time
    }
    DmaReply received = overTheWire(reply);
    long there = dma.asker() instanceof SimAgent to ? downBlockedNanos(to) : 0;
    long wait = Math.max(0, Math.max(upBlockedNanos(owner), there) - world.loop.nowNanos());
    dma.asker().after(wait + delay(), "peer reply", () -> dma.onReply().accept(received));
  }

  private long transferDelay() {
    return world.faulty && random.nextInt(25) == 0
        ? MILLI + random.nextInt((int) (40 * MILLI))
        : delay();
  }

  private void arrive(Dma dma) {
    SimHost host = world.host;
    if (host == null || !host.alive()) {
      failed(dma, delay());
    } else if (host.frozen()) {
      world.loop.after(host.frozenUntilNanos() - world.loop.nowNanos(), "dma", () -> arrive(dma));
    } else {
      host.dma(overTheWire(dma));
    }
  }

  void reply(Dma dma, DmaReply reply) {
    if (world.faulty && random.nextInt(200) == 0) {
      world.count(Sometimes.DELIVERED_BUT_TOLD_FAILED);
      failed(dma, transferDelay());
      return;
    }
    DmaReply received = overTheWire(reply);
    long wait = Math.max(0, downBlockedNanos(dma.agent()) - world.loop.nowNanos());
    dma.agent().after(wait + delay(), "dma reply", () -> dma.onReply().accept(received));
  }

  /** The host died with it. */
  void lost(Dma dma) {
    failed(dma, noticeDelay(false));
  }

  private void failed(Dma dma, long delayNanos) {
    DmaReply none =
        new DmaReply(
            dma.request().requestId(), DmaReply.Outcome.DONE, new byte[0], 0, SimUnit.LOST);
    dma.asker().after(delayNanos, "dma failed", () -> dma.onReply().accept(none));
  }

  // ---- corruption

  /**
   * Whether bytes of a batch were changed so that it cannot be decoded any more. One that still can
   * is another message; that is for checksums to prevent, and no decoder notices.
   */
  boolean corrupted(AgentMessage.Batch batch) {
    if (!world.faulty || random.nextInt(CORRUPTED_ONE_IN) != 0) {
      return false;
    }
    try {
      AgentMessageCodec.decode(
          AgentBatch.parseFrom(damaged(AgentMessageCodec.encode(batch).toByteArray())));
      return false;
    } catch (MalformedMessageException | InvalidProtocolBufferException e) {
      return true;
    }
  }

  boolean corrupted(HostMessage.Batch batch) {
    if (!world.faulty || random.nextInt(CORRUPTED_ONE_IN) != 0) {
      return false;
    }
    try {
      HostMessageCodec.decode(
          HostBatch.parseFrom(damaged(HostMessageCodec.encode(batch).toByteArray())));
      return false;
    } catch (MalformedMessageException | InvalidProtocolBufferException e) {
      return true;
    }
  }

  private byte[] damaged(byte[] bytes) {
    for (int i = 0; i < 3 && bytes.length > 0; i++) {
      bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
    }
    return bytes;
  }

  // ---- codecs

  private boolean encoded() {
    return random.nextInt(16) == 0;
  }

  AgentMessage.Batch overTheWire(AgentMessage.Batch batch) {
    if (!encoded()) {
      return batch;
    }
    try {
      AgentMessage.Batch decoded = AgentMessageCodec.decode(AgentMessageCodec.encode(batch));
      requireSame(batch, decoded);
      return decoded;
    } catch (MalformedMessageException e) {
      throw new InvariantViolation("CODEC", e.getMessage() + ": " + batch);
    }
  }

  HostMessage.Batch overTheWire(HostMessage.Batch batch) {
    if (!encoded()) {
      return batch;
    }
    try {
      HostMessage.Batch decoded = HostMessageCodec.decode(HostMessageCodec.encode(batch));
      requireSame(batch, decoded);
      return decoded;
    } catch (MalformedMessageException e) {
      throw new InvariantViolation("CODEC", e.getMessage() + ": " + batch);
    }
  }

  private Dma overTheWire(Dma dma) {
    if (!encoded()) {
      return dma;
    }
    try {
      var decoded = DmaCodec.decode(DmaCodec.encode(dma.request()));
      return new Dma(
          dma.asker(), dma.operation(), decoded, dma.grantSequences(), dma.frames(), dma.onReply());
    } catch (MalformedMessageException e) {
      throw new InvariantViolation("CODEC", e.getMessage() + ": " + dma.request());
    }
  }

  private DmaReply overTheWire(DmaReply reply) {
    if (!encoded()) {
      return reply;
    }
    try {
      return DmaCodec.decode(DmaCodec.encode(reply));
    } catch (MalformedMessageException e) {
      throw new InvariantViolation("CODEC", e.getMessage() + ": " + reply);
    }
  }

  private static void requireSame(Object sent, Object decoded) {
    if (!sent.equals(decoded)) {
      throw new InvariantViolation("CODEC", sent + " became " + decoded);
    }
  }
}
