package dev.fenceline.agent.adapter.grpc;

import dev.fenceline.agent.runtime.AttachStream;
import dev.fenceline.attach.v1.AgentBatch;
import dev.fenceline.attach.v1.HostBatch;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.security.FailureLine;
import dev.fenceline.wire.AgentMessageCodec;
import dev.fenceline.wire.HostMessageCodec;
import dev.fenceline.wire.MalformedMessageException;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The attach stream over gRPC. Thread-safe as {@link AttachStream} demands; callbacks come from the
 * transport, one at a time.
 */
final class GrpcAttachStream
    implements AttachStream, ClientResponseObserver<AgentBatch, HostBatch> {
  private final AttachStream.Listener listener;
  private final AtomicBoolean ended = new AtomicBoolean();
  private volatile @Nullable ClientCallStreamObserver<AgentBatch> outbound;
  private volatile boolean leaving;

  /** Cancelled by us: nothing may be sent any more, and the end is on its way. */
  private volatile boolean cancelled;

  private boolean opened;

  GrpcAttachStream(AttachStream.Listener listener) {
    this.listener = listener;
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<AgentBatch> requests) {
    outbound = requests;
    requests.setOnReadyHandler(this::onReady);
  }

  private void onReady() {
    if (opened) {
      listener.ready();
    } else {
      opened = true;
      listener.opened();
    }
  }

  @Override
  public boolean isReady() {
    ClientCallStreamObserver<AgentBatch> requests = outbound;
    return !ended.get() && !cancelled && requests != null && requests.isReady();
  }

  @Override
  public void send(AgentMessage.Batch batch) {
    ClientCallStreamObserver<AgentBatch> requests = outbound;
    if (requests == null || ended.get() || cancelled) {
      return; // the end of the stream is on its way to the engine
    }
    leaving = batch.messages().getLast() instanceof AgentMessage.Leave;
    requests.onNext(AgentMessageCodec.encode(batch));
  }

  @Override
  public void close(String reason) {
    ClientCallStreamObserver<AgentBatch> requests = outbound;
    if (requests == null || ended.get()) {
      return;
    }
    if (leaving) {
      requests.onCompleted(); // the host reads the last word, then ends the stream
    } else {
      cancelled = true;
      requests.cancel(reason, null);
    }
  }

  @Override
  public void onNext(HostBatch batch) {
    try {
      listener.received(HostMessageCodec.decode(batch));
    } catch (MalformedMessageException e) {
      close("malformed message from the host: " + e.getMessage());
    }
  }

  @Override
  public void onError(Throwable failure) {
    end(Status.fromThrowable(failure));
  }

  @Override
  public void onCompleted() {
    end(Status.OK.withDescription("the host ended the stream"));
  }

  private void end(Status status) {
    if (ended.compareAndSet(false, true)) {
      listener.ended(FailureLine.of(status));
    }
  }
}
