package dev.fenceline.coordinator.support;

import dev.fenceline.common.v1.FenceResolution;
import dev.fenceline.common.v1.InvalidationKind;
import dev.fenceline.query.v1.FenceInfo;
import dev.fenceline.query.v1.InvalidationInfo;
import dev.fenceline.query.v1.MirrorInfo;
import dev.fenceline.query.v1.SessionInfo;
import java.io.IOException;

/**
 * Two hosts and two agents that report to a coordinator; host-1 has five address spaces, of which
 * the first holds ten ranges, and a pending invalidation 42. Confined to the test's thread.
 */
public final class Installation implements AutoCloseable {
  public static final long BASE = 0x7f0000000000L;
  public static final int RANGES = 10;

  public final FakeHost host1 = new FakeHost("host-1");
  public final FakeHost host2 = new FakeHost("host-2");
  public final FakeAgent agent1 = new FakeAgent("agent-1");
  public final FakeNode node1;
  public final FakeNode node2;
  public final FakeNode agentNode1;
  public final FakeNode agentNode2;

  public Installation(int coordinatorPort) throws IOException {
    fillHost1();
    host2.addSpace(7, "on-2");
    host2.addInvalidation(invalidation(5, 7).setStartedAtMillis(3_000).build());
    node1 = FakeNode.reporting(coordinatorPort, () -> Reports.host("host-1", 0x11, host1.port()));
    node2 = FakeNode.reporting(coordinatorPort, () -> Reports.host("host-2", 0x12, host2.port()));
    agentNode1 =
        FakeNode.reporting(coordinatorPort, () -> Reports.agent("agent-1", 0x21, agent1.port(), 2));
    agentNode2 = FakeNode.reporting(coordinatorPort, () -> Reports.agent("agent-2", 0x22, 1, 1));
  }

  private void fillHost1() {
    FakeHost.FakeSpace first = host1.addSpace(1, "python");
    for (int i = 0; i < RANGES; i++) {
      long start = BASE + i * 0x4000L;
      first.ranges.add(
          FakeHost.range(
              start, start + 0x2000, FakeHost.device(i % 2 == 0 ? "agent-1" : "cpu", 0)));
    }
    for (int i = 0; i < 3; i++) {
      first.mirrors.add(
          MirrorInfo.newBuilder()
              .setDevice(FakeHost.device("agent-1", i))
              .setMirrorId(i)
              .setInterval(FakeHost.interval(BASE, BASE + 0x100000))
              .build());
    }
    for (long id = 2; id <= 5; id++) {
      host1.addSpace(id, "space-" + id);
    }
    host1.addInvalidation(
        invalidation(41, 1)
            .setState(InvalidationInfo.State.STATE_COMPLETED)
            .setStartedAtMillis(1_000)
            .build());
    host1.addInvalidation(invalidation(42, 1).setStartedAtMillis(2_000).build());
    host1.addSession(
        SessionInfo.newBuilder()
            .setAgentId("agent-1")
            .setSessionId(5)
            .setState(SessionInfo.State.STATE_DETACHED)
            .setLeaseLeftNanos(400_000_000L)
            .setPendingFenceCount(1)
            .setOverdue(true)
            .build());
  }

  private static InvalidationInfo.Builder invalidation(long id, long spaceId) {
    return InvalidationInfo.newBuilder()
        .setInvalidationId(id)
        .setSpaceId(spaceId)
        .setInterval(FakeHost.interval(BASE, BASE + 0x4000))
        .setKind(InvalidationKind.INVALIDATION_KIND_UNMAP)
        .setState(InvalidationInfo.State.STATE_WAITING)
        .setSequence(9)
        .setScheduleNanos(1_500)
        .setWaitNanos(70_000_000)
        .addFences(
            FenceInfo.newBuilder()
                .setDevice(FakeHost.device("cpu", 0))
                .setResolution(FenceResolution.FENCE_RESOLUTION_ACKED)
                .setElapsedNanos(20_000))
        .addFences(
            FenceInfo.newBuilder()
                .setDevice(FakeHost.device("agent-1", 0))
                .setDeviceName("gpu0")
                .setElapsedNanos(70_000_000));
  }

  @Override
  public void close() {
    node1.close();
    node2.close();
    agentNode1.close();
    agentNode2.close();
    host1.close();
    host2.close();
    agent1.close();
  }
}
