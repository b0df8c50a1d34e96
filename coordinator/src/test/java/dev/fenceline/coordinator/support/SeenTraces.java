package dev.fenceline.coordinator.support;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The trace parents that calls came with: {@code method traceparent}. Thread-safe. */
public final class SeenTraces implements ServerInterceptor {
  private static final Metadata.Key<String> HEADER =
      Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER);

  private final List<String> seen = new CopyOnWriteArrayList<>();

  public List<String> seen() {
    return seen;
  }

  @Override
  public <Q, P> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, P> call, Metadata headers, ServerCallHandler<Q, P> next) {
    String trace = headers.get(HEADER);
    if (trace != null) {
      seen.add(call.getMethodDescriptor().getBareMethodName() + " " + trace);
    }
    return next.startCall(call, headers);
  }
}
