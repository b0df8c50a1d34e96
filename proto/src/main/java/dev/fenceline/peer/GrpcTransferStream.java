package dev.fenceline.peer;

import dev.fenceline.concurrent.TransferStream;
import dev.fenceline.model.DmaReply.Outcome;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.security.FailureLine;
import dev.fenceline.transfer.v1.DmaReply;
import dev.fenceline.transfer.v1.DmaReplyBatch;
import dev.fenceline.transfer.v1.DmaRequestBatch;
import dev.fenceline.wire.DmaCodec;
import dev.fenceline.wire.MalformedMessageException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A stream of DMA requests over gRPC, to a host or to a peer's devices, with manual flow control in
 * both directions: a batch is written only if the stream is ready, and the next one is asked for
 * when the last has been processed. Thread-safe; the lock guards the queue and the outbound side.
 */
public final class GrpcTransferStream<B>
    implements TransferStream, ClientResponseObserver<B, DmaReplyBatch> {
  private static final int MAX_BATCH_REQUESTS = 64;
  private static final int MAX_BATCH_BYTES = 128 << 10;

  private final TransferStream.Listener listener;
  private final Function<DmaRequestBatch, B> envelope;
  private final AtomicBoolean ended = new AtomicBoolean();
  private final Object lock = new Object();

  /** Guarded by the lock. */
  private final ArrayDeque<DmaRequest> waiting = new ArrayDeque<>();

  private volatile @Nullable ClientCallStreamObserver<B> outbound;

  /**
   * @param envelope what the service wants around a batch
   */
  public GrpcTransferStream(
      TransferStream.Listener listener, Function<DmaRequestBatch, B> envelope) {
    this.listener = listener;
    this.envelope = envelope;
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<B> requests) {
    outbound = requests;
    requests.disableAutoRequestWithInitial(1);
    requests.setOnReadyHandler(this::writeWhileReady);
  }

  @Override
  public void send(DmaRequest request) {
    synchronized (lock) {
      waiting.add(request);
    }
    writeWhileReady();
  }

  private void writeWhileReady() {
    ClientCallStreamObserver<B> requests = outbound;
    if (requests == null) {
      return;
    }
    synchronized (lock) {
      while (!waiting.isEmpty() && !ended.get() && requests.isReady()) {
        requests.onNext(envelope.apply(nextBatch()));
      }
    }
  }

  private DmaRequestBatch nextBatch() {
    DmaRequestBatch.Builder batch = DmaRequestBatch.newBuilder();
    int bytes = 0;
    while (!waiting.isEmpty()
        && batch.getRequestsCount() < MAX_BATCH_REQUESTS
        && bytes < MAX_BATCH_BYTES) {
      DmaRequest request = waiting.remove();
      bytes += request.data().length;
      batch.addRequests(DmaCodec.encode(request));
    }
    return batch.build();
  }

  @Override
  public void close(String reason) {
    ClientCallStreamObserver<B> requests = outbound;
    if (requests != null && !ended.get()) {
      requests.cancel(reason, null);
    }
  }

  @Override
  public void onNext(DmaReplyBatch batch) {
    ClientCallStreamObserver<B> requests = outbound;
    try {
      for (DmaReply reply : batch.getRepliesList()) {
        listener.replied(DmaCodec.decode(reply));
      }
    } catch (MalformedMessageException e) {
      close("malformed reply from the host: " + e.getMessage());
      return;
    }
    if (requests != null) {
      requests.request(1);
    }
  }

  @Override
  public void onError(Throwable failure) {
    end(FailureLine.of(failure));
  }

  @Override
  public void onCompleted() {
    end("the host ended the stream");
  }

  /** Nobody need doubt what became of them. */
  private void refuseUnwritten(String reason) {
    List<DmaRequest> unwritten;
    synchronized (lock) {
      unwritten = List.copyOf(waiting);
      waiting.clear();
    }
    for (DmaRequest request : unwritten) {
      listener.replied(
          new dev.fenceline.model.DmaReply(
              request.requestId(), Outcome.STALE_SESSION, new byte[0], 0, reason));
    }
  }

  private void end(String reason) {
    if (ended.compareAndSet(false, true)) {
      refuseUnwritten(reason);
      listener.ended(reason);
    }
  }
}
