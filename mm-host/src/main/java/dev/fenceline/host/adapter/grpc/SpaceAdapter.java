package dev.fenceline.host.adapter.grpc;

import com.google.protobuf.UnsafeByteOperations;
import dev.fenceline.common.v1.NotificationMode;
import dev.fenceline.common.v1.WaitPolicy;
import dev.fenceline.host.engine.attribute.AttributeMap;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.shard.AddressSpace;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.host.runtime.CpuAccess;
import dev.fenceline.host.runtime.CpuOutcome;
import dev.fenceline.host.runtime.HostRuntime;
import dev.fenceline.host.runtime.MappedFiles;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import dev.fenceline.model.RangeAttributes;
import dev.fenceline.space.v1.AddressSpaceServiceGrpc;
import dev.fenceline.space.v1.AdviseRequest;
import dev.fenceline.space.v1.AtomicAddRequest;
import dev.fenceline.space.v1.AtomicReply;
import dev.fenceline.space.v1.BrkRequest;
import dev.fenceline.space.v1.CompareAndSetRequest;
import dev.fenceline.space.v1.CreateSpaceReply;
import dev.fenceline.space.v1.CreateSpaceRequest;
import dev.fenceline.space.v1.DestroySpaceRequest;
import dev.fenceline.space.v1.ForkSpaceRequest;
import dev.fenceline.space.v1.GetMigrationRequest;
import dev.fenceline.space.v1.HandleMissingRequest;
import dev.fenceline.space.v1.InvalidateRequest;
import dev.fenceline.space.v1.ListAttributesReply;
import dev.fenceline.space.v1.ListAttributesRequest;
import dev.fenceline.space.v1.ListContentionReply;
import dev.fenceline.space.v1.ListContentionRequest;
import dev.fenceline.space.v1.ListMissingReply;
import dev.fenceline.space.v1.ListMissingRequest;
import dev.fenceline.space.v1.MapRequest;
import dev.fenceline.space.v1.MigrateRequest;
import dev.fenceline.space.v1.MigrationInfo;
import dev.fenceline.space.v1.OperationReply;
import dev.fenceline.space.v1.PinReply;
import dev.fenceline.space.v1.PinRequest;
import dev.fenceline.space.v1.ProtectRequest;
import dev.fenceline.space.v1.ReadReply;
import dev.fenceline.space.v1.ReadRequest;
import dev.fenceline.space.v1.RemapRequest;
import dev.fenceline.space.v1.SetAttributesRequest;
import dev.fenceline.space.v1.SetNotificationModeReply;
import dev.fenceline.space.v1.SetNotificationModeRequest;
import dev.fenceline.space.v1.SetOomScoreAdjustReply;
import dev.fenceline.space.v1.SetOomScoreAdjustRequest;
import dev.fenceline.space.v1.SupplyRequest;
import dev.fenceline.space.v1.SyncRequest;
import dev.fenceline.space.v1.UnmapRequest;
import dev.fenceline.space.v1.UnpinReply;
import dev.fenceline.space.v1.UnpinRequest;
import dev.fenceline.space.v1.WriteReply;
import dev.fenceline.space.v1.WriteRequest;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * The address-space service on gRPC. Thread-safe; each call runs on a virtual thread of its own and
 * may block within its deadline.
 */
public final class SpaceAdapter extends AddressSpaceServiceGrpc.AddressSpaceServiceImplBase {
  private static final int DEFAULT_LISTED = 100;
  private static final int MAX_LISTED = 1000;

  private final HostRuntime host;
  private final MigrationCalls migrations;

  public SpaceAdapter(HostRuntime host) {
    this.host = host;
    this.migrations = new MigrationCalls(host);
  }

  @Override
  public void createSpace(CreateSpaceRequest request, StreamObserver<CreateSpaceReply> answers) {
    answer(
        answers,
        () ->
            created(
                new SpaceOperation.Create(
                    SpaceRequests.name(request.getName()),
                    request.getNotificationMode() == NotificationMode.NOTIFICATION_MODE_UNSPECIFIED
                        ? host.sessions().policy().defaultMode()
                        : SpaceRequests.mode(request.getNotificationMode()),
                    request.getOomScoreAdjust())));
  }

