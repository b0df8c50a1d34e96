package dev.fenceline.host.runtime;

import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.session.Session;
import dev.fenceline.host.engine.session.StandingView;
import dev.fenceline.host.engine.shard.ShardEffect;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage.RefusalReason;
import org.jspecify.annotations.Nullable;

/**
 * Port: hears what happens in a host, for metrics and traces. Called from inside mailboxes by any
 * thread, so implementations are thread-safe, quick and do not throw.
 */
public interface HostObserver {
  /** Hears nothing. */
  HostObserver NONE = new HostObserver() {};

  default void operationEnded(SpaceOperation operation, OperationOutcome outcome) {}

  /**
   * @param caller the trace that the operation belongs to, if it belongs to one
   */
  default void invalidationEnded(
      Invalidation invalidation, @Nullable TraceContext caller, long nowNanos) {}

  default void fenceResolved(Invalidation invalidation, int fenceIndex) {}

  /** A device's fault was answered for so many pages, or parked. */
  default void faultServed(int pages, boolean parked) {}

  /** A device that collided too often got a turn. */
  default void turnGiven(long residencyNanos) {}

  /** An operation waits for a device's turn. */
  default void heldForTurn() {}

  /** A page is wanted back and forth. */
  default void thrashes(ShardEffect.Thrashes.Step step) {}

  /** Memory is had by killing. */
  default void oom(ShardEffect.Oom effect) {}

  /** A CPU access missed its table; null if translations were installed. */
  default void cpuFaultEnded(@Nullable Errno refused) {}

  default void dmaEnded(DmaRequest request, DmaReply.Outcome outcome) {}

  /** A message of a stale epoch or session changed nothing (INV-10). */
  default void lateMessage(LateCause cause) {}

  /** A stream was ended because of a message that the contract does not allow. */
  default void malformedMessage() {}

  /** The queue to a lagging agent was collapsed; so many messages went into coarser ones. */
  default void outboundCollapsed(int messages) {}

  /** A stream was ended because its reader lags beyond the hard bound. */
  default void outboundOverflowed() {}

  default void sessionChanged(String agentId, Session.State state, String reason) {}

  /** An agent was quarantined or returned. */
  default void standingChanged(StandingView standing) {}

  /** A well-formed Hello was refused. */
  default void helloRefused(RefusalReason reason) {}

  /** A broken invariant stopped a shard or the sessions. */
  default void stopped(String what, Throwable cause) {}
}
