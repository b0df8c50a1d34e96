package dev.fenceline.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fenceline.common.v1.ErrorDetail;
import dev.fenceline.common.v1.Interval;
import dev.fenceline.device.v1.DeviceServiceGrpc;
import dev.fenceline.device.v1.GetProgramRequest;
import dev.fenceline.device.v1.ProgramInfo;
import dev.fenceline.device.v1.ProgramResult;
import dev.fenceline.device.v1.RunProgramRequest;
import dev.fenceline.model.Errno;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import dev.fenceline.query.v1.HostQueryServiceGrpc;
import dev.fenceline.query.v1.ListRangesReply;
import dev.fenceline.query.v1.ListRangesRequest;
import dev.fenceline.query.v1.RangeInfo;
import dev.fenceline.space.v1.AddressSpaceServiceGrpc;
import dev.fenceline.space.v1.CreateSpaceReply;
import dev.fenceline.space.v1.CreateSpaceRequest;
import dev.fenceline.space.v1.MapRequest;
import dev.fenceline.space.v1.OperationReply;
import dev.fenceline.space.v1.ReadReply;
import dev.fenceline.space.v1.ReadRequest;
import dev.fenceline.space.v1.UnmapRequest;
import dev.fenceline.wire.CommonCodec;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HostClientTest {
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final long PAGE = 4096;

  private final FakeSpaces spaces = new FakeSpaces();
  private Server server;
  private ServiceChannel channel;

  @BeforeEach
  void start() throws IOException {
    String name = InProcessServerBuilder.generateName();
    server =
        InProcessServerBuilder.forName(name)
            .addService(spaces)
            .addService(new FakeRanges())
            .addService(new FakeDevices())
            .build()
            .start();
    channel = ServiceChannel.over(InProcessChannelBuilder.forName(name).build());
  }

  @AfterEach
  void stop() {
    channel.close();
    server.shutdownNow();
  }

  private HostClient host(Duration bound) {
    return new HostClient(channel, bound);
  }

  private SpaceClient space() {
    return host(BOUND).createSpace("s", NotificationMode.SEQUENTIAL);
  }

  @Test
  void mapping_arrivesAsItWasSaid() {
    OperationOutcome outcome =
        space()
            .map(
                Mapping.at(0x10_000, 3 * PAGE, Protection.READ).of("file", PAGE, true),
                new WaitPolicy.Deadline(7));
    assertThat(outcome)
        .isEqualTo(new OperationOutcome.Done(0x10_000, new PhaseTimes(0, 0, 0, 0, 0)));
    MapRequest request = spaces.lastMap;
    assertThat(request.getPlacement()).isEqualTo(MapRequest.Placement.PLACEMENT_FIXED);
    assertThat(request.getProtection().getRead()).isTrue();
    assertThat(request.getProtection().getWrite()).isFalse();
    assertThat(request.getBacking()).isEqualTo("file");
    assertThat(request.getOffset()).isEqualTo(PAGE);
    assertThat(request.getShared()).isTrue();
    assertThat(request.getWait().getDeadlineNanos()).isEqualTo(7);
  }

  @Test
  void backOff_isAnOutcomeWithItsTimes() {
    assertThat(space().unmap(0x10_000, PAGE, WaitPolicy.TRY))
        .isEqualTo(new OperationOutcome.BackedOff(new PhaseTimes(42, 1, 2, 3, 1)));
  }

  @Test
  void refusal_carriesErrnoAndAddress() {
    RefusedException refusal =
        catchThrowableOfType(RefusedException.class, () -> space().read(0xbad000, 8));
    assertThat(refusal.errno()).isEqualTo(Errno.EFAULT);
    assertThat(refusal.address()).hasValue(0xbad000);
    assertThat(refusal).hasMessage("EFAULT: nothing is mapped there");
  }

  @Test
  void hostThatDoesNotAnswer_isGivenUpAtTheBound() {
    SpaceClient space = space();
    assertThatThrownBy(() -> host(Duration.ofMillis(50)).space(space.id()).read(0xdead_000, 8))
        .isInstanceOf(CallFailedException.class)
        .extracting(failure -> ((CallFailedException) failure).code())
        .isEqualTo(Status.Code.DEADLINE_EXCEEDED);
  }

  @Test
  void ranges_areAskedForPageByPage() {
    List<Long> starts = new ArrayList<>();
    space().ranges().forEach(range -> starts.add(range.getInterval().getStart()));
    assertThat(starts).hasSize(2500).isSorted().startsWith(PAGE).endsWith(2500 * PAGE);
  }

  @Test
  void program_isFollowedToItsEnd() throws InterruptedException, TimeoutException {
    DeviceClient devices = new DeviceClient(channel, BOUND);
    ProgramInfo submitted = devices.submit(1, 2, new DeviceProgram.Fill(PAGE, PAGE, 9));
    assertThat(submitted.getKind()).isEqualTo("fill");
    assertThat(devices.follow(submitted.getProgramNumber(), BOUND).getState())
        .isEqualTo(ProgramInfo.State.STATE_DONE);
  }

  @Test
  void programThatTakesTooLong_isReportedAndGoesOn() {
    DeviceClient devices = new DeviceClient(channel, BOUND);
    assertThatThrownBy(() -> devices.follow(Long.MAX_VALUE, Duration.ZERO))
        .isInstanceOf(TimeoutException.class);
  }

  @Test
  void programThatFails_isAResult() {
    ProgramResult result =
        new DeviceClient(channel, BOUND).run(0, 1, new DeviceProgram.Checksum(0xbad000, PAGE));
    assertThat(result.getErrno()).isEqualTo(dev.fenceline.common.v1.Errno.ERRNO_EFAULT);
  }

  /** A host's address spaces, as far as this test goes. */
  private static final class FakeSpaces
      extends AddressSpaceServiceGrpc.AddressSpaceServiceImplBase {
    private static final Metadata.Key<ErrorDetail> DETAIL =
        Metadata.Key.of(
            "fenceline-error-bin", ProtoUtils.metadataMarshaller(ErrorDetail.getDefaultInstance()));

    private volatile MapRequest lastMap = MapRequest.getDefaultInstance();

    @Override
    public void createSpace(CreateSpaceRequest request, StreamObserver<CreateSpaceReply> reply) {
      reply.onNext(CreateSpaceReply.newBuilder().setSpaceId(5).build());
      reply.onCompleted();
    }

    @Override
    public void map(MapRequest request, StreamObserver<OperationReply> reply) {
      lastMap = request;
      reply.onNext(
          OperationReply.newBuilder()
              .setOutcome(OperationReply.Outcome.OUTCOME_DONE)
              .setAddress(request.getAddress())
              .build());
      reply.onCompleted();
    }

    @Override
    public void unmap(UnmapRequest request, StreamObserver<OperationReply> reply) {
      reply.onNext(
          OperationReply.newBuilder()
              .setOutcome(OperationReply.Outcome.OUTCOME_BACKED_OFF)
              .setInvalidationId(42)
              .setScheduleNanos(1)
              .setUnmapNanos(2)
              .setWaitNanos(3)
              .setFencesWaited(1)
              .build());
      reply.onCompleted();
    }

    /** Refuses one address, and never answers at another. */
    @Override
    public void read(ReadRequest request, StreamObserver<ReadReply> reply) {
      if (request.getAddress() == 0xbad000) {
        Metadata trailers = new Metadata();
        trailers.put(
            DETAIL,
            CommonCodec.errorDetail(Errno.EFAULT, "nothing is mapped there", request.getAddress()));
        reply.onError(Status.INVALID_ARGUMENT.asRuntimeException(trailers));
      }
    }
  }

  /** 2500 ranges of one page. */
  private static final class FakeRanges extends HostQueryServiceGrpc.HostQueryServiceImplBase {
    @Override
    public void listRanges(ListRangesRequest request, StreamObserver<ListRangesReply> reply) {
      ListRangesReply.Builder page = ListRangesReply.newBuilder();
      long address = Math.max(PAGE, request.getFromAddress());
      while (address <= 2500 * PAGE && page.getRangesCount() < request.getPageSize()) {
        Interval interval = Interval.newBuilder().setStart(address).setEnd(address + PAGE).build();
        page.addRanges(RangeInfo.newBuilder().setInterval(interval));
        address += PAGE;
      }
      reply.onNext(page.setNextAddress(address <= 2500 * PAGE ? address : 0).build());
      reply.onCompleted();
    }
  }

  /** Programs that end when they are asked about for the third time. */
  private static final class FakeDevices extends DeviceServiceGrpc.DeviceServiceImplBase {
    private int asked;

    @Override
    public void submitProgram(RunProgramRequest request, StreamObserver<ProgramInfo> reply) {
      reply.onNext(
          ProgramInfo.newBuilder()
              .setProgramNumber(1)
              .setKind(request.getProgramCase().name().toLowerCase(java.util.Locale.ROOT))
              .setState(ProgramInfo.State.STATE_QUEUED)
              .build());
      reply.onCompleted();
    }

    @Override
    public synchronized void getProgram(
        GetProgramRequest request, StreamObserver<ProgramInfo> reply) {
      boolean ended = request.getProgramNumber() == 1 && ++asked >= 3;
      reply.onNext(
          ProgramInfo.newBuilder()
              .setState(ended ? ProgramInfo.State.STATE_DONE : ProgramInfo.State.STATE_RUNNING)
              .build());
      reply.onCompleted();
    }

    @Override
    public void runProgram(RunProgramRequest request, StreamObserver<ProgramResult> reply) {
      reply.onNext(
          ProgramResult.newBuilder()
              .setErrno(dev.fenceline.common.v1.Errno.ERRNO_EFAULT)
              .setMessage("nothing is mapped there")
              .build());
      reply.onCompleted();
    }
  }
}