  @Override
  public void forkSpace(ForkSpaceRequest request, StreamObserver<CreateSpaceReply> answers) {
    answer(
        answers,
        () ->
            created(
                new SpaceOperation.Fork(
                    request.getSpaceId(), SpaceRequests.name(request.getName()))));
  }

  @Override
  public void destroySpace(DestroySpaceRequest request, StreamObserver<OperationReply> answers) {
    run(
        answers,
        () -> new SpaceOperation.Destroy(request.getSpaceId()),
        WaitPolicy.getDefaultInstance());
  }

  @Override
  public void setNotificationMode(
      SetNotificationModeRequest request, StreamObserver<SetNotificationModeReply> answers) {
    answer(
        answers,
        () -> {
          done(
              new SpaceOperation.SetMode(
                  request.getSpaceId(), SpaceRequests.mode(request.getNotificationMode())));
          return SetNotificationModeReply.getDefaultInstance();
        });
  }

  @Override
  public void setOomScoreAdjust(
      SetOomScoreAdjustRequest request, StreamObserver<SetOomScoreAdjustReply> answers) {
    answer(
        answers,
        () -> {
          done(
              new SpaceOperation.SetOomScoreAdjust(
                  request.getSpaceId(), request.getOomScoreAdjust()));
          return SetOomScoreAdjustReply.getDefaultInstance();
        });
  }

  @Override
  public void setAttributes(SetAttributesRequest request, StreamObserver<OperationReply> answers) {
    run(
        answers,
        () ->
            new SpaceOperation.SetAttributes(
                request.getSpaceId(),
                request.getAddress(),
                request.getLength(),
                request.hasAttributes()
                    ? AttributeCodec.decode(request.getAttributes())
                    : RangeAttributes.NONE),
        WaitPolicy.getDefaultInstance());
  }

  @Override
  public void listAttributes(
      ListAttributesRequest request, StreamObserver<ListAttributesReply> answers) {
    answer(
        answers,
        () -> {
          int size = listed(request.getPageSize(), request.getFromAddress());
          long from = request.getFromAddress();
          long spaceId = request.getSpaceId();
          List<AttributeMap.Interval> found =
              CallBound.await(
                  host.query(
                      spaceId,
                      (queries, nowNanos) -> {
                        AddressSpace space = queries.space(spaceId);
                        return space == null
                            ? List.<AttributeMap.Interval>of()
                            : space
                                .attributes()
                                .intervals(Pages.number(from), Pages.PAGE_LIMIT, size + 1);
                      }),
                  "the query");
          return AttributeCodec.encode(found, size);
        });
  }

  private static int listed(int pageSize, long from) {
    if (pageSize < 0 || pageSize > MAX_LISTED || from < 0 || from >= Pages.ADDRESS_LIMIT) {
      throw Refusals.exception(
          Errno.EINVAL, "page_size must be 0 to %d, from_address below 2^47".formatted(MAX_LISTED));
    }
    return pageSize == 0 ? DEFAULT_LISTED : pageSize;
  }

  @Override
  public void listContention(
      ListContentionRequest request, StreamObserver<ListContentionReply> answers) {
    answer(
        answers,
        () -> {
          int size = listed(request.getPageSize(), request.getFromAddress());
          long id = request.getSpaceId();
          return CallBound.await(
              host.query(
                  id,
                  (queries, nowNanos) -> {
                    AddressSpace space = queries.space(id);
                    return space == null
                        ? ListContentionReply.getDefaultInstance()
                        : ContentionCodec.encode(space, request.getFromAddress(), size, nowNanos);
                  }),
              "the query");
        });
  }

  @Override
  public void map(MapRequest request, StreamObserver<OperationReply> answers) {
    run(answers, () -> mappable(SpaceRequests.map(request)), request.getWait());
  }

  /** Files are looked at before the engine, which knows none, is asked. */
  private SpaceOperation.Map mappable(SpaceOperation.Map map) {
    SpaceOperation.Region region = map.region();
    MappedFiles.Unmappable unmappable =
        host.files().check(region.backing(), region.shared() && region.protection().write());
    if (unmappable != null) {
      throw Refusals.exception(unmappable.errno(), unmappable.message());
    }
    return map;
  }

