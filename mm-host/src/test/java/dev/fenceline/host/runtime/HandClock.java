package dev.fenceline.host.runtime;

import dev.fenceline.concurrent.PeerConnector;
import dev.fenceline.host.engine.session.LeasePolicy;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A host's clock that stands until the test sets it forward or lets it go: no lease ends because
 * the machine was busy, and none is waited for. Thread-safe.
 */
public final class HandClock {
  private final AtomicLong standingNanos = new AtomicLong(System.nanoTime());
  private volatile boolean going;
  private volatile long aheadNanos;

  /** A host that tells its time by this clock. */
  public HostRuntime host(RuntimeSettings settings, MessageEncoder encoder, HostObserver observer) {
    return new HostRuntime(settings, encoder, observer, this::nowNanos, PeerConnector.NONE);
  }

  private long nowNanos() {
    return going ? System.nanoTime() + aheadNanos : standingNanos.get();
  }

  /** From where it stands, it goes on as time does; the host's own alarms wake it. */
  public void go() {
    aheadNanos = standingNanos.get() - System.nanoTime();
    going = true;
  }

  /** Sets a clock that stands forward, and shows it to the host. */
  public void advance(HostRuntime host, long nanos) {
    standingNanos.addAndGet(nanos);
    host.tick();
  }

  /** Sets it forward by the time after which an agent that says nothing is dead. */
  public void outliveLeases(HostRuntime host) {
    LeasePolicy leases = host.settings().leases();
    advance(host, leases.expiryNanos() + leases.tickNanos());
  }
}
