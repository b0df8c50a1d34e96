package dev.fenceline.testbed.sim;

import java.util.ArrayList;
import java.util.List;

/**
 * A process of the simulation: it has a clock that drifts, can stand still between any two of its
 * steps, and can die; what it had planned dies with it. Confined to the event loop.
 */
class SimProcess {
  private final EventLoop loop;
  private final String name;
  private final double rate;
  private final long bornNanos;
  private final long offsetNanos;
  private long frozenUntilNanos;

  /** Each as its end and its length. */
  private final List<long[]> stops = new ArrayList<>();

  private boolean alive = true;

  /**
   * @param rate of its clock, 1.0 for a perfect one
   * @param offsetNanos what its clock shows at first
   */
  SimProcess(EventLoop loop, String name, double rate, long offsetNanos) {
    this.loop = loop;
    this.name = name;
    this.rate = rate;
    this.bornNanos = loop.nowNanos();
    this.offsetNanos = offsetNanos;
  }

  final String name() {
    return name;
  }

  final boolean alive() {
    return alive;
  }

  /** The process's own monotonic clock; runs on while it stands still. */
  final long clockNanos() {
    return offsetNanos + (long) ((loop.nowNanos() - bornNanos) * rate);
  }

  /** How much virtual time passes until its own clock shows the time. */
  final long delayUntil(long ownNanos) {
    double target = (ownNanos - offsetNanos) / rate;
    return Math.max(1, (long) Math.ceil(target) + bornNanos - loop.nowNanos() + 1);
  }

  /** A step of this process, unless it has died by then; later, if it stands still. */
  final void after(long delayNanos, String label, Runnable action) {
    loop.after(delayNanos, label, () -> run(label, action));
  }

  private void run(String label, Runnable action) {
    if (!alive) {
      return;
    }
    long left = frozenUntilNanos - loop.nowNanos();
    if (left > 0) {
      after(left, label, action);
    } else {
      action.run();
    }
  }

  /** When it moves again; not later than now if it does not stand still. */
  final long frozenUntilNanos() {
    return frozenUntilNanos;
  }

  final boolean frozen() {
    return frozenUntilNanos > loop.nowNanos();
  }

  final void freeze(long durationNanos) {
    long until = loop.nowNanos() + durationNanos;
    if (until > frozenUntilNanos) {
      stops.add(new long[] {until, until - Math.max(frozenUntilNanos, loop.nowNanos())});
      frozenUntilNanos = until;
    }
  }

  final void thaw() {
    frozenUntilNanos = Math.min(frozenUntilNanos, loop.nowNanos());
  }

  /** How long it has stood still, or is going to, since a time of its own clock. */
  final long stoodStillSince(long ownNanos) {
    long since = bornNanos + (long) ((ownNanos - offsetNanos) / rate);
    long total = 0;
    for (long[] stop : stops) {
      total += stop[0] >= since ? stop[1] : 0;
    }
    return (long) Math.ceil(total * rate);
  }

  final void die() {
    alive = false;
  }
}
