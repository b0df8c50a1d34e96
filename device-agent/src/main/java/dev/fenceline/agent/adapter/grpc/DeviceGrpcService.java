package dev.fenceline.agent.adapter.grpc;

import dev.fenceline.agent.engine.FaultOutcome;
import dev.fenceline.agent.engine.program.ProgramBook;
import dev.fenceline.agent.runtime.AgentRuntime;
import dev.fenceline.agent.runtime.Delays;
import dev.fenceline.agent.runtime.Device;
import dev.fenceline.agent.runtime.HostLink;
import dev.fenceline.agent.runtime.ProgramDesk;
import dev.fenceline.agent.runtime.program.Program;
import dev.fenceline.common.v1.Interval;
import dev.fenceline.device.v1.AgentInfo;
import dev.fenceline.device.v1.CancelProgramRequest;
import dev.fenceline.device.v1.CloseMirrorReply;
import dev.fenceline.device.v1.CloseMirrorRequest;
import dev.fenceline.device.v1.DeviceServiceGrpc;
import dev.fenceline.device.v1.GetAgentRequest;
import dev.fenceline.device.v1.GetProgramRequest;
import dev.fenceline.device.v1.ListProgramsReply;
import dev.fenceline.device.v1.ListProgramsRequest;
import dev.fenceline.device.v1.OpenMirrorReply;
import dev.fenceline.device.v1.OpenMirrorRequest;
import dev.fenceline.device.v1.PreemptProgramRequest;
import dev.fenceline.device.v1.ProgramInfo;
import dev.fenceline.device.v1.ProgramResult;
import dev.fenceline.device.v1.RunProgramRequest;
import dev.fenceline.device.v1.SetDelaysReply;
import dev.fenceline.device.v1.SetDelaysRequest;
import dev.fenceline.device.v1.SnapshotReply;
import dev.fenceline.device.v1.SnapshotReply.PageState;
import dev.fenceline.device.v1.SnapshotRequest;
import dev.fenceline.model.Errno;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Peer;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The device service. Thread-safe. Handlers block, so the server runs them on virtual threads; a
 * refusal carries the typed detail in the trailer.
 */
public final class DeviceGrpcService extends DeviceServiceGrpc.DeviceServiceImplBase {
  private static final long MIRROR_TIMEOUT_SECONDS = 10;
  private static final int DEFAULT_PAGE_SIZE = 100;
  private static final int MAX_PAGE_SIZE = 1000;
  private static final int ALL_DEVICES = -1;
  private static final int MAX_REASON_LENGTH = 256;
  private static final int MAX_SNAPSHOT_PAGES = 65_536;
  private static final int MAX_SNAPSHOT_STEP = 512;

  /** A call's answer, or the refusal it throws. */
  @FunctionalInterface
  private interface Answer<T> {
    T get() throws InterruptedException, ExecutionException, TimeoutException;
  }

  private final AgentRuntime agent;

  public DeviceGrpcService(AgentRuntime agent) {
    this.agent = agent;
  }

  @Override
  public void getAgent(GetAgentRequest request, StreamObserver<AgentInfo> observer) {
    answer(observer, () -> AgentInfoCodec.encode(agent));
  }

  @Override
  public void openMirror(OpenMirrorRequest request, StreamObserver<OpenMirrorReply> observer) {
    answer(
        observer,
        () -> {
          Device device = working(request.getDeviceIndex());
          Interval interval = checked(request.getInterval());
          HostLink.MirrorOutcome.Opened opened =
              opened(
                  link(request.getHostId())
                      .openMirror(
                          device.index(),
                          request.getSpaceId(),
                          interval.getStart(),
                          interval.getEnd(),
                          false));
          return OpenMirrorReply.newBuilder()
              .setMirrorId(opened.mirrorId())
              .setSequence(opened.sequence())
              .build();
        });
  }

