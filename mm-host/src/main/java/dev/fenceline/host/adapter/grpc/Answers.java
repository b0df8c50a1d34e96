package dev.fenceline.host.adapter.grpc;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers unary calls by a value, a refusal or an internal error. Stateless. */
final class Answers {
  private static final Logger LOG = LoggerFactory.getLogger(Answers.class);

  private Answers() {}

  static <T> void answer(StreamObserver<T> answers, Supplier<T> call) {
    T value;
    try {
      value = call.get();
    } catch (StatusRuntimeException refusal) {
      answers.onError(refusal);
      return;
    } catch (RuntimeException e) {
      LOG.error("a call failed", e);
      answers.onError(
          Status.INTERNAL
              .withDescription("the host failed: " + e.getMessage())
              .withCause(e)
              .asRuntimeException());
      return;
    }
    answers.onNext(value);
    answers.onCompleted();
  }
}
