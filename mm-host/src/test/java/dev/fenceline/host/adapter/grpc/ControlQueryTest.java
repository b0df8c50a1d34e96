package dev.fenceline.host.adapter.grpc;

import static dev.fenceline.host.adapter.grpc.HostUnderTest.BASE;
import static dev.fenceline.host.adapter.grpc.HostUnderTest.PAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fenceline.common.v1.Interval;
import dev.fenceline.common.v1.WaitPolicy;
import dev.fenceline.model.Access;
import dev.fenceline.query.v1.FaultInfo;
import dev.fenceline.query.v1.GetSpaceMapRequest;
import dev.fenceline.query.v1.GetSpaceRequest;
import dev.fenceline.query.v1.GetWaitTimesRequest;
import dev.fenceline.query.v1.InvalidationInfo;
import dev.fenceline.query.v1.ListFaultsReply;
import dev.fenceline.query.v1.ListFaultsRequest;
import dev.fenceline.query.v1.ListInvalidationsReply;
import dev.fenceline.query.v1.ListInvalidationsRequest;
import dev.fenceline.query.v1.SpaceMap;
import dev.fenceline.query.v1.WaitTimes;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What consoles ask of a host: maps, faults, durations, long lists. */
class ControlQueryTest {
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
  void map_saysWhatIsMappedResidentAndHeld() {
    agent.fault(1, BASE, 2, Access.WRITE);
    agent.fault(1, BASE + 8 * PAGE, 1, Access.READ);
    SpaceMap map =
        host.queries()
            .getSpaceMap(GetSpaceMapRequest.newBuilder().setSpaceId(space).setCellCount(4).build());
    assertThat(map.getInterval().getStart()).isEqualTo(BASE);
    assertThat(map.getInterval().getEnd()).isEqualTo(BASE + 16 * PAGE);
    assertThat(map.getCellPages()).isEqualTo(4);
    assertThat(map.getDevicesList())
        .extracting(device -> device.getDeviceName() + " " + device.getHeldPages())
        .containsExactly("agent-1-device-0 3");
    assertThat(map.getCellsList())
        .extracting(
            cell ->
                "%d: %d %d %s"
                    .formatted(
                        cell.getIndex(),
                        cell.getMappedPages(),
                        cell.getResidentPages(),
                        cell.getHoldersList()))
        .containsExactly("0: 4 2 [0]", "1: 4 0 []", "2: 4 0 [0]", "3: 4 0 []");
  }

  @Test
  void map_ofAPartWithAHole_leavesCellsOut_andRefusesNonsense() {
    host.map(space, BASE + 1024L * PAGE, 1);
    GetSpaceMapRequest.Builder part =
        GetSpaceMapRequest.newBuilder()
            .setSpaceId(space)
            .setInterval(Interval.newBuilder().setStart(BASE).setEnd(BASE + 2048L * PAGE));
    SpaceMap map = host.queries().getSpaceMap(part.setCellCount(128).build());
    assertThat(map.getCellsList()).extracting(cell -> cell.getIndex()).containsExactly(0, 64);
    refused(
        Status.Code.INVALID_ARGUMENT,
        () -> host.queries().getSpaceMap(part.setCellCount(2049).build()));
    refused(
        Status.Code.NOT_FOUND,
        () -> host.queries().getSpaceMap(part.setCellCount(1).setSpaceId(77).build()));
  }

  @Test
  void faultsThatWait_areListed_withWhatTheyWaitFor() {
    agent.acknowledging(false);
    agent.fault(1, BASE, 1, Access.WRITE);
    var unmap = host.spacesLater().unmap(HostUnderTest.unmap(space, 1, WaitPolicy.Mode.MODE_BLOCK));
    long id = agent.awaitInvalidate().invalidationIds().get(0);
    agent.faultLater(1, BASE, 1, Access.WRITE);
    HostUnderTest.await("the fault", () -> faults(0).getTotal() == 1);
    FaultInfo fault = faults(space).getFaults(0);
    assertThat(fault.getDeviceName()).isEqualTo("agent-1-device-0");
    assertThat(fault.getAddress()).isEqualTo(BASE);
    assertThat(fault.getWrite()).isTrue();
    assertThat(fault.getSpaceId()).isEqualTo(space);
    assertThat(fault.getWaitsForInvalidationId()).isEqualTo(id);
    assertThat(fault.getElapsedNanos()).isPositive();
    agent.acknowledging(true);
    agent.acknowledge(agent.awaitInvalidate());
    HostUnderTest.await("the unmap", unmap::isDone);
    assertThat(faults(space).getTotal()).isZero();
  }

