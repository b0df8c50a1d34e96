package dev.fenceline.agent.adapter.grpc;

import dev.fenceline.agent.runtime.TransferStream;
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
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The transfer stream over gRPC, with manual flow control in both directions: a batch is written
 * only if the stream is ready, and the next one is asked for when the last has been processed.
 * Thread-safe; the lock guards the queue and the outbound side.
 */
final class GrpcTransferStream
    implements TransferStream, ClientResponseObserver<DmaRequestBatch, DmaReplyBatch> {
  private static final int MAX_BATCH_REQUESTS = 64;
  private static final int MAX_BATCH_BYTES = 512 << 10;

  private final TransferStream.Listener listener;
  private final AtomicBoolean ended = new AtomicBoolean();
  private final Object lock = new Object();

  /** Guarded by the lock. */
  private final ArrayDeque<DmaRequest> waiting = new ArrayDeque<>();

  private volatile @Nullable ClientCallStreamObserver<DmaRequestBatch> outbound;

  GrpcTransferStream(TransferStream.Listener listener) {
    this.listener = listener;
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<DmaRequestBatch> requests) {
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
    ClientCallStreamObserver<DmaRequestBatch> requests = outbound;
    if (requests == null) {
      return;
    }
    synchronized (lock) {
      while (!waiting.isEmpty() && !ended.get() && requests.isReady()) {
        requests.onNext(nextBatch());
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
    ClientCallStreamObserver<DmaRequestBatch> requests = outbound;
    if (requests != null && !ended.get()) {
      requests.cancel(reason, null);
    }
  }

  @Override
  public void onNext(DmaReplyBatch batch) {
    ClientCallStreamObserver<DmaRequestBatch> requests = outbound;
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

  private void end(String reason) {
    if (ended.compareAndSet(false, true)) {
      listener.ended(reason);
    }
  }
}
