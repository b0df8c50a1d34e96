package dev.fenceline.host.adapter.grpc;

import dev.fenceline.model.Errno;
import io.grpc.Context;
import io.grpc.Deadline;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** How long a unary call may wait: its own deadline, or ours. Stateless. */
final class CallBound {
  /** Of a call without a deadline; far above the bound of any fence. */
  private static final long LONGEST_NANOS = TimeUnit.MINUTES.toNanos(10);

  private CallBound() {}

  static long leftNanos() {
    Deadline deadline = Context.current().getDeadline();
    return deadline == null
        ? LONGEST_NANOS
        : Math.clamp(deadline.timeRemaining(TimeUnit.NANOSECONDS), 0, LONGEST_NANOS);
  }

  /** Waits within the bound; refuses with what went wrong. */
  static <T> T await(CompletableFuture<T> answer, String what) {
    try {
      return answer.get(leftNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw Refusals.exception(
          Errno.ETIME, what + " has not ended within the deadline of the call; it goes on");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Refusals.exception(Errno.UNAVAILABLE, "the host is stopping");
    } catch (ExecutionException e) {
      throw Refusals.exception(Errno.UNAVAILABLE, what + " failed: " + e.getMessage());
    }
  }
}
