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
  private static final int MILLIS_PER_SECOND = 1000;
  private static final int SECONDS_PER_MINUTE = 60;

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
          .formatted(words(elapsedNanos));
    }
    SessionView session = sessions.get(fence.participant().sessionId());
    if (session == null) {
      return "the session has ended; the fence is about to be resolved";
    }
    if (session.state() == Session.State.DETACHED) {
      return ("stream broken since %s; the fence resolves when the agent says Hello again, or when"
              + " its lease ends in %s")
          .formatted(words(session.inStateNanos()), words(session.leaseLeftNanos()));
    }
    if (session.overdue()) {
      return ("draining for %s; the lease is not renewed because a fence is overdue: it ends in %s"
              + " and resolves the fence, unless the device acknowledges before")
          .formatted(words(elapsedNanos), words(session.leaseLeftNanos()));
    }
    return ("draining for %s; overdue in %s, from when on the lease is not renewed; resolved at the"
            + " latest in %s")
        .formatted(
            words(elapsedNanos),
            words(leases.overdueNanos() - elapsedNanos),
            words(leases.fenceBoundNanos() - elapsedNanos));
  }

  /** In the unit that people would choose. */
  static String words(long nanos) {
    double millis = Math.max(0, nanos) / NANOS_PER_MILLI;
    if (millis < MILLIS_PER_SECOND) {
      return String.format(Locale.ROOT, "%.1f ms", millis);
    }
    long seconds = Math.round(millis / MILLIS_PER_SECOND);
    return millis < SECONDS_PER_MINUTE * MILLIS_PER_SECOND
        ? String.format(Locale.ROOT, "%.1f s", millis / MILLIS_PER_SECOND)
        : seconds / SECONDS_PER_MINUTE + " min " + seconds % SECONDS_PER_MINUTE + " s";
  }
}
