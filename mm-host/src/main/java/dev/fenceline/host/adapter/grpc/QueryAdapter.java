package dev.fenceline.host.adapter.grpc;

import dev.fenceline.common.v1.Interval;
import dev.fenceline.host.engine.session.Session;
import dev.fenceline.host.engine.shard.AddressSpace;
import dev.fenceline.host.engine.shard.ShardQueries;
import dev.fenceline.host.engine.shard.ShardSession;
import dev.fenceline.host.engine.shard.SpaceMapSurvey;
import dev.fenceline.host.runtime.HostRuntime;
import dev.fenceline.host.runtime.SessionView;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import dev.fenceline.query.v1.FaultInfo;
import dev.fenceline.query.v1.GetHostRequest;
import dev.fenceline.query.v1.GetInvalidationRequest;
import dev.fenceline.query.v1.GetPageRequest;
import dev.fenceline.query.v1.GetSpaceMapRequest;
import dev.fenceline.query.v1.GetSpaceRequest;
import dev.fenceline.query.v1.GetWaitTimesRequest;
import dev.fenceline.query.v1.HostEvents;
import dev.fenceline.query.v1.HostInfo;
import dev.fenceline.query.v1.HostQueryServiceGrpc;
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
import dev.fenceline.query.v1.PageInfo;
import dev.fenceline.query.v1.PinInfo;
import dev.fenceline.query.v1.SessionInfo;
import dev.fenceline.query.v1.SpaceInfo;
import dev.fenceline.query.v1.SpaceMap;
import dev.fenceline.query.v1.WaitTimes;
import dev.fenceline.query.v1.WatchEventsRequest;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.LongStream;

/**
 * The host query service on gRPC. Thread-safe; each call runs on a virtual thread of its own and
 * reads inside the mailboxes concerned, a page at a time.
 */
public final class QueryAdapter extends HostQueryServiceGrpc.HostQueryServiceImplBase {
  private static final int DEFAULT_PAGE_SIZE = 100;
  private static final int MAX_PAGE_SIZE = 1000;
  private static final int DEFAULT_CELLS = 256;

  private final HostRuntime host;

  private final WallClock wallClock = new WallClock();

  public QueryAdapter(HostRuntime host) {
    this.host = host;
  }

  @Override
  public void getHost(GetHostRequest request, StreamObserver<HostInfo> answers) {
    Answers.answer(
        answers,
        () ->
            HostReads.account(
                host,
                onEachShard((queries, now) -> HostReads.Part.of(queries)),
                sessionViews().size()));
  }

  @Override
  public void listSessions(ListSessionsRequest request, StreamObserver<ListSessionsReply> answers) {
    Answers.answer(
        answers,
        () -> {
          ListSessionsReply.Builder reply = ListSessionsReply.newBuilder();
          for (SessionView session : sessionViews()) {
            reply.addSessions(session(session));
          }
          return reply.build();
        });
  }

  @Override
  public void listSpaces(ListSpacesRequest request, StreamObserver<ListSpacesReply> answers) {
    Answers.answer(
        answers,
        () -> {
          int size = pageSize(request.getPageSize());
          List<SpaceInfo> spaces = new ArrayList<>();
          onEachShard(
                  (queries, now) ->
                      queries.spaces().tailMap(request.getAfterSpaceId() + 1).values().stream()
                          .limit(size + 1L)
                          .map(SpaceReads::space)
                          .toList())
              .forEach(spaces::addAll);
          spaces.sort(Comparator.comparingLong(SpaceInfo::getSpaceId));
          return ListSpacesReply.newBuilder()
              .addAllSpaces(spaces.subList(0, Math.min(size, spaces.size())))
              .setMore(spaces.size() > size)
              .build();
        });
  }

  @Override
  public void getSpace(GetSpaceRequest request, StreamObserver<SpaceInfo> answers) {
    Answers.answer(
        answers, () -> inSpace(request.getSpaceId(), (queries, space) -> SpaceReads.space(space)));
  }

