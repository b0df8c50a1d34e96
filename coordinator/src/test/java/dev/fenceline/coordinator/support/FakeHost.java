package dev.fenceline.coordinator.support;

import dev.fenceline.common.v1.DeviceRef;
import dev.fenceline.common.v1.Interval;
import dev.fenceline.common.v1.NotificationMode;
import dev.fenceline.common.v1.Protection;
import dev.fenceline.model.Errno;
import dev.fenceline.query.v1.GetHostRequest;
import dev.fenceline.query.v1.GetInvalidationRequest;
import dev.fenceline.query.v1.GetPageRequest;
import dev.fenceline.query.v1.GetSpaceMapRequest;
import dev.fenceline.query.v1.GetSpaceRequest;
import dev.fenceline.query.v1.GetWaitTimesRequest;
import dev.fenceline.query.v1.HolderInfo;
import dev.fenceline.query.v1.HostEvents;
import dev.fenceline.query.v1.HostInfo;
import dev.fenceline.query.v1.HostMemory;
import dev.fenceline.query.v1.HostQueryServiceGrpc.HostQueryServiceImplBase;
import dev.fenceline.query.v1.InvalidationInfo;
import dev.fenceline.query.v1.ListFaultsReply;
import dev.fenceline.query.v1.ListFaultsRequest;
import dev.fenceline.query.v1.ListInvalidationsReply;
import dev.fenceline.query.v1.ListInvalidationsRequest;
import dev.fenceline.query.v1.ListMirrorsReply;
import dev.fenceline.query.v1.ListMirrorsRequest;
import dev.fenceline.query.v1.ListPinsReply;
import dev.fenceline.query.v1.ListPinsRequest;
import dev.fenceline.query.v1.ListRangesReply;
import dev.fenceline.query.v1.ListRangesRequest;
import dev.fenceline.query.v1.ListSessionsReply;
import dev.fenceline.query.v1.ListSessionsRequest;
import dev.fenceline.query.v1.ListSpacesReply;
import dev.fenceline.query.v1.ListSpacesRequest;
import dev.fenceline.query.v1.MirrorInfo;
import dev.fenceline.query.v1.PageInfo;
import dev.fenceline.query.v1.RangeInfo;
import dev.fenceline.query.v1.SessionInfo;
import dev.fenceline.query.v1.SpaceInfo;
import dev.fenceline.query.v1.SpaceMap;
import dev.fenceline.query.v1.WaitTimes;
import dev.fenceline.query.v1.WatchEventsRequest;
import dev.fenceline.wire.CommonCodec;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.function.Predicate;

/**
 * A host with a small model of its address spaces behind a real gRPC server: pages its lists,
 * filters, refuses unknown ids with the trailer, and can stop answering. Thread-safe; the model is
 * fixed before questions come.
 */
public final class FakeHost extends HostQueryServiceImplBase implements AutoCloseable {
  private static final Metadata.Key<byte[]> TRAILER =
      Metadata.Key.of("fenceline-error-bin", Metadata.BINARY_BYTE_MARSHALLER);

  /** An address space of the model. */
  public static final class FakeSpace {
    public final SpaceInfo info;
    public final List<RangeInfo> ranges = new ArrayList<>();
    public final List<MirrorInfo> mirrors = new ArrayList<>();

    FakeSpace(SpaceInfo info) {
      this.info = info;
    }
  }

  private final String id;

  /** The traces that calls belonged to. */
  public final SeenTraces traces = new SeenTraces();

  private final Server server;
  private final TreeMap<Long, FakeSpace> spaces = new TreeMap<>();
  private final List<InvalidationInfo> invalidations = new ArrayList<>();
  private final List<SessionInfo> sessions = new ArrayList<>();
  private final LiveModel live = new LiveModel();
  private volatile boolean frozen;

  /** What operators did to it. */
  public final FakeSpaceCommands commands = new FakeSpaceCommands();

  /** Standings and policy. */
  public final FakeHostControl control = new FakeHostControl();

  /** Faults, pins, wait times and events, which tests may change at any time. */
  public LiveModel live() {
    return live;
  }

  public FakeHost(String id) throws IOException {
    this.id = id;
    this.server =
        NettyServerBuilder.forPort(0)
            .executor(Executors.newVirtualThreadPerTaskExecutor())
            .addService(this)
            .addService(commands)
            .addService(control)
            .intercept(traces)
            .build()
            .start();
  }

  public int port() {
    return server.getPort();
  }

  /** Answers questions about this page with what no version knows. */
  public static final long GARBLED_PAGE = 0x1000_0000L;

