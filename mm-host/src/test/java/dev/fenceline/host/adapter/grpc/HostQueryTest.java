package dev.fenceline.host.adapter.grpc;

import static dev.fenceline.host.adapter.grpc.HostUnderTest.BASE;
import static dev.fenceline.host.adapter.grpc.HostUnderTest.PAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fenceline.common.v1.DeviceRef;
import dev.fenceline.common.v1.FenceResolution;
import dev.fenceline.common.v1.Interval;
import dev.fenceline.common.v1.InvalidationKind;
import dev.fenceline.common.v1.WaitPolicy;
import dev.fenceline.model.Access;
import dev.fenceline.query.v1.GetHostRequest;
import dev.fenceline.query.v1.GetInvalidationRequest;
import dev.fenceline.query.v1.GetPageRequest;
import dev.fenceline.query.v1.GetSpaceRequest;
import dev.fenceline.query.v1.HostInfo;
import dev.fenceline.query.v1.InvalidationInfo;
import dev.fenceline.query.v1.ListInvalidationsRequest;
import dev.fenceline.query.v1.ListMirrorsReply;
import dev.fenceline.query.v1.ListMirrorsRequest;
import dev.fenceline.query.v1.ListRangesReply;
import dev.fenceline.query.v1.ListRangesRequest;
import dev.fenceline.query.v1.ListSessionsRequest;
import dev.fenceline.query.v1.ListSpacesReply;
import dev.fenceline.query.v1.ListSpacesRequest;
import dev.fenceline.query.v1.PageInfo;
import dev.fenceline.query.v1.RangeInfo;
import dev.fenceline.query.v1.SessionInfo;
import dev.fenceline.query.v1.SpaceInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the host says of itself. */
class HostQueryTest {
  private HostUnderTest host;
  private FakeAgent agent;
  private long space;

  @BeforeEach
  void start() throws IOException {
    host = HostUnderTest.start(64);
    space = host.createSpace();
    host.map(space, 16);
    agent = new FakeAgent(host, "agent-1", 11, 2).attach();
    agent.mirror(1, space, 0, BASE, 16);
  }

  @AfterEach
  void stop() {
    agent.close();
    host.close();
  }

  @Test
  void host_andSessions_asTheyAre() {
    HostInfo info = host.queries().getHost(GetHostRequest.getDefaultInstance());
    assertThat(info.getHostId()).isEqualTo("host-under-test");
    assertThat(info.getHostEpoch()).isEqualTo(HostUnderTest.EPOCH);
    assertThat(info.getTotalFrames()).isEqualTo(63);
    assertThat(info.getFreeFrames()).isEqualTo(63);
    assertThat(info.getSpaceCount()).isEqualTo(1);
    assertThat(info.getSessionCount()).isEqualTo(1);
    assertThat(info.getLeaseExpiryNanos()).isGreaterThan(info.getLeaseTtlNanos());

    SessionInfo session =
        host.queries().listSessions(ListSessionsRequest.getDefaultInstance()).getSessions(0);
    assertThat(session.getAgentId()).isEqualTo("agent-1");
    assertThat(session.getBootToken()).isEqualTo(11);
    assertThat(session.getSessionId()).isEqualTo(agent.sessionId());
    assertThat(session.getState()).isEqualTo(SessionInfo.State.STATE_ATTACHED);
    assertThat(session.getLeaseLeftNanos()).isPositive();
    assertThat(session.getDeviceNamesList())
        .containsExactly("agent-1-device-0", "agent-1-device-1");
  }

  @Test
  void spaces_arePaged_overAllShards() {
    List<Long> made = new ArrayList<>(List.of(space));
    for (int i = 0; i < 6; i++) {
      made.add(host.createSpace());
    }
    List<Long> listed = new ArrayList<>();
    long after = 0;
    boolean more = true;
    while (more) {
      ListSpacesReply page =
          host.queries()
              .listSpaces(
                  ListSpacesRequest.newBuilder().setAfterSpaceId(after).setPageSize(3).build());
      page.getSpacesList().forEach(info -> listed.add(info.getSpaceId()));
      after = listed.getLast();
      more = page.getMore();
    }
    assertThat(listed).isSorted().containsExactlyInAnyOrderElementsOf(made);
  }

