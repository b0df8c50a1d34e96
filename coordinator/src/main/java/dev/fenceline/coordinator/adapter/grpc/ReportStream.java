package dev.fenceline.coordinator.adapter.grpc;

import dev.fenceline.registry.v1.CoordinatorUpdate;
import io.grpc.stub.ServerCallStreamObserver;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sending half of one report stream; dies with it. Thread-safe: the registry and the
 * transport's ready signal both come here.
 *
 * <p>Updates are complete, so a stream that is not ready keeps only the latest one: a node that
 * does not read costs one message.
 */
final class ReportStream {
  private static final Logger LOG = LoggerFactory.getLogger(ReportStream.class);

  private final ServerCallStreamObserver<CoordinatorUpdate> observer;
  private @Nullable CoordinatorUpdate unsent;
  private boolean ended;

  ReportStream(ServerCallStreamObserver<CoordinatorUpdate> observer) {
    this.observer = observer;
  }

  synchronized void send(CoordinatorUpdate update) {
    unsent = update;
    flush();
  }

  /** Sends what waits if the transport takes it. */
  synchronized void flush() {
    CoordinatorUpdate update = unsent;
    if (update != null && !ended && !observer.isCancelled() && observer.isReady()) {
      unsent = null;
      observer.onNext(update);
    }
  }

  /** Ends the stream; null for a good end. */
  synchronized void end(@Nullable RuntimeException failure) {
    if (ended) {
      return;
    }
    ended = true;
    if (observer.isCancelled()) {
      return;
    }
    try {
      if (failure == null) {
        observer.onCompleted();
      } else {
        observer.onError(failure);
      }
    } catch (IllegalStateException closedMeanwhile) {
      // The transport may end a call between the check and the end; then there is nobody to tell.
      LOG.debug("a report stream ended by itself", closedMeanwhile);
    }
  }
}
