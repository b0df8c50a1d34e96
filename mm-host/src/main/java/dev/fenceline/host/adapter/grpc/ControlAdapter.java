package dev.fenceline.host.adapter.grpc;

import dev.fenceline.control.v1.AgentStanding.State;
import dev.fenceline.control.v1.BackOffInvalidationReply;
import dev.fenceline.control.v1.BackOffInvalidationRequest;
import dev.fenceline.control.v1.GetHostPolicyRequest;
import dev.fenceline.control.v1.HostControlServiceGrpc;
import dev.fenceline.control.v1.ListStandingsReply;
import dev.fenceline.control.v1.ListStandingsRequest;
import dev.fenceline.control.v1.QuarantineAgentRequest;
import dev.fenceline.control.v1.ReturnAgentRequest;
import dev.fenceline.control.v1.SetHostPolicyRequest;
import dev.fenceline.host.engine.session.AgentStanding;
import dev.fenceline.host.engine.session.HelloCheck;
import dev.fenceline.host.engine.session.HostPolicy;
import dev.fenceline.host.engine.session.StandingView;
import dev.fenceline.host.runtime.HostRuntime;
import dev.fenceline.model.Errno;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** What operators do to a host, on gRPC. Thread-safe; each call runs on a virtual thread. */
public final class ControlAdapter extends HostControlServiceGrpc.HostControlServiceImplBase {
  private static final int MAX_REASON_LENGTH = 256;
  private static final long LONGEST_HOLD_NANOS = TimeUnit.DAYS.toNanos(1);

  private final HostRuntime host;

  public ControlAdapter(HostRuntime host) {
    this.host = host;
  }

  @Override
  public void quarantineAgent(
      QuarantineAgentRequest request,
      StreamObserver<dev.fenceline.control.v1.AgentStanding> answers) {
    Answers.answer(
        answers,
        () -> {
          String agent = agentId(request.getAgentId());
          String reason = request.getReason();
          if (reason.length() > MAX_REASON_LENGTH) {
            throw Refusals.exception(
                Errno.EINVAL,
                "reason has %d characters, at most %d"
                    .formatted(reason.length(), MAX_REASON_LENGTH));
          }
          long hold = request.getHoldNanos();
          if (hold < 0 || hold > LONGEST_HOLD_NANOS) {
            throw Refusals.exception(
                Errno.EINVAL,
                "hold_nanos of %s: must be 0 to %d"
                    .formatted(Long.toUnsignedString(hold), LONGEST_HOLD_NANOS));
          }
          StandingView standing = await(host.sessions().quarantine(agent, reason, hold));
          if (standing.state() != AgentStanding.State.QUARANTINED) {
            throw Refusals.exception(
                Errno.RESOURCE_EXHAUSTED,
                "as many agents are quarantined as a host remembers; return one first");
          }
          return encode(standing);
        });
  }

  @Override
  public void returnAgent(
      ReturnAgentRequest request, StreamObserver<dev.fenceline.control.v1.AgentStanding> answers) {
    Answers.answer(
        answers, () -> encode(await(host.sessions().returnAgent(agentId(request.getAgentId())))));
  }

  @Override
  public void listStandings(
      ListStandingsRequest request, StreamObserver<ListStandingsReply> answers) {
    Answers.answer(
        answers,
        () -> {
          ListStandingsReply.Builder reply = ListStandingsReply.newBuilder();
          await(host.sessions().standings())
              .forEach(standing -> reply.addStandings(encode(standing)));
          return reply.build();
        });
  }

  @Override
  public void getHostPolicy(
      GetHostPolicyRequest request, StreamObserver<dev.fenceline.control.v1.HostPolicy> answers) {
    Answers.answer(answers, () -> encode(host.sessions().policy()));
  }

  @Override
  public void setHostPolicy(
      SetHostPolicyRequest request, StreamObserver<dev.fenceline.control.v1.HostPolicy> answers) {
    Answers.answer(
        answers,
        () -> {
          if (!request.hasPolicy()) {
            throw Refusals.exception(Errno.EINVAL, "policy is missing");
          }
          HostPolicy policy = decode(request.getPolicy());
          String contradiction = policy.contradiction();
          if (contradiction != null) {
            throw Refusals.exception(Errno.EINVAL, contradiction);
          }
          return encode(await(host.sessions().setPolicy(policy)));
        });
  }

  @Override
  public void backOffInvalidation(
      BackOffInvalidationRequest request, StreamObserver<BackOffInvalidationReply> answers) {
    Answers.answer(
        answers,
        () -> {
          if (request.getReason().length() > MAX_REASON_LENGTH) {
            throw Refusals.exception(
                Errno.EINVAL,
                "reason has %d characters, at most %d"
                    .formatted(request.getReason().length(), MAX_REASON_LENGTH));
          }
          boolean backedOff = await(host.backOff(request.getInvalidationId()));
          return BackOffInvalidationReply.newBuilder().setBackedOff(backedOff).build();
        });
  }

  private static <T> T await(CompletableFuture<T> answer) {
    return CallBound.await(answer, "the order");
  }

  private static String agentId(String agentId) {
    String malformed = HelloCheck.malformedAgentId(agentId);
    if (malformed != null) {
      throw Refusals.exception(Errno.EINVAL, malformed);
    }
    return agentId;
  }

  private static dev.fenceline.control.v1.AgentStanding encode(StandingView standing) {
    return dev.fenceline.control.v1.AgentStanding.newBuilder()
        .setAgentId(standing.agentId())
        .setState(
            switch (standing.state()) {
              case HEALTHY -> State.STATE_HEALTHY;
              case SUSPECT -> State.STATE_SUSPECT;
              case QUARANTINED -> State.STATE_QUARANTINED;
            })
        .setStrikes(standing.strikes())
        .setReason(standing.reason())
        .setByOperator(standing.byOperator())
        .setElapsedNanos(standing.elapsedNanos())
        .setHoldLeftNanos(standing.holdLeftNanos())
        .build();
  }

  private static dev.fenceline.control.v1.HostPolicy encode(HostPolicy policy) {
    return dev.fenceline.control.v1.HostPolicy.newBuilder()
        .setQuarantineStrikes(policy.quarantineStrikes())
        .setQuarantineWindowNanos(policy.windowNanos())
        .setQuarantineHoldNanos(policy.holdNanos())
        .setQuarantineGreatestHoldNanos(policy.greatestHoldNanos())
        .setDefaultNotificationMode(SpaceReads.mode(policy.defaultMode()))
        .build();
  }

  private static HostPolicy decode(dev.fenceline.control.v1.HostPolicy policy) {
    return new HostPolicy(
        policy.getQuarantineStrikes(),
        policy.getQuarantineWindowNanos(),
        policy.getQuarantineHoldNanos(),
        policy.getQuarantineGreatestHoldNanos(),
        SpaceRequests.mode(policy.getDefaultNotificationMode()));
  }
}
