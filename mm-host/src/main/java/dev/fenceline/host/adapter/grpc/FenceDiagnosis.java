package dev.fenceline.host.adapter.grpc;

import dev.fenceline.host.engine.invalidation.Fence;
import dev.fenceline.host.engine.session.LeasePolicy;
import dev.fenceline.host.engine.session.Session;
import dev.fenceline.host.runtime.SessionView;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Says in words why a pending fence is late and what happens next. Immutable. */
final class FenceDiagnosis {
  private static final double NANOS_PER_MILLI = 1e6;

  private final Map<Long, SessionView> sessions = new TreeMap<>();
  private final LeasePolicy leases;

  FenceDiagnosis(List<SessionView> views, LeasePolicy leases) {
    views.forEach(view -> sessions.put(view.sessionId(), view));
    this.leases = leases;
  }

  String of(Fence fence, boolean told, long elapsedNanos) {
    if (!told) {
      return "not told yet: the sequential notifier waits for the devices before it";
    }
    if (fence.participant().sessionId() == 0) {
      return "draining for %s: a CPU access is still going on; the fence resolves when it ends"
          .formatted(millis(elapsedNanos));
    }
    SessionView session = sessions.get(fence.participant().sessionId());
    if (session == null) {
      return "the session has ended; the fence is about to be resolved";
    }
    if (session.state() == Session.State.DETACHED) {
      return ("stream broken since %s; the fence resolves when the agent says Hello again, or when"
              + " its lease ends in %s")
          .formatted(millis(session.inStateNanos()), millis(session.leaseLeftNanos()));
    }
    if (session.overdue()) {
      return ("draining for %s; the lease is not renewed because a fence is overdue: it ends in %s"
              + " and resolves the fence, unless the device acknowledges before")
          .formatted(millis(elapsedNanos), millis(session.leaseLeftNanos()));
    }
    return ("draining for %s; overdue in %s, from when on the lease is not renewed; resolved at the"
            + " latest in %s")
        .formatted(
            millis(elapsedNanos),
            millis(leases.overdueNanos() - elapsedNanos),
            millis(leases.fenceBoundNanos() - elapsedNanos));
  }

  private static String millis(long nanos) {
    return String.format(Locale.ROOT, "%.1f ms", Math.max(0, nanos) / NANOS_PER_MILLI);
  }
}