  @Override
  public void handleMissing(HandleMissingRequest request, StreamObserver<OperationReply> answers) {
    run(
        answers,
        () ->
            new SpaceOperation.HandleMissing(
                request.getSpaceId(),
                request.getAddress(),
                request.getLength(),
                request.getSupplied()),
        WaitPolicy.getDefaultInstance());
  }

  @Override
  public void supply(SupplyRequest request, StreamObserver<OperationReply> answers) {
    run(answers, () -> SpaceRequests.supply(request), WaitPolicy.getDefaultInstance());
  }

  @Override
  public void listMissing(ListMissingRequest request, StreamObserver<ListMissingReply> answers) {
    answer(
        answers,
        () -> {
          ListMissingReply.Builder reply = ListMissingReply.newBuilder();
          long[] pages =
              CallBound.await(
                  host.query(
                      request.getSpaceId(),
                      (queries, nowNanos) -> {
                        AddressSpace space = queries.space(request.getSpaceId());
                        return space == null ? null : queries.missing(space);
                      }),
                  "the query");
          if (pages == null) {
            throw Refusals.exception(
                Errno.ENOENT, "address space " + request.getSpaceId() + " does not exist");
          }
          for (long vpn : pages) {
            reply.addAddresses(Pages.address(vpn));
          }
          return reply.build();
        });
  }

  @Override
  public void sync(SyncRequest request, StreamObserver<OperationReply> answers) {
    run(
        answers,
        () ->
            new SpaceOperation.Sync(
                request.getSpaceId(), request.getAddress(), request.getLength()),
        WaitPolicy.getDefaultInstance());
  }

  @Override
  public void unmap(UnmapRequest request, StreamObserver<OperationReply> answers) {
    run(
        answers,
        () ->
            new SpaceOperation.Unmap(
                request.getSpaceId(), request.getAddress(), request.getLength()),
        request.getWait());
  }

  @Override
  public void protect(ProtectRequest request, StreamObserver<OperationReply> answers) {
    run(
        answers,
        () ->
            new SpaceOperation.Protect(
                request.getSpaceId(),
                request.getAddress(),
                request.getLength(),
                SpaceRequests.protection(request.getProtection())),
        request.getWait());
  }

  @Override
  public void remap(RemapRequest request, StreamObserver<OperationReply> answers) {
    run(answers, () -> SpaceRequests.remap(request), request.getWait());
  }

  @Override
  public void brk(BrkRequest request, StreamObserver<OperationReply> answers) {
    run(
        answers,
        () -> new SpaceOperation.Brk(request.getSpaceId(), request.getEnd()),
        request.getWait());
  }

  @Override
  public void advise(AdviseRequest request, StreamObserver<OperationReply> answers) {
    run(answers, () -> SpaceRequests.advise(request), request.getWait());
  }

  @Override
  public void invalidate(InvalidateRequest request, StreamObserver<OperationReply> answers) {
    run(
        answers,
        () ->
            new SpaceOperation.Invalidate(
                request.getSpaceId(), request.getAddress(), request.getLength()),
        request.getWait());
  }

  @Override
  public void pin(PinRequest request, StreamObserver<PinReply> answers) {
    answer(
        answers,
        () ->
            PinReply.newBuilder()
                .setPinId(done(SpaceRequests.pin(request)).value())
                .setPinnedPages(Pages.number(request.getLength()))
                .build());
  }

  @Override
  public void unpin(UnpinRequest request, StreamObserver<UnpinReply> answers) {
    answer(
        answers,
        () ->
            UnpinReply.newBuilder()
                .setUnpinnedPages(done(new SpaceOperation.Unpin(request.getPinId())).value())
                .build());
  }

  @Override
  public void migrate(MigrateRequest request, StreamObserver<MigrationInfo> answers) {
    answer(answers, () -> migrations.migrate(request));
  }

  @Override
  public void getMigration(GetMigrationRequest request, StreamObserver<MigrationInfo> answers) {
    answer(answers, () -> migrations.get(request));
  }

  @Override
  public void read(ReadRequest request, StreamObserver<ReadReply> answers) {
    answer(
        answers,
        () -> {
          int length = request.getLength();
          if (length < 1 || length > CpuAccess.MAX_LENGTH_BYTES) {
            throw Refusals.exception(
                Errno.EINVAL,
                "length "
                    + Integer.toUnsignedString(length)
                    + " is not in [1, "
                    + CpuAccess.MAX_LENGTH_BYTES
                    + "]");
          }
          byte[] data = new byte[length];
          previous(host.cpu().read(request.getSpaceId(), request.getAddress(), data, cpuNanos()));
          return ReadReply.newBuilder().setData(UnsafeByteOperations.unsafeWrap(data)).build();
        });
  }