  @Override
  public void listRanges(ListRangesRequest request, StreamObserver<ListRangesReply> answers) {
    Answers.answer(
        answers,
        () -> {
          SpaceReads.Window asked =
              window(request.hasInterval(), request.getInterval(), request.getPageSize());
          long from = address(request.getFromAddress());
          SpaceReads.Window window =
              new SpaceReads.Window(
                  Math.min(Math.max(asked.start(), from), asked.end()), asked.end(), asked.size());
          DeviceId holder =
              request.hasHolder()
                  ? new DeviceId(
                      request.getHolder().getAgentId(), request.getHolder().getDeviceIndex())
                  : null;
          return inSpace(
              request.getSpaceId(),
              (queries, space) -> SpaceReads.ranges(queries, space, window, holder));
        });
  }

  @Override
  public void getPage(GetPageRequest request, StreamObserver<PageInfo> answers) {
    Answers.answer(
        answers,
        () -> {
          long address = address(request.getAddress());
          if (address == Pages.ADDRESS_LIMIT) {
            throw Refusals.exception(Errno.EINVAL, "address 0x800000000000 is not below 2^47");
          }
          return inSpace(
              request.getSpaceId(), (queries, space) -> SpaceReads.page(queries, space, address));
        });
  }

  @Override
  public void listMirrors(ListMirrorsRequest request, StreamObserver<ListMirrorsReply> answers) {
    Answers.answer(
        answers,
        () -> {
          SpaceReads.Window window =
              window(request.hasInterval(), request.getInterval(), request.getPageSize());
          return inSpace(
              request.getSpaceId(),
              (queries, space) ->
                  SpaceReads.mirrors(space, window, Math.max(0, request.getFrom())));
        });
  }

  @Override
  public void listInvalidations(
      ListInvalidationsRequest request, StreamObserver<ListInvalidationsReply> answers) {
    Answers.answer(
        answers,
        () -> {
          if (request.getSpaceId() != 0) {
            inSpace(request.getSpaceId(), (queries, space) -> true);
          }
          return invalidations(request, pageSize(request.getPageSize()));
        });
  }

  private ListInvalidationsReply invalidations(ListInvalidationsRequest request, int size) {
    FenceDiagnosis diagnosis = diagnosis();
    InvalidationReads.Filter filter =
        new InvalidationReads.Filter(request.getSpaceId(), request.getPendingOnly());
    long before = request.getBeforeInvalidationId();
    InvalidationReads.Place behind =
        before == 0 ? InvalidationReads.Place.NEWEST : place(before, diagnosis);
    List<InvalidationReads.Placed> found = new ArrayList<>();
    onShardsOf(
            request.getSpaceId(),
            (queries, now) -> reads(queries, diagnosis, now).list(filter, behind, size + 1))
        .forEach(found::addAll);
    found.sort(Comparator.comparing(InvalidationReads.Placed::place));
    ListInvalidationsReply.Builder reply = ListInvalidationsReply.newBuilder();
    if (before == 0) {
      // One with an id has to be left, or the next page would begin here again.
      int limit = found.isEmpty() ? size : size - 1;
      onShardsOf(
              request.getSpaceId(),
              (queries, now) -> reads(queries, diagnosis, now).queued(filter, limit))
          .stream()
          .flatMap(List::stream)
          .limit(limit)
          .forEach(reply::addInvalidations);
    }
    int room = size - reply.getInvalidationsCount();
    found.stream().limit(room).map(InvalidationReads.Placed::info).forEach(reply::addInvalidations);
    return reply.setMore(found.size() > room).build();
  }

  private InvalidationReads.Place place(long invalidationId, FenceDiagnosis diagnosis) {
    return this.<Optional<InvalidationReads.Place>>await(
            invalidationId,
            (queries, now) ->
                Optional.ofNullable(reads(queries, diagnosis, now).place(invalidationId)))
        .orElseThrow(
            () ->
                Refusals.exception(
                    Errno.ENOENT,
                    "invalidation " + invalidationId + " never existed on this host"));
  }

  @Override
  public void getSpaceMap(GetSpaceMapRequest request, StreamObserver<SpaceMap> answers) {
    Answers.answer(
        answers,
        () -> {
          int cells = cellCount(request.getCellCount());
          SpaceReads.Window window = window(true, spanOrAll(request), 0);
          SpaceMapSurvey survey =
              inSpace(
                  request.getSpaceId(),
                  (queries, space) ->
                      request.hasInterval()
                          ? SpaceMapSurvey.of(space, window.start(), window.end(), cells)
                          : SpaceMapSurvey.ofAll(space, cells));
          while (!await(request.getSpaceId(), (queries, now) -> survey.advance(queries))) {
            // The shard works for others between two slices.
          }
          return SpaceReads.map(survey);
        });
  }