  @Test
  void ranges_sayWhoHoldsWhat() {
    host.map(space, BASE + 32 * PAGE, 4);
    agent.fault(1, BASE + PAGE, 3, Access.WRITE);
    host.write(space, BASE, new byte[] {1});

    SpaceInfo info =
        host.queries().getSpace(GetSpaceRequest.newBuilder().setSpaceId(space).build());
    assertThat(info.getMappingCount()).isEqualTo(2);
    assertThat(info.getMappedPages()).isEqualTo(20);
    assertThat(info.getResidentPages()).isEqualTo(4);
    assertThat(info.getMirrorCount()).isEqualTo(1);

    ListRangesReply all = host.queries().listRanges(ranges().build());
    assertThat(all.getRangesCount()).isEqualTo(2);
    RangeInfo first = all.getRanges(0);
    assertThat(first.getInterval().getStart()).isEqualTo(BASE);
    assertThat(first.getInterval().getEnd()).isEqualTo(BASE + 16 * PAGE);
    assertThat(first.getProtection().getWrite()).isTrue();
    assertThat(first.getResidentPages()).isEqualTo(4);
    assertThat(first.getHoldersList())
        .extracting(holder -> holder.getDevice().getAgentId() + " " + holder.getHeldPages())
        .containsExactly("cpu 1", "agent-1 3");
    assertThat(all.getRanges(1).getHoldersList()).isEmpty();

    DeviceRef device = DeviceRef.newBuilder().setAgentId("agent-1").build();
    assertThat(host.queries().listRanges(ranges().setHolder(device).build()).getRangesList())
        .hasSize(1);
    ListRangesReply page = host.queries().listRanges(ranges().setPageSize(1).build());
    assertThat(page.getNextAddress()).isEqualTo(BASE + 32 * PAGE);
    assertThat(
            host.queries()
                .listRanges(ranges().setFromAddress(page.getNextAddress()).build())
                .getRangesList())
        .hasSize(1);
    RangeInfo part =
        host.queries()
            .listRanges(
                ranges()
                    .setInterval(
                        Interval.newBuilder().setStart(BASE + PAGE).setEnd(BASE + 2 * PAGE))
                    .build())
            .getRanges(0);
    assertThat(part.getInterval().getStart()).isEqualTo(BASE + PAGE);
    assertThat(part.getResidentPages()).isEqualTo(1);
  }

  @Test
  void pages_sayTheirState() {
    agent.fault(1, BASE, 1, Access.READ);
    agent.fault(1, BASE + PAGE, 1, Access.WRITE);
    assertThat(page(BASE).getState()).isEqualTo(PageInfo.State.STATE_ZERO);
    PageInfo written = page(BASE + PAGE + 77);
    assertThat(written.getState()).isEqualTo(PageInfo.State.STATE_PRESENT);
    assertThat(written.getAddress()).isEqualTo(BASE + PAGE);
    assertThat(written.getWritable()).isTrue();
    assertThat(written.getHolders(0).getHeldPages()).isEqualTo(1);
    assertThat(page(BASE + 2 * PAGE).getState()).isEqualTo(PageInfo.State.STATE_NOT_PRESENT);
    assertThat(page(BASE - PAGE).getState()).isEqualTo(PageInfo.State.STATE_UNMAPPED);
  }

  @Test
  void mirrors_arePaged() {
    agent.mirror(2, space, 1, BASE + PAGE, 2);
    agent.mirror(3, space, 1, BASE + 8 * PAGE, 2);
    ListMirrorsReply first =
        host.queries()
            .listMirrors(ListMirrorsRequest.newBuilder().setSpaceId(space).setPageSize(2).build());
    assertThat(first.getMirrorsList())
        .extracting(mirror -> mirror.getMirrorId())
        .containsExactly(1, 2);
    ListMirrorsReply second =
        host.queries()
            .listMirrors(
                ListMirrorsRequest.newBuilder()
                    .setSpaceId(space)
                    .setPageSize(2)
                    .setFrom(first.getNext())
                    .build());
    assertThat(second.getMirrorsList())
        .extracting(mirror -> mirror.getMirrorId())
        .containsExactly(3);
    assertThat(second.getNext()).isZero();
  }

