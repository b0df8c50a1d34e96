package dev.fenceline.coordinator.adapter.grpc;

import dev.fenceline.coordinator.engine.RegistryInput.ReportReceived;
import dev.fenceline.coordinator.engine.RegistryInput.StreamClosed;
import dev.fenceline.coordinator.engine.RegistryInput.StreamOpened;
import dev.fenceline.coordinator.runtime.RegistryRuntime;
import dev.fenceline.model.Errno;
import dev.fenceline.registry.v1.CoordinatorUpdate;
import dev.fenceline.registry.v1.NodeReport;
import dev.fenceline.registry.v1.RegistryServiceGrpc.RegistryServiceImplBase;
import dev.fenceline.security.Peer;
import dev.fenceline.security.PeerRole;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The registry's server. Thread-safe; handlers never block and run on the transport's own thread.
 */
public final class RegistryGrpcService extends RegistryServiceImplBase {
  private final RegistryRuntime runtime;
  private final ReportStreams streams;
  private final AtomicLong lastStreamId = new AtomicLong();

  public RegistryGrpcService(RegistryRuntime runtime, ReportStreams streams) {
    this.runtime = runtime;
    this.streams = streams;
  }

  @Override
  public StreamObserver<NodeReport> register(StreamObserver<CoordinatorUpdate> responses) {
    var observer = (ServerCallStreamObserver<CoordinatorUpdate>) responses;
    long streamId = lastStreamId.incrementAndGet();
    ReportStream stream = new ReportStream(observer);
    Reports reports = new Reports(streamId, stream, Peer.current());
    observer.setOnReadyHandler(stream::flush);
    observer.setOnCancelHandler(() -> reports.closed("the connection was cancelled"));
    if (!streams.add(streamId, stream)) {
      stream.end(ReportStreams.goingAway());
    } else if (!runtime.offer(new StreamOpened(streamId))) {
      reports.refuse();
    }
    return reports;
  }

  /**
   * The receiving half of one stream; dies with it. Confined to the call's serialized callbacks.
   */
  private final class Reports implements StreamObserver<NodeReport> {
    private final long streamId;
    private final ReportStream stream;
    private final Peer peer;
    private final AtomicBoolean closed = new AtomicBoolean();

    Reports(long streamId, ReportStream stream, Peer peer) {
      this.streamId = streamId;
      this.stream = stream;
      this.peer = peer;
    }

    @Override
    public void onNext(NodeReport report) {
      String objection = closed.get() ? null : objection(report);
      if (objection != null) {
        closed("the peer reports for another");
        stream.end(
            ErrorTrailer.of(Status.PERMISSION_DENIED.withDescription(objection), Errno.EPERM));
      } else if (!closed.get()
          && !runtime.offer(new ReportReceived(streamId, RegistryCodec.decode(report)))) {
        refuse();
      }
    }

    private @Nullable String objection(NodeReport report) {
      return switch (report.getNodeCase()) {
        case HOST -> peer.objectionTo(PeerRole.HOST, report.getNodeId());
        case AGENT -> peer.objectionTo(PeerRole.AGENT, report.getNodeId());
        case NODE_NOT_SET -> null; // malformed, says the registry
      };
    }

    @Override
    public void onError(Throwable failure) {
      closed("it broke, " + Status.fromThrowable(failure).getCode());
    }

    @Override
    public void onCompleted() {
      closed("the node ended it");
      stream.end(null);
    }

    void closed(String reason) {
      if (closed.compareAndSet(false, true)) {
        streams.remove(streamId);
        runtime.submit(new StreamClosed(streamId, reason));
      }
    }

    /** The mailbox is full, or the coordinator stops. */
    void refuse() {
      closed("the coordinator is overloaded");
      stream.end(
          ErrorTrailer.of(
              Status.RESOURCE_EXHAUSTED.withDescription(
                  "the coordinator is overloaded or stops; report again later"),
              Errno.RESOURCE_EXHAUSTED));
    }
  }
}
