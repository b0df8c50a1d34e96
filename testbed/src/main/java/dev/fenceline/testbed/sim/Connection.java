package dev.fenceline.testbed.sim;

import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.HostMessage;
import java.util.ArrayDeque;

/**
 * One attach stream between an agent's process and a host's: in each direction it delivers in order
 * or not at all. Confined to the event loop.
 *
 * <p>It may be cut with everything in flight; either side notices on its own, perhaps much later,
 * and what a side sends until then is lost without a sign.
 */
final class Connection {
  /** A batch on its way down; the end of the stream if it has no messages. */
  private static final HostMessage.Batch END_DOWN =
      new HostMessage.Batch(0, 0, java.util.List.of());

  private final SimWorld world;
  private final SimAgent agent;
  private final long attempt;
  private final SimHost host;
  private final ArrayDeque<AgentMessage.Batch> up = new ArrayDeque<>();
  private final ArrayDeque<HostMessage.Batch> down = new ArrayDeque<>();
  private long id;
  private long lastUpNanos;
  private long lastDownNanos;
  private long sessionId;
  private boolean upCut;
  private boolean downCut;
  private boolean agentKnows;
  private boolean hostKnows;

  Connection(SimWorld world, SimAgent agent, long attempt, SimHost host) {
    this.world = world;
    this.agent = agent;
    this.attempt = attempt;
    this.host = host;
  }

  /** The host's number of the stream; 0 until something of it has arrived there. */
  long id() {
    return id;
  }

  /** The host numbers streams in the order in which they arrive, whenever they were dialled. */
  void arrived(long hostsNumber) {
    id = hostsNumber;
  }

  SimAgent agent() {
    return agent;
  }

  SimHost host() {
    return host;
  }

  long sessionId() {
    return sessionId;
  }

  void bind(long toSession) {
    sessionId = toSession;
  }

  /** True while neither side has noticed an end. */
  boolean open() {
    return !agentKnows && !hostKnows && !upCut && !downCut;
  }

  void sendUp(AgentMessage.Batch batch) {
    if (upCut || agentKnows) {
      return;
    }
    up.addLast(world.network.overTheWire(batch));
    long delay = world.network.delayUp(agent);
    if (AgentMessage.helloOf(batch) != null) {
      delay += world.network.helloHeldUpNanos();
    }
    lastUpNanos = arrival(lastUpNanos, delay);
    world.loop.after(lastUpNanos - world.loop.nowNanos(), "up", this::arriveUp);
  }

  void sendDown(HostMessage.Batch batch) {
    if (downCut || hostKnows) {
      return;
    }
    down.addLast(batch == END_DOWN ? batch : world.network.overTheWire(batch));
    lastDownNanos = arrival(lastDownNanos, world.network.delayDown(agent));
    world.loop.after(lastDownNanos - world.loop.nowNanos(), "down", this::arriveDown);
  }

  /** The host ends the stream behind what it has sent. */
  void endDown() {
    sendDown(END_DOWN);
    hostKnows = true;
  }

  /** The agent ends the stream: what it sent still arrives, what is sent to it does not. */
  void endByAgent() {
    if (!agentKnows) {
      agentKnows = true;
      down.clear();
      downCut = true;
      long delay = Math.max(0, lastUpNanos - world.loop.nowNanos());
      world.loop.after(
          delay + world.network.noticeDelay(false), "host sees the end", this::hostNotices);
    }
  }

  /**
   * Breaks.
   *
   * @param upDelivered what is under way to the host still gets there, though the agent is told
   *     that the stream failed
   */
  void cut(boolean upDelivered, boolean agentLate, boolean hostLate) {
    if (!upDelivered) {
      upCut = true;
      up.clear();
    }
    downCut = true;
    down.clear();
    world.loop.after(
        world.network.noticeDelay(agentLate), "agent sees the break", this::agentNotices);
    world.loop.after(
        Math.max(0, lastUpNanos - world.loop.nowNanos()) + world.network.noticeDelay(hostLate),
        "host sees the break",
        this::hostNotices);
  }

  private long arrival(long lastNanos, long delayNanos) {
    return Math.max(lastNanos, world.loop.nowNanos() + delayNanos);
  }

  private void arriveUp() {
    if (up.isEmpty() || !host.alive()) {
      return;
    }
    long wait =
        Math.max(world.network.upBlockedNanos(agent), host.frozenUntilNanos())
            - world.loop.nowNanos();
    if (wait > 0) {
      lastUpNanos = Math.max(lastUpNanos, world.loop.nowNanos() + wait);
      world.loop.after(wait, "up", this::arriveUp);
      return;
    }
    AgentMessage.Batch batch = up.pollFirst();
    if (batch == null || hostKnows) {
      return;
    }
    if (world.network.corrupted(batch)) {
      host.undecodable(this);
    } else {
      host.received(this, batch);
    }
  }

  private void arriveDown() {
    if (down.isEmpty() || !agent.alive()) {
      return;
    }
    long wait =
        Math.max(world.network.downBlockedNanos(agent), agent.frozenUntilNanos())
            - world.loop.nowNanos();
    if (wait > 0) {
      lastDownNanos = Math.max(lastDownNanos, world.loop.nowNanos() + wait);
      world.loop.after(wait, "down", this::arriveDown);
      return;
    }
    HostMessage.Batch batch = down.pollFirst();
    if (batch == END_DOWN) {
      agentNotices();
    } else if (batch != null && !agentKnows) {
      if (world.network.corrupted(batch)) {
        endByAgent();
        agent.undecodable(attempt);
      } else {
        agent.received(attempt, batch);
      }
    }
  }

  private void agentNotices() {
    if (agentKnows || !agent.alive()) {
      return;
    }
    if (agent.frozen()) {
      agent.after(1, "agent sees the break", this::agentNotices);
      return;
    }
    agentKnows = true;
    agent.streamEnded(attempt);
  }

  private void hostNotices() {
    if (hostKnows || !host.alive()) {
      return;
    }
    if (host.frozen()) {
      host.after(1, "host sees the break", this::hostNotices);
      return;
    }
    hostKnows = true;
    host.closed(this);
  }
}
