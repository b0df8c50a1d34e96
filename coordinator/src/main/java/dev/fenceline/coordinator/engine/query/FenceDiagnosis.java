package dev.fenceline.coordinator.engine.query;

import dev.fenceline.coordinator.engine.NodeLoad;
import dev.fenceline.coordinator.engine.NodeState;
import dev.fenceline.coordinator.engine.NodeView;
import dev.fenceline.coordinator.engine.query.Invalidation.Fence;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.HumanTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * Who holds an invalidation up, why, and what happens next (A7); immutable. Assembled from what the
 * host says of the fence and of the agent's session, and from what the registry knows of the agent.
 *
 * @param late in the host's order; empty when nothing is pending
 */
public record FenceDiagnosis(String summary, List<Late> late) {
  public FenceDiagnosis {
    late = List.copyOf(late);
  }

  /** What keeps a participant from draining, as far as one can tell from outside; immutable. */
  public enum Cause {
    /** CPU threads of the host itself. */
    CPU_ACCESS,
    /** Agent and link are fine: accesses are in flight, or the ack is on its way. */
    IN_FLIGHT,
    /** It drains by order of an operator. */
    DRAINING,
    /** The fence is overdue although the agent answers: its device is stuck or slow. */
    OVERDUE,
    /** It talks to the coordinator, but its stream to the host is broken. */
    PARTITIONED,
    /** Its connections stand, and it says nothing: stopped or starved. */
    FROZEN,
    /** Neither host nor coordinator hears it. */
    GONE
  }

  /**
   * A participant whose fence is pending; immutable.
   *
   * @param leaseLeftNanos until the host gives it up; -1 if the host did not say
   */
  public record Late(Fence fence, Cause cause, String why, String next, long leaseLeftNanos) {}

  /**
   * @param sessions the host's, as far as it told
   * @param agents what the registry knows of an agent id
   */
  public static FenceDiagnosis of(
      Invalidation invalidation,
      List<Session> sessions,
      Function<String, Optional<NodeView>> agents) {
    List<Late> late = new ArrayList<>();
    if (invalidation.state().isPending()) {
      for (Fence fence : invalidation.fences()) {
        if (fence.resolution() == null) {
          String agentId = fence.device().agentId();
          Optional<Session> session =
              sessions.stream().filter(each -> each.agentId().equals(agentId)).findFirst();
          Optional<NodeView> agent = agents.apply(agentId);
          late.add(
              new Late(
                  fence,
                  cause(fence, session, agent),
                  why(fence, session, agent),
                  next(fence, session),
                  session.map(each -> Math.max(0, each.leaseLeftNanos())).orElse(-1L)));
        }
      }
    }
    return new FenceDiagnosis(summary(invalidation, late), late);
  }

  private static Cause cause(Fence fence, Optional<Session> session, Optional<NodeView> agent) {
    if (fence.device().equals(DeviceId.CPU)) {
      return Cause.CPU_ACCESS;
    }
    boolean heard = agent.isPresent() && agent.get().state() == NodeState.LIVE;
    boolean attached = session.isPresent() && session.get().attached();
    if (!attached) {
      return heard ? Cause.PARTITIONED : Cause.GONE;
    }
    if (agent.isPresent() && !heard) {
      return Cause.FROZEN;
    }
    if (agent.filter(each -> isDraining(each, fence.device())).isPresent()) {
      return Cause.DRAINING;
    }
    return session.get().overdue() ? Cause.OVERDUE : Cause.IN_FLIGHT;
  }

  private static boolean isDraining(NodeView agent, DeviceId device) {
    return agent.load() instanceof NodeLoad.AgentLoad load
        && load.devices().stream()
            .anyMatch(
                each -> each.index() == device.deviceIndex() && each.standing().equals("draining"));
  }

  private static String why(Fence fence, Optional<Session> session, Optional<NodeView> agent) {
    List<String> reasons = new ArrayList<>();
    if (!fence.diagnosis().isEmpty()) {
      reasons.add(fence.diagnosis());
    }
    // The host's own words tell of stream and lease already.
    boolean untold = fence.diagnosis().isEmpty();
    session
        .filter(each -> untold && !each.attached())
        .ifPresent(each -> reasons.add("the agent's stream to the host is broken"));
    agent
        .filter(each -> each.state() != NodeState.LIVE)
        .ifPresent(
            each ->
                reasons.add(
                    "the coordinator counts the agent as %s (%s, silent for %s)"
                        .formatted(
                            each.state().name().toLowerCase(Locale.ROOT),
                            each.reason(),
                            HumanTime.of(each.silentNanos()))));
    agent
        .filter(each -> isDraining(each, fence.device()))
        .ifPresent(each -> reasons.add("the device is being drained by order of an operator"));
    session
        .filter(each -> untold && each.attached() && each.overdue())
        .ifPresent(each -> reasons.add("the fence is overdue although the agent is attached"));
    if (reasons.isEmpty()) {
      reasons.add(
          fence.device().equals(DeviceId.CPU)
              ? "accesses of CPU threads through the old translation are still in flight"
              : "accesses through the old translation are still in flight, or the ack is on its"
                  + " way");
    }
    return String.join("; ", reasons);
  }

  private static String next(Fence fence, Optional<Session> session) {
    if (fence.device().equals(DeviceId.CPU)) {
      return "the fence resolves when the last of these accesses ends";
    }
    return session
        .map(
            each ->
                "the fence resolves by the agent's ack or its new Hello; otherwise the host"
                    + " declares the agent dead in "
                    + HumanTime.of(each.leaseLeftNanos())
                    + (each.overdue()
                        ? ", and its lease is not renewed any more"
                        : " unless its lease is renewed, which ends once the fence is overdue"))
        .orElse("the fence resolves by the agent's ack, its new Hello, or the end of its lease");
  }

  private static String summary(Invalidation invalidation, List<Late> late) {
    return switch (invalidation.state()) {
      case COMPLETED -> "completed: every fence resolved";
      case BACKED_OFF -> "backed off: a fence was not resolved in time, the entries were restored";
      case QUEUED -> "queued behind an earlier invalidation of the interval, or for fence slots";
      case SCHEDULED, WAITING ->
          late.isEmpty()
              ? "every fence has resolved; the invalidation is about to end"
              : "waits for %d of %d participants: %s"
                  .formatted(
                      late.size(),
                      invalidation.fences().size(),
                      String.join(
                          ", ",
                          late.stream().map(each -> each.fence().device().toString()).toList()));
    };
  }
}