  private static Interval spanOrAll(GetSpaceMapRequest request) {
    return request.hasInterval()
        ? request.getInterval()
        : Interval.newBuilder().setEnd(Pages.ADDRESS_LIMIT).build();
  }

  private static int cellCount(int cells) {
    if (cells < 0 || cells > SpaceMapSurvey.MAX_CELLS) {
      throw Refusals.exception(
          Errno.EINVAL,
          "cell count %s is not in [0, %d]"
              .formatted(Integer.toUnsignedString(cells), SpaceMapSurvey.MAX_CELLS));
    }
    return cells == 0 ? DEFAULT_CELLS : cells;
  }

  @Override
  public void listFaults(ListFaultsRequest request, StreamObserver<ListFaultsReply> answers) {
    Answers.answer(
        answers,
        () -> {
          int size = pageSize(request.getPageSize());
          long space = request.getSpaceId();
          if (space != 0) {
            inSpace(space, (queries, found) -> true);
          }
          List<FaultInfo> faults = new ArrayList<>();
          onShardsOf(
                  space,
                  (queries, now) ->
                      queries.faults(space, size).stream()
                          .map(fault -> SpaceReads.fault(fault, now))
                          .toList())
              .forEach(faults::addAll);
          faults.sort(Comparator.comparingLong(FaultInfo::getElapsedNanos).reversed());
          long total =
              onShardsOf(space, (queries, now) -> queries.faultCount(space)).stream()
                  .mapToLong(Long::longValue)
                  .sum();
          return ListFaultsReply.newBuilder()
              .addAllFaults(faults.subList(0, Math.min(size, faults.size())))
              .setTotal(Math.max(total, faults.size()))
              .build();
        });
  }

  @Override
  public void listPins(ListPinsRequest request, StreamObserver<ListPinsReply> answers) {
    Answers.answer(
        answers,
        () -> {
          int size = pageSize(request.getPageSize());
          List<PinInfo> pins = new ArrayList<>();
          onEachShard((queries, now) -> SpaceReads.pins(queries, request, size + 1, now))
              .forEach(pins::addAll);
          pins.sort(Comparator.comparingLong(PinInfo::getPinId));
          return ListPinsReply.newBuilder()
              .addAllPins(pins.subList(0, Math.min(size, pins.size())))
              .setMore(pins.size() > size)
              .build();
        });
  }

  @Override
  public void getWaitTimes(GetWaitTimesRequest request, StreamObserver<WaitTimes> answers) {
    Answers.answer(
        answers,
        () -> {
          var sum = new dev.fenceline.host.engine.shard.WaitTimes();
          onEachShard((queries, now) -> queries.waitTimes().copy()).forEach(sum::add);
          return WaitTimes.newBuilder()
              .addAllBucketBoundNanos(boxed(dev.fenceline.host.engine.shard.WaitTimes.boundNanos()))
              .addAllScheduleCounts(boxed(sum.scheduleCounts()))
              .addAllUnmapCounts(boxed(sum.unmapCounts()))
              .addAllWaitCounts(boxed(sum.waitCounts()))
              .setCompleted(sum.completed())
              .setBackedOff(sum.backedOff())
              .build();
        });
  }

  @Override
  public void getInvalidation(
      GetInvalidationRequest request, StreamObserver<InvalidationInfo> answers) {
    Answers.answer(
        answers,
        () -> {
          long id = request.getInvalidationId();
          FenceDiagnosis diagnosis = diagnosis();
          return await(
                  id, (queries, now) -> Optional.ofNullable(reads(queries, diagnosis, now).one(id)))
              .orElseThrow(
                  () ->
                      Refusals.exception(
                          Errno.ENOENT,
                          "invalidation "
                              + id
                              + " does not exist, or is older than what the host remembers"));
        });
  }

  @Override
  public void watchEvents(WatchEventsRequest request, StreamObserver<HostEvents> answers) {
    if (host.events().watcherCount() >= EventStream.MAX_WATCHERS) {
      answers.onError(
          Refusals.exception(
              Errno.RESOURCE_EXHAUSTED,
              EventStream.MAX_WATCHERS + " streams watch the events, the limit of a host"));
      return;
    }
    new EventStream(host, request, (ServerCallStreamObserver<HostEvents>) answers).start();
  }