  @Test
  void invalidation_isSeenPending_thenRemembered() {
    agent.acknowledging(false);
    agent.fault(1, BASE, 2, Access.WRITE);
    var unmap = host.spacesLater().unmap(HostUnderTest.unmap(space, 1, WaitPolicy.Mode.MODE_BLOCK));
    long id = agent.awaitInvalidate().invalidationIds().get(0);
    HostUnderTest.await(
        "phase C", () -> invalidation(id).getState() == InvalidationInfo.State.STATE_WAITING);
    var queued =
        host.spacesLater().unmap(HostUnderTest.unmap(space, 2, WaitPolicy.Mode.MODE_BLOCK));
    HostUnderTest.await(
        "the second unmap in the queue",
        () ->
            list(true).stream()
                .anyMatch(info -> info.getState() == InvalidationInfo.State.STATE_QUEUED));

    InvalidationInfo pending = invalidation(id);
    assertThat(pending.getKind()).isEqualTo(InvalidationKind.INVALIDATION_KIND_UNMAP);
    assertThat(pending.getInterval().getEnd()).isEqualTo(BASE + PAGE);
    assertThat(pending.getFencesCount()).isEqualTo(1);
    assertThat(pending.getFences(0).getDeviceName()).isEqualTo("agent-1-device-0");
    assertThat(pending.getFences(0).getElapsedNanos()).isPositive();
    assertThat(pending.getFences(0).getDiagnosis())
        .contains("draining for", "overdue in", "at the latest in");
    assertThat(Math.abs(System.currentTimeMillis() - pending.getStartedAtMillis()))
        .isLessThan(30_000);
    assertThat(page(BASE).getState()).isEqualTo(PageInfo.State.STATE_INVALIDATING);
    assertThat(page(BASE).getInvalidationId()).isEqualTo(id);
    assertThat(
            host.queries()
                .getHost(GetHostRequest.getDefaultInstance())
                .getPendingInvalidationCount())
        .isEqualTo(1);

    agent.acknowledging(true);
    agent.acknowledge(agent.awaitInvalidate());
    HostUnderTest.await("both unmaps", () -> unmap.isDone() && queued.isDone());
    InvalidationInfo ended = invalidation(id);
    assertThat(ended.getState()).isEqualTo(InvalidationInfo.State.STATE_COMPLETED);
    assertThat(ended.getFences(0).getResolution())
        .isEqualTo(FenceResolution.FENCE_RESOLUTION_ACKED);
    assertThat(ended.getFences(0).getDiagnosis()).isEmpty();
    assertThat(list(true)).isEmpty();
    assertThat(list(false)).extracting(InvalidationInfo::getInvalidationId).contains(id);
  }

  @Test
  void unknownThingsAndBadPages_areRefused() {
    expect(
        Status.Code.NOT_FOUND,
        () -> host.queries().getSpace(GetSpaceRequest.newBuilder().setSpaceId(99).build()));
    expect(Status.Code.NOT_FOUND, () -> invalidation(4_000));
    expect(
        Status.Code.INVALID_ARGUMENT,
        () -> host.queries().listRanges(ranges().setPageSize(1001).build()));
    expect(Status.Code.INVALID_ARGUMENT, () -> page(-1));
    expect(
        Status.Code.INVALID_ARGUMENT,
        () ->
            host.queries()
                .listRanges(
                    ranges().setInterval(Interval.newBuilder().setStart(8).setEnd(9)).build()));
  }

  private static void expect(Status.Code code, Runnable call) {
    StatusRuntimeException refused = catchThrowableOfType(StatusRuntimeException.class, call::run);
    assertThat(refused.getStatus().getCode()).isEqualTo(code);
    assertThat(HostUnderTest.detail(refused).getMessage()).isNotEmpty();
  }

  private ListRangesRequest.Builder ranges() {
    return ListRangesRequest.newBuilder().setSpaceId(space);
  }

  private PageInfo page(long address) {
    return host.queries()
        .getPage(GetPageRequest.newBuilder().setSpaceId(space).setAddress(address).build());
  }

  private InvalidationInfo invalidation(long id) {
    return host.queries()
        .getInvalidation(GetInvalidationRequest.newBuilder().setInvalidationId(id).build());
  }

  private List<InvalidationInfo> list(boolean pendingOnly) {
    return host.queries()
        .listInvalidations(
            ListInvalidationsRequest.newBuilder()
                .setSpaceId(space)
                .setPendingOnly(pendingOnly)
                .build())
        .getInvalidationsList();
  }
}
