package dev.fenceline.coordinator.adapter.grpc;

import dev.fenceline.control.v1.GetHostPolicyRequest;
import dev.fenceline.control.v1.HostControlServiceGrpc;
import dev.fenceline.control.v1.ListStandingsRequest;
import dev.fenceline.coordinator.engine.query.Answer;
import dev.fenceline.coordinator.engine.query.AttributedRange;
import dev.fenceline.coordinator.engine.query.ContendedBlock;
import dev.fenceline.coordinator.engine.query.Faults;
import dev.fenceline.coordinator.engine.query.HostPolicy;
import dev.fenceline.coordinator.engine.query.HostStatus;
import dev.fenceline.coordinator.engine.query.Interval;
import dev.fenceline.coordinator.engine.query.Invalidation;
import dev.fenceline.coordinator.engine.query.Mirror;
import dev.fenceline.coordinator.engine.query.Page;
import dev.fenceline.coordinator.engine.query.Pin;
import dev.fenceline.coordinator.engine.query.Portion;
import dev.fenceline.coordinator.engine.query.Range;
import dev.fenceline.coordinator.engine.query.Session;
import dev.fenceline.coordinator.engine.query.Space;
import dev.fenceline.coordinator.engine.query.SpaceMap;
import dev.fenceline.coordinator.engine.query.Standing;
import dev.fenceline.coordinator.engine.query.WaitTimes;
import dev.fenceline.coordinator.runtime.HostQueries;
import dev.fenceline.query.v1.GetHostRequest;
import dev.fenceline.query.v1.GetInvalidationRequest;
import dev.fenceline.query.v1.GetPageRequest;
import dev.fenceline.query.v1.GetSpaceMapRequest;
import dev.fenceline.query.v1.GetSpaceRequest;
import dev.fenceline.query.v1.GetWaitTimesRequest;
import dev.fenceline.query.v1.HostQueryServiceGrpc;
import dev.fenceline.query.v1.ListFaultsRequest;
import dev.fenceline.query.v1.ListInvalidationsReply;
import dev.fenceline.query.v1.ListInvalidationsRequest;
import dev.fenceline.query.v1.ListMirrorsRequest;
import dev.fenceline.query.v1.ListPinsReply;
import dev.fenceline.query.v1.ListPinsRequest;
import dev.fenceline.query.v1.ListRangesRequest;
import dev.fenceline.query.v1.ListSessionsRequest;
import dev.fenceline.query.v1.ListSpacesReply;
import dev.fenceline.query.v1.ListSpacesRequest;
import dev.fenceline.space.v1.AddressSpaceServiceGrpc;
import dev.fenceline.space.v1.ListAttributesRequest;
import dev.fenceline.space.v1.ListContentionRequest;
import dev.fenceline.wire.MalformedMessageException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Questions to hosts over HostQueryService. Thread-safe; blocks. */
public final class GrpcHostQueries implements HostQueries {
  private final NodeCalls calls;

  public GrpcHostQueries(NodeCalls calls) {
    this.calls = calls;
  }

  @Override
  public Answer<HostStatus> host(String endpoint) {
    return calls.ask(
        endpoint,
        HostQueryServiceGrpc.getGetHostMethod(),
        GetHostRequest.getDefaultInstance(),
        QueryCodec::host);
  }

  @Override
  public Answer<List<Session>> sessions(String endpoint) {
    return calls.ask(
        endpoint,
        HostQueryServiceGrpc.getListSessionsMethod(),
        ListSessionsRequest.getDefaultInstance(),
        reply -> each(reply.getSessionsList(), QueryCodec::session));
  }

  @Override
  public Answer<Portion<Space>> spaces(String endpoint, long afterSpaceId, int limit) {
    return calls.ask(
        endpoint,
        HostQueryServiceGrpc.getListSpacesMethod(),
        ListSpacesRequest.newBuilder().setAfterSpaceId(afterSpaceId).setPageSize(limit).build(),
        GrpcHostQueries::spaces);
  }

  @Override
  public Answer<Space> space(String endpoint, long spaceId) {
    return calls.ask(
        endpoint,
        HostQueryServiceGrpc.getGetSpaceMethod(),
        GetSpaceRequest.newBuilder().setSpaceId(spaceId).build(),
        QueryCodec::space);
  }

  @Override
  public Answer<Portion<Range>> ranges(String endpoint, RangeQuery query) {
    ListRangesRequest.Builder request =
        ListRangesRequest.newBuilder()
            .setSpaceId(query.spaceId())
            .setFromAddress(query.fromAddress())
            .setPageSize(query.limit());
    if (query.interval() != null) {
      request.setInterval(QueryCodec.encode(query.interval()));
    }
    if (query.holder() != null) {
      request.setHolder(QueryCodec.encode(query.holder()));
    }
    return calls.ask(
        endpoint,
        HostQueryServiceGrpc.getListRangesMethod(),
        request.build(),
        reply ->
            new Portion<>(
                each(reply.getRangesList(), QueryCodec::range),
                reply.getNextAddress(),
                reply.getSequence()));
  }

  @Override
  public Answer<Page> page(String endpoint, long spaceId, long address) {
    return calls.ask(
        endpoint,
        HostQueryServiceGrpc.getGetPageMethod(),
        GetPageRequest.newBuilder().setSpaceId(spaceId).setAddress(address).build(),
        QueryCodec::page);
  }

  @Override
  public Answer<Portion<Mirror>> mirrors(String endpoint, MirrorQuery query) {
    ListMirrorsRequest.Builder request =
        ListMirrorsRequest.newBuilder()
            .setSpaceId(query.spaceId())
            .setFrom(query.from())
            .setPageSize(query.limit());
    if (query.interval() != null) {
      request.setInterval(QueryCodec.encode(query.interval()));
    }
    return calls.ask(
        endpoint,
        HostQueryServiceGrpc.getListMirrorsMethod(),
        request.build(),
        reply ->
            new Portion<>(
                each(reply.getMirrorsList(), QueryCodec::mirror),
                reply.getNext(),
                reply.getSequence()));
  }