  private InvalidationReads reads(ShardQueries queries, FenceDiagnosis diagnosis, long nowNanos) {
    return new InvalidationReads(
        queries, diagnosis, wallClock, nowNanos, System.currentTimeMillis());
  }

  private FenceDiagnosis diagnosis() {
    return new FenceDiagnosis(sessionViews(), host.settings().leases());
  }

  private List<SessionView> sessionViews() {
    return CallBound.await(host.sessions().views(), "the query");
  }

  private SessionInfo session(SessionView view) {
    long pending =
        sum(
            queries -> {
              ShardSession session = queries.session(view.sessionId());
              return session == null ? 0L : session.ledger().pendingCount();
            });
    return SessionInfo.newBuilder()
        .setAgentId(view.hello().agentId())
        .setSessionId(view.sessionId())
        .setBootToken(view.hello().bootToken())
        .setState(
            view.state() == Session.State.ATTACHED
                ? SessionInfo.State.STATE_ATTACHED
                : SessionInfo.State.STATE_DETACHED)
        .setLeaseLeftNanos(view.leaseLeftNanos())
        .setPendingFenceCount((int) pending)
        .setOverdue(view.overdue())
        .addAllDeviceNames(view.hello().devices().stream().map(DeviceDescription::name).toList())
        .build();
  }

  /** Reads one space inside its shard; refuses if there is none. */
  private <T> T inSpace(long spaceId, BiFunction<ShardQueries, AddressSpace, T> reader) {
    return this.<Optional<T>>await(
            spaceId,
            (queries, now) ->
                Optional.ofNullable(queries.space(spaceId))
                    .map(space -> reader.apply(queries, space)))
        .orElseThrow(
            () ->
                Refusals.exception(
                    Errno.ENOENT, "address space " + spaceId + " does not exist on this host"));
  }

  private <T> T await(long id, BiFunction<ShardQueries, Long, T> reader) {
    return CallBound.await(host.query(id, reader), "the query");
  }

  /** On the shard of a space, or on all (0). */
  private <T> List<T> onShardsOf(long spaceId, BiFunction<ShardQueries, Long, T> reader) {
    return spaceId == 0 ? onEachShard(reader) : List.of(await(spaceId, reader));
  }

  private static List<Long> boxed(long[] values) {
    return LongStream.of(values).boxed().toList();
  }

  private <T> List<T> onEachShard(BiFunction<ShardQueries, Long, T> reader) {
    List<T> answers = new ArrayList<>();
    for (int i = 0; i < host.shardCount(); i++) {
      answers.add(CallBound.await(host.query(host.shard(i), reader), "the query"));
    }
    return answers;
  }

  private long sum(Function<ShardQueries, Long> reader) {
    return onEachShard((queries, now) -> reader.apply(queries)).stream()
        .mapToLong(Long::longValue)
        .sum();
  }

  private static SpaceReads.Window window(boolean given, Interval interval, int pageSize) {
    int size = pageSize(pageSize);
    if (!given) {
      return new SpaceReads.Window(0, Pages.ADDRESS_LIMIT, size);
    }
    long start = interval.getStart();
    long end = interval.getEnd();
    if (!Pages.aligned(start)
        || !Pages.aligned(end)
        || start < 0
        || start >= end
        || end > Pages.ADDRESS_LIMIT) {
      throw Refusals.exception(
          Errno.EINVAL,
          "[0x%x, 0x%x) is not a page-aligned, non-empty interval below 2^47"
              .formatted(start, end));
    }
    return new SpaceReads.Window(start, end, size);
  }

  private static long address(long address) {
    if (address < 0 || address > Pages.ADDRESS_LIMIT) {
      throw Refusals.exception(Errno.EINVAL, "address 0x%x is not below 2^47".formatted(address));
    }
    return address;
  }

  private static int pageSize(int size) {
    if (size < 0 || size > MAX_PAGE_SIZE) {
      throw Refusals.exception(
          Errno.EINVAL,
          "page size " + Integer.toUnsignedString(size) + " is not in [0, " + MAX_PAGE_SIZE + "]");
    }
    return size == 0 ? DEFAULT_PAGE_SIZE : size;
  }
}
