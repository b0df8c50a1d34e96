package dev.fenceline.agent.runtime;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One device's drain: its accesses in flight have to end, and then its drain delay has to pass.
 * Thread-safe.
 *
 * <p>The delay begins at the end of the accesses, but not before the end of the mailbox's turn that
 * began the drain: drains that begin in one turn then end at one instant, and are acknowledged in
 * one message. That makes the first ones longer by the time which the turn takes, and none shorter.
 */
final class ImitatedDrain {
  /** Hears of drains that are over, of all that end at one instant in one call. */
  @FunctionalInterface
  interface Listener {
    /** Must not block. */
    void ended(List<ImitatedDrain> drains);
  }

  private final Device device;
  private final long drainId;
  private final long beganNanos;
  private final Listener listener;

  /** The end of the accesses, and the end of the turn: whichever is last begins the delay. */
  private final AtomicInteger awaited = new AtomicInteger(2);

  ImitatedDrain(Device device, long drainId, long beganNanos, Listener listener) {
    this.device = device;
    this.drainId = drainId;
    this.beganNanos = beganNanos;
    this.listener = listener;
  }

  Device device() {
    return device;
  }

  long drainId() {
    return drainId;
  }

  /** By the agent's clock. */
  long beganNanos() {
    return beganNanos;
  }

  Listener listener() {
    return listener;
  }

  /** One of the two that are awaited has come; true if it is the last, and the delay begins. */
  boolean oneCame() {
    return awaited.decrementAndGet() == 0;
  }
}
