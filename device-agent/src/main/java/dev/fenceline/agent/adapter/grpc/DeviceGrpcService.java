package dev.fenceline.agent.adapter.grpc;

import dev.fenceline.agent.engine.FaultOutcome;
import dev.fenceline.agent.runtime.AgentRuntime;
import dev.fenceline.agent.runtime.Delays;
import dev.fenceline.agent.runtime.Device;
import dev.fenceline.agent.runtime.HostLink;
import dev.fenceline.agent.runtime.program.Program;
import dev.fenceline.common.v1.Interval;
import dev.fenceline.device.v1.AgentInfo;
import dev.fenceline.device.v1.CloseMirrorReply;
import dev.fenceline.device.v1.CloseMirrorRequest;
import dev.fenceline.device.v1.DeviceServiceGrpc;
import dev.fenceline.device.v1.GetAgentRequest;
import dev.fenceline.device.v1.OpenMirrorReply;
import dev.fenceline.device.v1.OpenMirrorRequest;
import dev.fenceline.device.v1.ProgramResult;
import dev.fenceline.device.v1.RunProgramRequest;
import dev.fenceline.device.v1.SetDelaysReply;
import dev.fenceline.device.v1.SetDelaysRequest;
import dev.fenceline.device.v1.SnapshotReply;
import dev.fenceline.device.v1.SnapshotRequest;
import dev.fenceline.model.Errno;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Pages;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The device service. Thread-safe. Handlers block, so the server runs them on virtual threads; a
 * refusal carries the typed detail in the trailer.
 */
public final class DeviceGrpcService extends DeviceServiceGrpc.DeviceServiceImplBase {
  private static final long MIRROR_TIMEOUT_SECONDS = 10;
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
          Device device = device(request.getDeviceIndex());
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
          Program program = ProgramCodec.decode(request);
          if (program == null) {
            throw ErrorTrailer.of(Errno.EINVAL, "no program that this agent knows", null);
          }
          return ProgramCodec.encode(
              agent
                  .run(
                      link(request.getHostId()),
                      device(request.getDeviceIndex()),
                      request.getSpaceId(),
                      program,
                      request.getDeadlineNanos())
                  .get());
        });
  }

  @Override
  public void snapshot(SnapshotRequest request, StreamObserver<SnapshotReply> observer) {
    answer(
        observer,
        () -> {
          HostLink link = link(request.getHostId());
          Device device = device(request.getDeviceIndex());
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
            vpn += step(agent.snapshot(link, device, request.getSpaceId(), vpn, pages), reply);
          }
          return reply.build();
        });
  }

  /** How many pages the outcome told of. */
  private static int step(
      @org.jspecify.annotations.Nullable FaultOutcome outcome, SnapshotReply.Builder reply) {
    return switch (outcome) {
      case FaultOutcome.Reported reported -> {
        int pages = 0;
        for (PageRun run : reported.runs()) {
          for (int i = 0; i < run.pageCount(); i++) {
            reply.addPages(state(run));
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

  private static SnapshotReply.PageState state(PageRun run) {
    return switch (run.state()) {
      case PRESENT ->
          run.writable()
              ? SnapshotReply.PageState.PAGE_STATE_WRITE
              : SnapshotReply.PageState.PAGE_STATE_READ;
      case ZERO -> SnapshotReply.PageState.PAGE_STATE_ZERO;
      case HOLE -> SnapshotReply.PageState.PAGE_STATE_NONE;
      case ERROR -> SnapshotReply.PageState.PAGE_STATE_ERROR;
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
