package dev.fenceline.host.adapter.grpc;

import dev.fenceline.host.engine.invalidation.Fence;
import dev.fenceline.host.engine.session.LeasePolicy;
import dev.fenceline.host.engine.session.Session;
import dev.fenceline.host.runtime.SessionView;
import dev.fenceline.model.HumanTime;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Says in words why a pending fence is late and what happens next. Immutable. */
final class FenceDiagnosis {
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
          .formatted(HumanTime.of(elapsedNanos));
    }
    SessionView session = sessions.get(fence.participant().sessionId());
    if (session == null) {
      return "the session has ended; the fence is about to be resolved";
    }
    if (session.state() == Session.State.DETACHED) {
      return ("stream broken since %s; the fence resolves when the agent says Hello again, or when"
              + " its lease ends in %s")
          .formatted(HumanTime.of(session.inStateNanos()), HumanTime.of(session.leaseLeftNanos()));
    }
    if (session.overdue()) {
      return ("draining for %s; the lease is not renewed because a fence is overdue: it ends in %s"
              + " and resolves the fence, unless the device acknowledges before")
          .formatted(HumanTime.of(elapsedNanos), HumanTime.of(session.leaseLeftNanos()));
    }
    return ("draining for %s; overdue in %s, from when on the lease is not renewed; resolved at the"
            + " latest in %s")
        .formatted(
            HumanTime.of(elapsedNanos),
            HumanTime.of(leases.overdueNanos() - elapsedNanos),
            HumanTime.of(leases.fenceBoundNanos() - elapsedNanos));
  }
}