  @Override
  public void write(WriteRequest request, StreamObserver<WriteReply> answers) {
    answer(
        answers,
        () -> {
          previous(
              host.cpu()
                  .write(
                      request.getSpaceId(),
                      request.getAddress(),
                      request.getData().toByteArray(),
                      cpuNanos()));
          return WriteReply.getDefaultInstance();
        });
  }

  @Override
  public void atomicAdd(AtomicAddRequest request, StreamObserver<AtomicReply> answers) {
    answer(
        answers,
        () ->
            atomicReply(
                host.cpu()
                    .getAndAdd(
                        request.getSpaceId(),
                        request.getAddress(),
                        request.getOperand(),
                        cpuNanos())));
  }

  @Override
  public void compareAndSet(CompareAndSetRequest request, StreamObserver<AtomicReply> answers) {
    answer(
        answers,
        () ->
            atomicReply(
                host.cpu()
                    .compareAndSet(
                        request.getSpaceId(),
                        request.getAddress(),
                        request.getExpected(),
                        request.getOperand(),
                        cpuNanos())));
  }

  private long cpuNanos() {
    return Math.min(CallBound.leftNanos(), host.settings().cpuAccessNanos());
  }

  private static AtomicReply atomicReply(CpuOutcome outcome) {
    return AtomicReply.newBuilder().setPrevious(previous(outcome)).build();
  }

  private static long previous(CpuOutcome outcome) {
    return switch (outcome) {
      case CpuOutcome.Done done -> done.previous();
      case CpuOutcome.Refused refused ->
          throw Refusals.refusal(refused.errno(), refused.message(), refused.address())
              .asException();
    };
  }

  private CreateSpaceReply created(SpaceOperation operation) {
    return CreateSpaceReply.newBuilder().setSpaceId(done(operation).value()).build();
  }

  private OperationOutcome.Done done(SpaceOperation operation) {
    return switch (outcome(operation, dev.fenceline.model.WaitPolicy.BLOCK)) {
      case OperationOutcome.Done done -> done;
      case OperationOutcome.Refused refused -> throw exception(refused);
      case OperationOutcome.BackedOff backedOff ->
          throw new IllegalStateException("backed off although it blocks: " + operation);
    };
  }

  private void run(
      StreamObserver<OperationReply> answers,
      Supplier<SpaceOperation> operation,
      WaitPolicy policy) {
    answer(
        answers,
        () ->
            switch (outcome(operation.get(), SpaceRequests.wait(policy))) {
              case OperationOutcome.Done done ->
                  reply(OperationReply.Outcome.OUTCOME_DONE, done.timing())
                      .setAddress(done.value())
                      .build();
              case OperationOutcome.BackedOff backedOff ->
                  reply(OperationReply.Outcome.OUTCOME_BACKED_OFF, backedOff.timing()).build();
              case OperationOutcome.Refused refused -> throw exception(refused);
            });
  }

  private OperationOutcome outcome(
      SpaceOperation operation, dev.fenceline.model.WaitPolicy policy) {
    CompletableFuture<OperationOutcome> ended = new CompletableFuture<>();
    host.submit(operation, policy, TraceParent.current(), ended::complete);
    return CallBound.await(ended, "the operation");
  }

  private static RuntimeException exception(OperationOutcome.Refused refused) {
    return Refusals.refusal(refused.errno(), refused.message(), refused.address()).asException();
  }

  private static OperationReply.Builder reply(
      OperationReply.Outcome outcome, OperationOutcome.Timing timing) {
    return OperationReply.newBuilder()
        .setOutcome(outcome)
        .setInvalidationId(timing.invalidationId())
        .setScheduleNanos(timing.scheduleNanos())
        .setUnmapNanos(timing.unmapNanos())
        .setWaitNanos(timing.waitNanos())
        .setFencesWaited(timing.fencesWaited());
  }

  private static <T> void answer(StreamObserver<T> answers, Supplier<T> call) {
    Answers.answer(answers, call);
  }
}
