package dev.fenceline.coordinator.support;

import com.google.protobuf.Message;
import dev.fenceline.common.v1.DeviceRef;
import dev.fenceline.common.v1.Interval;
import dev.fenceline.model.Errno;
import dev.fenceline.space.v1.AddressSpaceServiceGrpc.AddressSpaceServiceImplBase;
import dev.fenceline.space.v1.AdviseRequest;
import dev.fenceline.space.v1.CreateSpaceReply;
import dev.fenceline.space.v1.CreateSpaceRequest;
import dev.fenceline.space.v1.DestroySpaceRequest;
import dev.fenceline.space.v1.InvalidateRequest;
import dev.fenceline.space.v1.ListAttributesReply;
import dev.fenceline.space.v1.ListAttributesRequest;
import dev.fenceline.space.v1.ListContentionReply;
import dev.fenceline.space.v1.ListContentionRequest;
import dev.fenceline.space.v1.MapRequest;
import dev.fenceline.space.v1.OperationReply;
import dev.fenceline.space.v1.ProtectRequest;
import dev.fenceline.space.v1.RangeAttributes;
import dev.fenceline.space.v1.RemapRequest;
import dev.fenceline.space.v1.SetAttributesRequest;
import dev.fenceline.space.v1.SetNotificationModeReply;
import dev.fenceline.space.v1.SetNotificationModeRequest;
import dev.fenceline.space.v1.SetOomScoreAdjustReply;
import dev.fenceline.space.v1.SetOomScoreAdjustRequest;
import dev.fenceline.space.v1.UnmapRequest;
import dev.fenceline.space.v1.UnpinReply;
import dev.fenceline.space.v1.UnpinRequest;
import dev.fenceline.wire.CommonCodec;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/** Takes changes of address spaces down and says they are done. Thread-safe. */
public final class FakeSpaceCommands extends AddressSpaceServiceImplBase {
  private static final Metadata.Key<byte[]> TRAILER =
      Metadata.Key.of("fenceline-error-bin", Metadata.BINARY_BYTE_MARSHALLER);

  /** An address at which a change is refused with EEXIST. */
  public static final long TAKEN = 0x7000_0000_0000L;

  /** An address at which an operation backs off. */
  public static final long BUSY = 0x7100_0000_0000L;

  /** An address space that ends before a change of its policy arrives. */
  public static final long ENDED = 6;

  /** What was asked for, in order. */
  public final List<Message> received = new CopyOnWriteArrayList<>();

  /** Holds changes up while it is not null. */
  public volatile CountDownLatch gate;

  @Override
  public void createSpace(CreateSpaceRequest request, StreamObserver<CreateSpaceReply> reply) {
    received.add(request);
    answer(reply, CreateSpaceReply.newBuilder().setSpaceId(1).build());
  }

  @Override
  public void destroySpace(DestroySpaceRequest request, StreamObserver<OperationReply> reply) {
    done(request, 0, reply);
  }

  @Override
  public void setNotificationMode(
      SetNotificationModeRequest request, StreamObserver<SetNotificationModeReply> reply) {
    received.add(request);
    if (request.getSpaceId() == ENDED) {
      refuse(reply, Status.NOT_FOUND, Errno.ENOENT, 0);
      return;
    }
    answer(reply, SetNotificationModeReply.getDefaultInstance());
  }

  @Override
  public void setOomScoreAdjust(
      SetOomScoreAdjustRequest request, StreamObserver<SetOomScoreAdjustReply> reply) {
    received.add(request);
    answer(reply, SetOomScoreAdjustReply.getDefaultInstance());
  }

  @Override
  public void map(MapRequest request, StreamObserver<OperationReply> reply) {
    done(request, request.getAddress(), reply);
  }

  @Override
  public void unmap(UnmapRequest request, StreamObserver<OperationReply> reply) {
    done(request, request.getAddress(), reply);
  }

  @Override
  public void protect(ProtectRequest request, StreamObserver<OperationReply> reply) {
    done(request, request.getAddress(), reply);
  }

  @Override
  public void remap(RemapRequest request, StreamObserver<OperationReply> reply) {
    done(request, request.getOldAddress(), reply);
  }

  @Override
  public void advise(AdviseRequest request, StreamObserver<OperationReply> reply) {
    done(request, request.getAddress(), reply);
  }

  @Override
  public void invalidate(InvalidateRequest request, StreamObserver<OperationReply> reply) {
    done(request, request.getAddress(), reply);
  }

  @Override
  public void setAttributes(SetAttributesRequest request, StreamObserver<OperationReply> reply) {
    done(request, request.getAddress(), reply);
  }

  @Override
  public void listAttributes(
      ListAttributesRequest request, StreamObserver<ListAttributesReply> reply) {
    ListAttributesReply.Builder all = ListAttributesReply.newBuilder();
    if (request.getFromAddress() == 0) {
      all.setMore(true)
          .addRangesBuilder()
          .setInterval(Interval.newBuilder().setStart(0x10000).setEnd(0x20000))
          .setAttributes(
              RangeAttributes.newBuilder()
                  .setPreferred(DeviceRef.newBuilder().setAgentId("agent-1"))
                  .setGranularity(RangeAttributes.Granularity.GRANULARITY_64K));
    }
    answer(reply, all.build());
  }

  @Override
  public void listContention(
      ListContentionRequest request, StreamObserver<ListContentionReply> reply) {
    ListContentionReply.Builder all = ListContentionReply.newBuilder();
    all.addBlocksBuilder()
        .setInterval(Interval.newBuilder().setStart(0).setEnd(0x200000))
        .setTurns(3)
        .setLastTurn(DeviceRef.newBuilder().setAgentId("agent-1"))
        .setNaps(11)
        .setPinnedPages(1)
        .setPinnedLeftNanos(150_000_000);
    answer(reply, all.build());
  }

  @Override
  public void unpin(UnpinRequest request, StreamObserver<UnpinReply> reply) {
    received.add(request);
    answer(reply, UnpinReply.newBuilder().setUnpinnedPages(4).build());
  }

  private void done(Message request, long address, StreamObserver<OperationReply> reply) {
    received.add(request);
    CountDownLatch held = gate;
    if (held != null) {
      try {
        held.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
    if (address == TAKEN) {
      refuse(reply, Status.ALREADY_EXISTS, Errno.EEXIST, address);
      return;
    }
    answer(
        reply,
        OperationReply.newBuilder()
            .setOutcome(
                address == BUSY
                    ? OperationReply.Outcome.OUTCOME_BACKED_OFF
                    : OperationReply.Outcome.OUTCOME_DONE)
            .setAddress(address)
            .setInvalidationId(43)
            .setWaitNanos(1_500)
            .setFencesWaited(1)
            .build());
  }

  private static void refuse(StreamObserver<?> reply, Status status, Errno errno, long address) {
    Metadata trailer = new Metadata();
    trailer.put(
        TRAILER, CommonCodec.errorDetail(errno, "as this fake has it", address).toByteArray());
    reply.onError(status.asRuntimeException(trailer));
  }

  private static <T> void answer(StreamObserver<T> reply, T message) {
    reply.onNext(message);
    reply.onCompleted();
  }
}
