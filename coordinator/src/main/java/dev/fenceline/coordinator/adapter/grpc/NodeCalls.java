package dev.fenceline.coordinator.adapter.grpc;

import dev.fenceline.common.v1.ErrorDetail;
import dev.fenceline.control.v1.AgentControlServiceGrpc;
import dev.fenceline.coordinator.engine.query.Answer;
import dev.fenceline.coordinator.runtime.CallerTrace;
import dev.fenceline.coordinator.runtime.QueryObserver;
import dev.fenceline.device.v1.DeviceServiceGrpc;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HumanTime;
import dev.fenceline.query.v1.HostQueryServiceGrpc;
import dev.fenceline.security.PeerRole;
import dev.fenceline.wire.CommonCodec;
import dev.fenceline.wire.MalformedMessageException;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * One question to one node: deadline, and every way in which it can fail as an {@link Answer}.
 * Thread-safe; blocks.
 */
public final class NodeCalls {
  /** Services of which every call may be repeated. */
  private static final Set<String> ASKS_ONLY = Set.of(HostQueryServiceGrpc.SERVICE_NAME);

  private static final Metadata.Key<String> TRACE_PARENT =
      Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER);

  private final NodeChannels channels;
  private final long timeoutNanos;
  private final QueryObserver observer;

  public NodeCalls(NodeChannels channels, long timeoutNanos, QueryObserver observer) {
    this.channels = channels;
    this.timeoutNanos = timeoutNanos;
    this.observer = observer;
  }

  <Q, R, T> Answer<T> ask(
      String endpoint,
      MethodDescriptor<Q, R> method,
      Q question,
      QueryCodec.Decoder<? super R, ? extends T> decoder) {
    return ask(endpoint, method, question, decoder, timeoutNanos);
  }

  /** With a time-out of its own, for what may take longer. */
  <Q, R, T> Answer<T> ask(
      String endpoint,
      MethodDescriptor<Q, R> method,
      Q question,
      QueryCodec.Decoder<? super R, ? extends T> decoder,
      long limitNanos) {
    long startNanos = System.nanoTime();
    Answer<T> answer = answer(endpoint, method, question, decoder, limitNanos);
    observer.answered(
        String.valueOf(method.getBareMethodName()),
        outcome(answer),
        System.nanoTime() - startNanos);
    return answer;
  }

  private <Q, R, T> Answer<T> answer(
      String endpoint,
      MethodDescriptor<Q, R> method,
      Q question,
      QueryCodec.Decoder<? super R, ? extends T> decoder,
      long limitNanos) {
    try {
      R reply = reply(endpoint, method, question, limitNanos);
      channels.succeeded(endpoint);
      return new Answer.Answered<>(decoder.decode(reply));
    } catch (StatusRuntimeException e) {
      return failure(endpoint, e, limitNanos);
    } catch (MalformedMessageException e) {
      return new Answer.Broken<>("MALFORMED", String.valueOf(e.getMessage()));
    }
  }

  private <Q, R> R reply(
      String endpoint, MethodDescriptor<Q, R> method, Q question, long limitNanos) {
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(limitNanos, TimeUnit.NANOSECONDS);
    PeerRole role = role(method);
    ManagedChannel channel = channels.channel(endpoint, role);
    try {
      return ClientCalls.blockingUnaryCall(traced(channel), method, options, question);
    } catch (StatusRuntimeException e) {
      if (!channel.isShutdown() || !ASKS_ONLY.contains(String.valueOf(method.getServiceName()))) {
        throw e;
      }
      // The registry let go of the channel between the two lines: the node is back and deserves
      // one more try, within the same deadline. A command is never sent twice.
      return ClientCalls.blockingUnaryCall(
          traced(channels.channel(endpoint, role)), method, options, question);
    }
  }

  /** The node's spans become children of the caller's. */
  private static Channel traced(Channel channel) {
    String trace = CallerTrace.current();
    if (trace == null) {
      return channel;
    }
    Metadata headers = new Metadata();
    headers.put(TRACE_PARENT, trace);
    return ClientInterceptors.intercept(
        channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  /** What serves the method. */
  private static PeerRole role(MethodDescriptor<?, ?> method) {
    return Objects.equals(method.getServiceName(), DeviceServiceGrpc.SERVICE_NAME)
            || Objects.equals(method.getServiceName(), AgentControlServiceGrpc.SERVICE_NAME)
        ? PeerRole.AGENT
        : PeerRole.HOST;
  }

  private <T> Answer<T> failure(String endpoint, StatusRuntimeException e, long limitNanos) {
    Status status = e.getStatus();
    Optional<ErrorDetail> detail = ErrorTrailer.detailIn(e.getTrailers());
    if (detail.isPresent()) {
      channels.succeeded(endpoint);
      return refusal(status, detail.get());
    }
    return switch (status.getCode()) {
      case DEADLINE_EXCEEDED ->
          new Answer.Unreachable<>(
              true, channels.failed(endpoint), "no answer within " + HumanTime.of(limitNanos));
      case UNAVAILABLE, CANCELLED ->
          new Answer.Unreachable<>(
              false, channels.failed(endpoint), "no connection to " + endpoint);
      case NOT_FOUND -> new Answer.Refused<>(Errno.ENOENT, description(status));
      case INVALID_ARGUMENT, OUT_OF_RANGE ->
          new Answer.Refused<>(Errno.EINVAL, description(status));
      case OK,
          UNKNOWN,
          ALREADY_EXISTS,
          PERMISSION_DENIED,
          RESOURCE_EXHAUSTED,
          FAILED_PRECONDITION,
          ABORTED,
          UNIMPLEMENTED,
          INTERNAL,
          DATA_LOSS,
          UNAUTHENTICATED ->
          new Answer.Broken<>(status.getCode().name(), description(status));
    };
  }

  private static <T> Answer<T> refusal(Status status, ErrorDetail detail) {
    try {
      Errno errno = CommonCodec.decode(detail.getErrno());
      if (errno != null) {
        return new Answer.Refused<>(errno, detail.getMessage());
      }
    } catch (MalformedMessageException newerErrno) {
      // A newer host: the status says what this version can understand.
      return new Answer.Broken<>(status.getCode().name(), detail.getMessage());
    }
    return new Answer.Broken<>(status.getCode().name(), detail.getMessage());
  }

  private static String description(Status status) {
    return status.getDescription() == null ? status.getCode().name() : status.getDescription();
  }

  private static String outcome(Answer<?> answer) {
    return switch (answer) {
      case Answer.Answered<?> ignored -> "answered";
      case Answer.Refused<?> ignored -> "refused";
      case Answer.Unreachable<?> unreachable ->
          unreachable.timedOut() ? "timed-out" : "unreachable";
      case Answer.Broken<?> ignored -> "broken";
    };
  }
}
