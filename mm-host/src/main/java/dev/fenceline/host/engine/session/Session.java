package dev.fenceline.host.engine.session;

import dev.fenceline.model.AgentMessage.Hello;

/**
 * One agent's session on this host. Confined to the session engine's mailbox.
 *
 * <p>Legal transitions: ATTACHED -> DETACHED (the stream broke) -> ENDED (new Hello, lease ran
 * out), ATTACHED -> ENDED (also: left).
 */
public final class Session {
  /** Where it stands. */
  public enum State {
    ATTACHED,
    DETACHED,
    ENDED
  }

  private final long sessionId;
  private final Hello hello;
  private final long connectionId;
  private State state = State.ATTACHED;
  private long renewedNanos;
  private long stateSinceNanos;
  private long lastHeartbeat;
  private int overdueShards;

  Session(long sessionId, Hello hello, long connectionId, long nowNanos) {
    this.sessionId = sessionId;
    this.hello = hello;
    this.connectionId = connectionId;
    this.renewedNanos = nowNanos;
    this.stateSinceNanos = nowNanos;
  }

  public long sessionId() {
    return sessionId;
  }

  public Hello hello() {
    return hello;
  }

  public long connectionId() {
    return connectionId;
  }

  public State state() {
    return state;
  }

  /** When it came into its state. */
  public long stateSinceNanos() {
    return stateSinceNanos;
  }

  /** When the lease was renewed last. */
  public long renewedNanos() {
    return renewedNanos;
  }

  /** True while a shard waits for an overdue fence of it: the lease is not renewed. */
  public boolean overdue() {
    return overdueShards > 0;
  }

  void overdueShards(int change) {
    overdueShards += change;
  }

  /** True if the number is new; an old one comes from a duplicate or a reordering. */
  boolean heartbeat(long number) {
    if (number <= lastHeartbeat) {
      return false;
    }
    lastHeartbeat = number;
    return true;
  }

  void renew(long nowNanos) {
    renewedNanos = nowNanos;
  }

  void transition(State next, long nowNanos) {
    boolean legal =
        switch (next) {
          case ATTACHED -> false;
          case DETACHED -> state == State.ATTACHED;
          case ENDED -> state != State.ENDED;
        };
    if (!legal) {
      throw new IllegalStateException("session " + sessionId + " from " + state + " to " + next);
    }
    state = next;
    stateSinceNanos = nowNanos;
  }
}
