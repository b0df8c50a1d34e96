package dev.fenceline.agent.fake;

import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.transfer.v1.DmaReplyBatch;
import dev.fenceline.transfer.v1.DmaRequestBatch;
import dev.fenceline.transfer.v1.TransferServiceGrpc;
import dev.fenceline.wire.DmaCodec;
import dev.fenceline.wire.MalformedMessageException;
import io.grpc.stub.StreamObserver;

/** The transfer side of {@link FakeHost}: checks like an IOMMU. Thread-safe. */
final class FakeTransfer extends TransferServiceGrpc.TransferServiceImplBase {
  private static final byte[] NOTHING = {};

  private final FakeHost host;

  FakeTransfer(FakeHost host) {
    this.host = host;
  }

  @Override
  public StreamObserver<DmaRequestBatch> transfer(StreamObserver<DmaReplyBatch> responses) {
    return new StreamObserver<>() {
      @Override
      public void onNext(DmaRequestBatch batch) {
        if (host.swallows()) {
          return;
        }
        DmaReplyBatch.Builder replies = DmaReplyBatch.newBuilder();
        for (dev.fenceline.transfer.v1.DmaRequest request : batch.getRequestsList()) {
          try {
            replies.addReplies(DmaCodec.encode(answer(DmaCodec.decode(request))));
          } catch (MalformedMessageException e) {
            replies.addReplies(
                DmaCodec.encode(
                    reply(request.getRequestId(), DmaReply.Outcome.MALFORMED, NOTHING, 0)));
          }
        }
        responses.onNext(replies.build());
      }

      @Override
      public void onError(Throwable failure) {}

      @Override
      public void onCompleted() {
        responses.onCompleted();
      }
    };
  }

  private DmaReply answer(DmaRequest request) {
    long id = request.requestId();
    if (!host.isCurrent(request.hostEpoch(), request.sessionId())) {
      return reply(id, DmaReply.Outcome.STALE_SESSION, NOTHING, 0);
    }
    synchronized (host.memory) {
      if (!host.memory.matches(request.address(), request.generations())) {
        return reply(id, DmaReply.Outcome.STALE_PAGE, NOTHING, 0);
      }
      return switch (request.operation()) {
        case READ ->
            reply(
                id,
                DmaReply.Outcome.DONE,
                host.memory.read(request.address(), request.length()),
                0);
        case WRITE -> {
          host.memory.write(request.address(), request.data());
          yield reply(id, DmaReply.Outcome.DONE, NOTHING, 0);
        }
        case FETCH_ADD ->
            reply(
                id,
                DmaReply.Outcome.DONE,
                NOTHING,
                host.memory.fetchAdd(request.address(), request.operand()));
        case COMPARE_AND_SET -> reply(id, DmaReply.Outcome.MALFORMED, NOTHING, 0);
      };
    }
  }

  private static DmaReply reply(long id, DmaReply.Outcome outcome, byte[] data, long previous) {
    return new DmaReply(id, outcome, data, previous, "");
  }
}
