package dev.fenceline.agent.adapter.grpc;

import dev.fenceline.agent.runtime.PeerDesk;
import dev.fenceline.device.v1.PeerAccessBatch;
import dev.fenceline.device.v1.PeerMemoryServiceGrpc;
import dev.fenceline.security.Peer;
import dev.fenceline.security.PeerRole;
import dev.fenceline.transfer.v1.DmaReplyBatch;
import dev.fenceline.transfer.v1.DmaRequest;
import dev.fenceline.wire.DmaCodec;
import dev.fenceline.wire.MalformedMessageException;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;

/**
 * The memory of this agent's devices, over gRPC. Thread-safe. The next batch of a stream is asked
 * for when the answers to the last one have been taken: what waits is bounded by the transport.
 */
public final class PeerMemoryGrpcService extends PeerMemoryServiceGrpc.PeerMemoryServiceImplBase {
  private final PeerDesk desk;

  public PeerMemoryGrpcService(PeerDesk desk) {
    this.desk = desk;
  }

  @Override
  public StreamObserver<PeerAccessBatch> access(StreamObserver<DmaReplyBatch> replies) {
    return new Requests((ServerCallStreamObserver<DmaReplyBatch>) replies, Peer.current());
  }

  /** One peer's stream. Confined to the call's callbacks, which come one at a time. */
  private final class Requests implements StreamObserver<PeerAccessBatch> {
    private final ServerCallStreamObserver<DmaReplyBatch> replies;
    private final Peer peer;
    private @Nullable DmaReplyBatch unsent;

    Requests(ServerCallStreamObserver<DmaReplyBatch> replies, Peer peer) {
      this.peer = peer;
      this.replies = replies;
      replies.disableAutoRequest();
      replies.setOnReadyHandler(this::sendIfReady);
      replies.request(1);
    }

    @Override
    public void onNext(PeerAccessBatch batch) {
      String objection =
          batch.getAgentId().isEmpty()
              ? peer.objectionTo(PeerRole.HOST, batch.getHostId())
              : peer.objectionTo(PeerRole.AGENT, batch.getAgentId());
      if (objection != null) {
        replies.onError(Status.PERMISSION_DENIED.withDescription(objection).asRuntimeException());
        return;
      }
      DmaReplyBatch.Builder answers = DmaReplyBatch.newBuilder();
      try {
        for (DmaRequest request : batch.getRequestsList()) {
          answers.addReplies(
              DmaCodec.encode(desk.access(batch.getHostId(), DmaCodec.decode(request))));
        }
      } catch (MalformedMessageException e) {
        replies.onError(
            Status.INVALID_ARGUMENT.withDescription(e.getMessage()).asRuntimeException());
        return;
      }
      unsent = answers.build();
      sendIfReady();
    }

    private void sendIfReady() {
      DmaReplyBatch answers = unsent;
      if (answers != null && replies.isReady()) {
        unsent = null;
        replies.onNext(answers);
        replies.request(1);
      }
    }

    @Override
    public void onError(Throwable failure) {
      unsent = null;
    }

    @Override
    public void onCompleted() {
      replies.onCompleted();
    }
  }
}