  private static HostLink.MirrorOutcome.Opened opened(
      CompletableFuture<HostLink.MirrorOutcome> asked)
      throws InterruptedException, ExecutionException, TimeoutException {
    return switch (asked.get(MIRROR_TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
      case HostLink.MirrorOutcome.Opened opened -> opened;
      case HostLink.MirrorOutcome.Closed closed ->
          throw ErrorTrailer.of(Errno.ENOENT, "the mirror was closed meanwhile", null);
      case HostLink.MirrorOutcome.Refused refused ->
          throw ErrorTrailer.of(refused.errno(), refused.message(), null);
    };
  }

  @Override
  public void closeMirror(CloseMirrorRequest request, StreamObserver<CloseMirrorReply> observer) {
    answer(
        observer,
        () -> {
          device(request.getDeviceIndex());
          HostLink.MirrorOutcome outcome =
              link(request.getHostId())
                  .closeMirror(request.getMirrorId())
                  .get(MIRROR_TIMEOUT_SECONDS, TimeUnit.SECONDS);
          if (outcome instanceof HostLink.MirrorOutcome.Refused refused) {
            throw ErrorTrailer.of(refused.errno(), refused.message(), null);
          }
          return CloseMirrorReply.getDefaultInstance();
        });
  }

  @Override
  public void runProgram(RunProgramRequest request, StreamObserver<ProgramResult> observer) {
    answer(
        observer,
        () -> {
          ProgramDesk.Order order = order(request, device(request.getDeviceIndex()));
          return ProgramCodec.encode(agent.run(order, request.getDeadlineNanos()).get());
        });
  }

  private ProgramDesk.Order order(RunProgramRequest request, Device device) {
    Program program = ProgramCodec.decode(request);
    if (program == null) {
      throw ErrorTrailer.of(Errno.EINVAL, "no program that this agent knows", null);
    }
    return new ProgramDesk.Order(
        link(request.getHostId()),
        device,
        request.getSpaceId(),
        program,
        ProgramCodec.dependencies(request));
  }

  @Override
  public void submitProgram(RunProgramRequest request, StreamObserver<ProgramInfo> observer) {
    answer(
        observer,
        () -> {
          ProgramDesk.Order order = order(request, device(request.getDeviceIndex()));
          return switch (agent.submit(order, request.getDeadlineNanos())) {
            case ProgramDesk.Submitted.Accepted accepted ->
                known(accepted.number(), agent.programs().find(accepted.number()));
            case ProgramDesk.Submitted.Refused refused ->
                throw ErrorTrailer.of(refused.errno(), refused.message(), null);
          };
        });
  }

  @Override
  public void getProgram(GetProgramRequest request, StreamObserver<ProgramInfo> observer) {
    long number = request.getProgramNumber();
    answer(observer, () -> known(number, agent.programs().find(number)));
  }

  @Override
  public void cancelProgram(CancelProgramRequest request, StreamObserver<ProgramInfo> observer) {
    long number = request.getProgramNumber();
    answer(
        observer,
        () -> known(number, agent.programs().cancel(number, "the program was cancelled")));
  }

  @Override
  public void preemptProgram(PreemptProgramRequest request, StreamObserver<ProgramInfo> observer) {
    long number = request.getProgramNumber();
    answer(
        observer,
        () -> {
          String reason = request.getReason();
          if (reason.length() > MAX_REASON_LENGTH) {
            throw ErrorTrailer.of(
                Errno.EINVAL,
                "reason has %d characters, at most %d"
                    .formatted(reason.length(), MAX_REASON_LENGTH),
                null);
          }
          return switch (agent.programs().preempt(number, "the program is preempted: " + reason)) {
            case ProgramDesk.Preempted.Taken taken -> ProgramCodec.encode(taken.program());
            case ProgramDesk.Preempted.NotReplayable() ->
                throw ErrorTrailer.of(
                    Errno.EINVAL, "program " + number + " is not replayable", null);
            case ProgramDesk.Preempted.Unknown() -> known(number, null);
          };
        });
  }

  @Override
  public void listPrograms(
      ListProgramsRequest request, StreamObserver<ListProgramsReply> observer) {
    answer(
        observer,
        () -> {
          int size = request.getPageSize() == 0 ? DEFAULT_PAGE_SIZE : request.getPageSize();
          if (size < 0 || size > MAX_PAGE_SIZE) {
            throw ErrorTrailer.of(
                Errno.EINVAL,
                "page size %s is not in [0, %d]"
                    .formatted(Integer.toUnsignedString(size), MAX_PAGE_SIZE),
                null);
          }
          int device =
              request.hasDeviceIndex() ? device(request.getDeviceIndex()).index() : ALL_DEVICES;
          List<ProgramDesk.ProgramView> found =
              agent
                  .programs()
                  .list(
                      device,
                      request.getPendingOnly(),
                      Math.max(0, request.getBeforeProgramNumber()),
                      size + 1);
          ListProgramsReply.Builder reply =
              ListProgramsReply.newBuilder().setMore(found.size() > size);
          found.stream()
              .limit(size)
              .forEach(program -> reply.addPrograms(ProgramCodec.encode(program)));
          return reply.build();
        });
  }

  private static ProgramInfo known(long number, ProgramDesk.@Nullable ProgramView program) {
    if (program == null) {
      throw ErrorTrailer.of(
          Errno.ENOENT,
          "program %s does not exist, or ended before the last %d that did"
              .formatted(Long.toUnsignedString(number), ProgramBook.MAX_ENDED),
          null);
    }
    return ProgramCodec.encode(program);
  }

  @Override
  public void snapshot(SnapshotRequest request, StreamObserver<SnapshotReply> observer) {
    answer(
        observer,
        () -> {
          HostLink link = link(request.getHostId());
          Device device = working(request.getDeviceIndex());
          Interval interval = checked(request.getInterval());
          long end = Pages.number(interval.getEnd());
          long vpn = Pages.number(interval.getStart());
          if (end - vpn > MAX_SNAPSHOT_PAGES) {
            throw ErrorTrailer.of(
                Errno.EINVAL, (end - vpn) + " pages; at most " + MAX_SNAPSHOT_PAGES, null);
          }
          SnapshotReply.Builder reply = SnapshotReply.newBuilder();
          while (vpn < end) {
            int pages = (int) Math.min(MAX_SNAPSHOT_STEP, end - vpn);
            vpn +=
                step(
                    agent.snapshot(link, device, request.getSpaceId(), vpn, pages),
                    reply,
                    device.description().coherent());
          }
          return reply.build();
        });
  }

  /** How many pages the outcome told of. */
  private static int step(
      @Nullable FaultOutcome outcome, SnapshotReply.Builder reply, boolean coherent) {
    return switch (outcome) {
      case FaultOutcome.Reported reported -> {
        int pages = 0;
        for (PageRun run : reported.runs()) {
          for (int i = 0; i < run.pageCount(); i++) {
            reply.addPages(state(run, coherent)).addOrders(run.order());
          }
          pages += run.pageCount();
        }
        yield pages;
      }
      case FaultOutcome.Refused refused ->
          throw ErrorTrailer.of(refused.errno(), refused.message(), refused.address());
      case FaultOutcome.Served() ->
          throw ErrorTrailer.of(Errno.EAGAIN, "the host faulted instead of looking", null);
      case null -> throw ErrorTrailer.of(Errno.ETIME, "no answer of the host in time", null);
    };
  }

  private static PageState state(PageRun run, boolean ownIsCoherent) {
    boolean writable = run.writable();
    return switch (run.state()) {
      case PRESENT -> writable ? PageState.PAGE_STATE_WRITE : PageState.PAGE_STATE_READ;
      case ZERO -> PageState.PAGE_STATE_ZERO;
      case HOLE -> PageState.PAGE_STATE_NONE;
      case ERROR -> PageState.PAGE_STATE_ERROR;
      case DEVICE_LOCAL -> {
        if (ownIsCoherent) {
          yield writable
              ? PageState.PAGE_STATE_COHERENT_LOCAL_WRITE
              : PageState.PAGE_STATE_COHERENT_LOCAL_READ;
        }
        yield writable
            ? PageState.PAGE_STATE_DEVICE_LOCAL_WRITE
            : PageState.PAGE_STATE_DEVICE_LOCAL_READ;
      }
      case PEER -> {
        Peer peer = run.peer();
        if (peer != null && peer.coherent()) {
          yield writable
              ? PageState.PAGE_STATE_COHERENT_REMOTE_WRITE
              : PageState.PAGE_STATE_COHERENT_REMOTE_READ;
        }
        yield writable ? PageState.PAGE_STATE_PEER_WRITE : PageState.PAGE_STATE_PEER_READ;
      }
      case EXCLUSIVE -> PageState.PAGE_STATE_EXCLUSIVE;
    };
  }

  @Override
  public void setDelays(SetDelaysRequest request, StreamObserver<SetDelaysReply> observer) {
    answer(
        observer,
        () -> {
          dev.fenceline.device.v1.Delays wanted = request.getDelays();
          try {
            device(request.getDeviceIndex())
                .setDelays(
                    new Delays(
                        wanted.getDrainNanos(), wanted.getDmaNanos(), wanted.getFaultNanos()));
          } catch (IllegalArgumentException e) {
            throw ErrorTrailer.of(Errno.EINVAL, String.valueOf(e.getMessage()), null);
          }
          return SetDelaysReply.getDefaultInstance();
        });
  }

  /** The device, if it takes work. */
  private Device working(int index) {
    Device device = device(index);
    String refusal = agent.noWorkFor(device);
    if (refusal != null) {
      throw ErrorTrailer.of(Errno.EAGAIN, refusal, null);
    }
    return device;
  }

  private Device device(int index) {
    if (index < 0 || index >= agent.devices().size()) {
      throw ErrorTrailer.of(
          Errno.ENOENT,
          "no device " + Integer.toUnsignedString(index) + "; there are " + agent.devices().size(),
          null);
    }
    return agent.devices().get(index);
  }

  private HostLink link(String hostId) {
    HostLink link = agent.link(hostId);
    if (link == null) {
      throw ErrorTrailer.of(
          Errno.ENOENT,
          hostId.isEmpty()
              ? "host_id must name one of " + agent.links().size() + " hosts"
              : "the agent is not attached to host " + hostId,
          null);
    }
    return link;
  }

  private static Interval checked(Interval interval) {
    long start = interval.getStart();
    long end = interval.getEnd();
    if (!Pages.aligned(start)
        || !Pages.aligned(end)
        || start < 0
        || end > Pages.ADDRESS_LIMIT
        || start >= end) {
      throw ErrorTrailer.of(
          Errno.EINVAL,
          "[0x%x, 0x%x) is no interval of whole pages below 2^47".formatted(start, end),
          start);
    }
    return interval;
  }

  private static <T> void answer(StreamObserver<T> observer, Answer<T> answer) {
    try {
      observer.onNext(answer.get());
      observer.onCompleted();
    } catch (StatusRuntimeException refusal) {
      observer.onError(refusal);
    } catch (TimeoutException e) {
      observer.onError(ErrorTrailer.of(Errno.ETIME, "the host did not answer in time", null));
    } catch (ExecutionException e) {
      throw new IllegalStateException("an answer's future never fails", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      observer.onError(ErrorTrailer.of(Errno.UNAVAILABLE, "the agent stops", null));
    }
  }
}