  /** Takes questions and does not answer them any more. */
  public void freeze(boolean on) {
    frozen = on;
  }

  public FakeSpace addSpace(long spaceId, String name) {
    FakeSpace space =
        new FakeSpace(
            SpaceInfo.newBuilder()
                .setSpaceId(spaceId)
                .setName(name)
                .setNotificationMode(NotificationMode.NOTIFICATION_MODE_SPLIT)
                .setSequence(9)
                .build());
    spaces.put(spaceId, space);
    return space;
  }

  public void addInvalidation(InvalidationInfo info) {
    invalidations.addFirst(info);
  }

  public void addSession(SessionInfo session) {
    sessions.add(session);
  }

  public static Interval interval(long start, long end) {
    return Interval.newBuilder().setStart(start).setEnd(end).build();
  }

  public static DeviceRef device(String agentId, int index) {
    return DeviceRef.newBuilder().setAgentId(agentId).setDeviceIndex(index).build();
  }

  /** A range whose pages are resident and held by the devices. */
  public static RangeInfo range(long start, long end, DeviceRef... holders) {
    RangeInfo.Builder range =
        RangeInfo.newBuilder()
            .setInterval(interval(start, end))
            .setProtection(Protection.newBuilder().setRead(true).setWrite(true))
            .setBacking("anonymous")
            .setResidentPages((end - start) / 4096)
            .setGeneration(3);
    for (DeviceRef holder : holders) {
      range.addHolders(
          HolderInfo.newBuilder()
              .setDevice(holder)
              .setDeviceName(holder.getAgentId() + "-gpu")
              .setMirrors(true)
              .setHeldPages(1));
    }
    return range.build();
  }

  @Override
  public void getHost(GetHostRequest request, StreamObserver<HostInfo> reply) {
    answer(
        reply,
        HostInfo.newBuilder()
            .setHostId(id)
            .setHostEpoch(77)
            .setTotalFrames(1000)
            .setFreeFrames(900)
            .setSpaceCount(spaces.size())
            .setLeaseTtlNanos(1_000_000_000L)
            .setLeaseExpiryNanos(1_250_000_000L)
            .setMemory(
                HostMemory.newBuilder()
                    .setActiveFrames(60)
                    .setInactiveFrames(38)
                    .setUnevictableFrames(2)
                    .setSwapSlots(16)
                    .setSwapSlotsUsed(5)
                    .setSwappedOutCount(9)
                    .setSwappedInCount(4)
                    .setPinCount(1)
                    .setPinnedFrames(2))
            .build());
  }

  @Override
  public void listSessions(ListSessionsRequest request, StreamObserver<ListSessionsReply> reply) {
    answer(reply, ListSessionsReply.newBuilder().addAllSessions(sessions).build());
  }

  @Override
  public void listSpaces(ListSpacesRequest request, StreamObserver<ListSpacesReply> reply) {
    List<SpaceInfo> rest =
        spaces.tailMap(request.getAfterSpaceId(), false).values().stream()
            .map(space -> space.info)
            .toList();
    int count = Math.min(rest.size(), request.getPageSize());
    answer(
        reply,
        ListSpacesReply.newBuilder()
            .addAllSpaces(rest.subList(0, count))
            .setMore(count < rest.size())
            .build());
  }

  @Override
  public void getSpace(GetSpaceRequest request, StreamObserver<SpaceInfo> reply) {
    FakeSpace space = space(request.getSpaceId(), reply);
    if (space != null) {
      answer(reply, space.info);
    }
  }

  @Override
  public void listRanges(ListRangesRequest request, StreamObserver<ListRangesReply> reply) {
    FakeSpace space = space(request.getSpaceId(), reply);
    if (space == null) {
      return;
    }
    Predicate<RangeInfo> wanted =
        range ->
            range.getInterval().getEnd() > request.getFromAddress()
                && (!request.hasInterval() || meet(range.getInterval(), request.getInterval()))
                && (!request.hasHolder()
                    || range.getHoldersList().stream()
                        .anyMatch(holder -> holder.getDevice().equals(request.getHolder())));
    List<RangeInfo> found = space.ranges.stream().filter(wanted).toList();
    int count = Math.min(found.size(), request.getPageSize());
    ListRangesReply.Builder page =
        ListRangesReply.newBuilder().addAllRanges(found.subList(0, count)).setSequence(9);
    if (count < found.size()) {
      page.setNextAddress(found.get(count).getInterval().getStart());
    }
    answer(reply, page.build());
  }