  @Test
  void waitTimes_countEachInvalidationOncePerPhase() {
    agent.fault(1, BASE, 4, Access.WRITE);
    host.spaces().unmap(HostUnderTest.unmap(space, 1, WaitPolicy.Mode.MODE_BLOCK));
    agent.acknowledging(false);
    host.spaces().unmap(HostUnderTest.unmap(space, 4, WaitPolicy.Mode.MODE_TRY));
    WaitTimes times = host.queries().getWaitTimes(GetWaitTimesRequest.getDefaultInstance());
    assertThat(times.getCompleted()).isEqualTo(1);
    assertThat(times.getBackedOff()).isEqualTo(1);
    for (List<Long> phase :
        List.of(
            times.getScheduleCountsList(), times.getUnmapCountsList(), times.getWaitCountsList())) {
      assertThat(phase).hasSize(times.getBucketBoundNanosCount() + 1);
      assertThat(phase.stream().mapToLong(Long::longValue).sum()).isEqualTo(2);
    }
    assertThat(times.getBucketBoundNanosList()).isSorted();
  }

  @Test
  void invalidations_arePagedByTheOldestSeen_overAllShards() {
    long other = host.createSpace();
    host.map(other, 16);
    agent.mirror(2, other, 0, BASE, 16);
    for (int i = 0; i < 6; i++) {
      agent.fault(1, BASE, 1, Access.WRITE);
      agent.fault(2, BASE, 1, Access.WRITE);
      long which = i % 2 == 0 ? space : other;
      host.spaces().unmap(HostUnderTest.unmap(which, 1, WaitPolicy.Mode.MODE_BLOCK));
      host.map(which, 1);
    }
    List<InvalidationInfo> whole = page(0, 1000).getInvalidationsList();
    List<InvalidationInfo> paged = new ArrayList<>();
    ListInvalidationsReply page = page(0, 2);
    paged.addAll(page.getInvalidationsList());
    while (page.getMore()) {
      page = page(paged.getLast().getInvalidationId(), 2);
      paged.addAll(page.getInvalidationsList());
    }
    assertThat(whole).hasSizeGreaterThanOrEqualTo(6);
    assertThat(paged)
        .extracting(InvalidationInfo::getInvalidationId)
        .isEqualTo(whole.stream().map(InvalidationInfo::getInvalidationId).toList());
    assertThat(whole.subList(0, 2))
        .extracting(InvalidationInfo::getSpaceId)
        .containsExactly(other, space);
    refused(Status.Code.NOT_FOUND, () -> page(1 << 20, 2));
  }

  @Test
  void changeStamp_changesWithTheSpace() {
    long before = stamp();
    assertThat(stamp()).isEqualTo(before);
    agent.fault(1, BASE, 1, Access.READ);
    assertThat(stamp()).isGreaterThan(before);
  }

  private long stamp() {
    return host.queries()
        .getSpace(GetSpaceRequest.newBuilder().setSpaceId(space).build())
        .getChangeStamp();
  }

  private ListFaultsReply faults(long spaceId) {
    return host.queries().listFaults(ListFaultsRequest.newBuilder().setSpaceId(spaceId).build());
  }

  private ListInvalidationsReply page(long before, int size) {
    return host.queries()
        .listInvalidations(
            ListInvalidationsRequest.newBuilder()
                .setBeforeInvalidationId(before)
                .setPageSize(size)
                .build());
  }

  private static void refused(Status.Code code, Runnable call) {
    StatusRuntimeException refused = catchThrowableOfType(StatusRuntimeException.class, call::run);
    assertThat(refused.getStatus().getCode()).isEqualTo(code);
    assertThat(HostUnderTest.detail(refused).getMessage()).isNotEmpty();
  }
}
