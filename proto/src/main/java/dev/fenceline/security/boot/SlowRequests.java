package dev.fenceline.security.boot;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Ends calls whose request does not come: whoever opens calls and says nothing, or dribbles a
 * message, would hold them for ever. Thread-safe.
 *
 * <p>Streams of requests are bounded by who serves them: Attach and Register by their first
 * message, leases and liveness, Transfer by its session.
 */
final class SlowRequests implements ServerInterceptor, AutoCloseable {
  private final Duration limit;
  private final ScheduledThreadPoolExecutor timers;

  SlowRequests(Duration limit) {
    this.limit = limit;
    this.timers =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("grpc-slow-requests").factory());
    timers.setRemoveOnCancelPolicy(true);
  }

  @Override
  public <Q, P> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, P> call, Metadata headers, ServerCallHandler<Q, P> next) {
    if (!call.getMethodDescriptor().getType().clientSendsOneMessage()) {
      return next.startCall(call, headers);
    }
    ClosedOnce<Q, P> closedOnce = new ClosedOnce<>(call);
    ServerCall.Listener<Q> listener = next.startCall(closedOnce, headers);
    var timer =
        timers.schedule(
            () -> closedOnce.close(tooSlow(), new Metadata()),
            limit.toNanos(),
            TimeUnit.NANOSECONDS);
    return new SimpleForwardingServerCallListener<>(listener) {
      @Override
      public void onHalfClose() {
        timer.cancel(false);
        super.onHalfClose();
      }

      @Override
      public void onCancel() {
        timer.cancel(false);
        super.onCancel();
      }

      @Override
      public void onComplete() {
        timer.cancel(false);
        super.onComplete();
      }
    };
  }

  private Status tooSlow() {
    return Status.DEADLINE_EXCEEDED.withDescription(
        "the request did not come within " + limit.toMillis() + " ms");
  }

  @Override
  public void close() {
    timers.shutdownNow();
  }

  /** A call that the handler and the timer may both close; the later one is not heard. */
  private static final class ClosedOnce<Q, P> extends SimpleForwardingServerCall<Q, P> {
    private final AtomicBoolean closed = new AtomicBoolean();

    ClosedOnce(ServerCall<Q, P> call) {
      super(call);
    }

    @Override
    public void close(Status status, Metadata trailers) {
      if (closed.compareAndSet(false, true)) {
        super.close(status, trailers);
      }
    }
  }
}