  @Override
  public void getPage(GetPageRequest request, StreamObserver<PageInfo> reply) {
    FakeSpace space = space(request.getSpaceId(), reply);
    if (space == null) {
      return;
    }
    if (request.getAddress() == GARBLED_PAGE) {
      answer(reply, PageInfo.newBuilder().setStateValue(99).build());
      return;
    }
    boolean mapped =
        space.ranges.stream()
            .anyMatch(
                range ->
                    range.getInterval().getStart() <= request.getAddress()
                        && request.getAddress() < range.getInterval().getEnd());
    answer(
        reply,
        PageInfo.newBuilder()
            .setAddress(request.getAddress())
            .setState(mapped ? PageInfo.State.STATE_INVALIDATING : PageInfo.State.STATE_UNMAPPED)
            .setGeneration(mapped ? 3 : 0)
            .setInvalidationId(mapped ? 42 : 0)
            .build());
  }

  @Override
  public void listMirrors(ListMirrorsRequest request, StreamObserver<ListMirrorsReply> reply) {
    FakeSpace space = space(request.getSpaceId(), reply);
    if (space == null) {
      return;
    }
    List<MirrorInfo> found =
        space.mirrors.stream()
            .skip(request.getFrom())
            .filter(
                mirror ->
                    !request.hasInterval() || meet(mirror.getInterval(), request.getInterval()))
            .toList();
    int count = Math.min(found.size(), request.getPageSize());
    answer(
        reply,
        ListMirrorsReply.newBuilder()
            .addAllMirrors(found.subList(0, count))
            .setNext(count < found.size() ? request.getFrom() + count : 0)
            .setSequence(9)
            .build());
  }

  @Override
  public void listInvalidations(
      ListInvalidationsRequest request, StreamObserver<ListInvalidationsReply> reply) {
    if (request.getSpaceId() != 0 && space(request.getSpaceId(), reply) == null) {
      return;
    }
    List<InvalidationInfo> found =
        invalidations.stream()
            .filter(
                each ->
                    request.getBeforeInvalidationId() == 0
                        || each.getInvalidationId() < request.getBeforeInvalidationId())
            .filter(each -> request.getSpaceId() == 0 || each.getSpaceId() == request.getSpaceId())
            .filter(
                each ->
                    !request.getPendingOnly()
                        || each.getState() == InvalidationInfo.State.STATE_WAITING)
            .toList();
    int count = Math.min(found.size(), request.getPageSize());
    answer(
        reply,
        ListInvalidationsReply.newBuilder()
            .addAllInvalidations(found.subList(0, count))
            .setMore(count < found.size())
            .build());
  }

  @Override
  public void getSpaceMap(GetSpaceMapRequest request, StreamObserver<SpaceMap> reply) {
    if (space(request.getSpaceId(), reply) != null) {
      answer(reply, live.map(request));
    }
  }

  @Override
  public void listFaults(ListFaultsRequest request, StreamObserver<ListFaultsReply> reply) {
    answer(reply, live.faults(request));
  }

  @Override
  public void listPins(ListPinsRequest request, StreamObserver<ListPinsReply> reply) {
    answer(reply, live.pins(request));
  }

  @Override
  public void getWaitTimes(GetWaitTimesRequest request, StreamObserver<WaitTimes> reply) {
    answer(reply, live.waitTimes());
  }

  @Override
  public void watchEvents(WatchEventsRequest request, StreamObserver<HostEvents> reply) {
    live.watch(request, reply);
  }

  @Override
  public void getInvalidation(
      GetInvalidationRequest request, StreamObserver<InvalidationInfo> reply) {
    invalidations.stream()
        .filter(each -> each.getInvalidationId() == request.getInvalidationId())
        .findFirst()
        .ifPresentOrElse(
            found -> answer(reply, found), () -> refuse(reply, "no such invalidation"));
  }

  @Override
  public void close() {
    server.shutdownNow();
  }

  private static boolean meet(Interval a, Interval b) {
    return a.getStart() < b.getEnd() && b.getStart() < a.getEnd();
  }

  private FakeSpace space(long spaceId, StreamObserver<?> reply) {
    FakeSpace space = spaces.get(spaceId);
    if (space == null) {
      refuse(reply, "no address space " + spaceId);
    }
    return space;
  }

  private <T> void answer(StreamObserver<T> reply, T message) {
    if (!frozen) {
      reply.onNext(message);
      reply.onCompleted();
    }
  }

  private void refuse(StreamObserver<?> reply, String message) {
    if (frozen) {
      return;
    }
    Metadata trailer = new Metadata();
    trailer.put(TRAILER, CommonCodec.errorDetail(Errno.ENOENT, message, null).toByteArray());
    reply.onError(Status.NOT_FOUND.withDescription(message).asRuntimeException(trailer));
  }
}