  @Override
  public Answer<Portion<Invalidation>> invalidations(String endpoint, InvalidationQuery query) {
    return calls.ask(
        endpoint,
        HostQueryServiceGrpc.getListInvalidationsMethod(),
        ListInvalidationsRequest.newBuilder()
            .setSpaceId(query.spaceId())
            .setPendingOnly(query.pendingOnly())
            .setBeforeInvalidationId(query.beforeId())
            .setPageSize(query.limit())
            .build(),
        GrpcHostQueries::invalidations);
  }

  @Override
  public Answer<Invalidation> invalidation(String endpoint, long invalidationId) {
    return calls.ask(
        endpoint,
        HostQueryServiceGrpc.getGetInvalidationMethod(),
        GetInvalidationRequest.newBuilder().setInvalidationId(invalidationId).build(),
        QueryCodec::invalidation);
  }

  @Override
  public Answer<SpaceMap> map(
      String endpoint, long spaceId, @Nullable Interval interval, int cells) {
    GetSpaceMapRequest.Builder request =
        GetSpaceMapRequest.newBuilder().setSpaceId(spaceId).setCellCount(cells);
    if (interval != null) {
      request.setInterval(QueryCodec.encode(interval));
    }
    return calls.ask(
        endpoint,
        HostQueryServiceGrpc.getGetSpaceMapMethod(),
        request.build(),
        LiveQueryCodec::map);
  }

  @Override
  public Answer<Faults> faults(String endpoint, long spaceId, int limit) {
    return calls.ask(
        endpoint,
        HostQueryServiceGrpc.getListFaultsMethod(),
        ListFaultsRequest.newBuilder().setSpaceId(spaceId).setPageSize(limit).build(),
        reply -> new Faults(each(reply.getFaultsList(), LiveQueryCodec::fault), reply.getTotal()));
  }

  @Override
  public Answer<Portion<Pin>> pins(String endpoint, PinQuery query) {
    return calls.ask(
        endpoint,
        HostQueryServiceGrpc.getListPinsMethod(),
        ListPinsRequest.newBuilder()
            .setSpaceId(query.spaceId())
            .setOwner(query.owner())
            .setLongTermOnly(query.longTermOnly())
            .setAfterPinId(query.afterPinId())
            .setPageSize(query.limit())
            .build(),
        GrpcHostQueries::pins);
  }

  @Override
  public Answer<Portion<AttributedRange>> attributes(
      String endpoint, long spaceId, long from, int limit) {
    return calls.ask(
        endpoint,
        AddressSpaceServiceGrpc.getListAttributesMethod(),
        ListAttributesRequest.newBuilder()
            .setSpaceId(spaceId)
            .setFromAddress(from)
            .setPageSize(limit)
            .build(),
        PlacementCodec::ranges);
  }

  @Override
  public Answer<Portion<ContendedBlock>> contention(
      String endpoint, long spaceId, long from, int limit) {
    return calls.ask(
        endpoint,
        AddressSpaceServiceGrpc.getListContentionMethod(),
        ListContentionRequest.newBuilder()
            .setSpaceId(spaceId)
            .setFromAddress(from)
            .setPageSize(limit)
            .build(),
        PlacementCodec::contention);
  }

  @Override
  public Answer<WaitTimes> waitTimes(String endpoint) {
    return calls.ask(
        endpoint,
        HostQueryServiceGrpc.getGetWaitTimesMethod(),
        GetWaitTimesRequest.getDefaultInstance(),
        LiveQueryCodec::waitTimes);
  }

  @Override
  public Answer<List<Standing>> standings(String endpoint) {
    return calls.ask(
        endpoint,
        HostControlServiceGrpc.getListStandingsMethod(),
        ListStandingsRequest.getDefaultInstance(),
        reply -> each(reply.getStandingsList(), ControlCodec::standing));
  }

  @Override
  public Answer<HostPolicy> policy(String endpoint) {
    return calls.ask(
        endpoint,
        HostControlServiceGrpc.getGetHostPolicyMethod(),
        GetHostPolicyRequest.getDefaultInstance(),
        ControlCodec::policy);
  }

  private static Portion<Invalidation> invalidations(ListInvalidationsReply reply)
      throws MalformedMessageException {
    List<Invalidation> found = each(reply.getInvalidationsList(), QueryCodec::invalidation);
    long next = reply.getMore() && !found.isEmpty() ? found.getLast().invalidationId() : 0;
    return new Portion<>(found, next, 0);
  }

  private static Portion<Pin> pins(ListPinsReply reply) throws MalformedMessageException {
    List<Pin> pins = each(reply.getPinsList(), LiveQueryCodec::pin);
    return new Portion<>(pins, reply.getMore() && !pins.isEmpty() ? pins.getLast().pinId() : 0, 0);
  }

  private static Portion<Space> spaces(ListSpacesReply reply) throws MalformedMessageException {
    List<Space> spaces = each(reply.getSpacesList(), QueryCodec::space);
    long next = reply.getMore() && !spaces.isEmpty() ? spaces.getLast().spaceId() : 0;
    return new Portion<>(spaces, next, 0);
  }

  static <M, T> List<T> each(List<M> messages, QueryCodec.Decoder<M, T> decoder)
      throws MalformedMessageException {
    List<T> decoded = new ArrayList<>(messages.size());
    for (M message : messages) {
      decoded.add(decoder.decode(message));
    }
    return decoded;
  }
}
