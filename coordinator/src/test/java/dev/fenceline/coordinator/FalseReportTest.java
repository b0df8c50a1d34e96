package dev.fenceline.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.coordinator.support.FakeNode;
import dev.fenceline.coordinator.support.Reports;
import dev.fenceline.coordinator.support.RunningCoordinator;
import dev.fenceline.registry.v1.NodeReport;
import dev.fenceline.security.PeerIdentity;
import dev.fenceline.security.PeerRole;
import dev.fenceline.security.TestAuthority;
import dev.fenceline.security.TransportSecurity;
import io.grpc.Status;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Nodes with good certificates that report for others. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class FalseReportTest {
  @TempDir private static Path directory;
  private static TestAuthority authority;
  private static RunningCoordinator coordinator;

  @BeforeAll
  static void start() {
    authority = new TestAuthority(directory);
    coordinator =
        RunningCoordinator.start(
            authority.arguments(PeerRole.COORDINATOR, "c-1").toArray(String[]::new));
  }

  @AfterAll
  static void stop() {
    coordinator.close();
  }

  @Test
  void nodeThatReportsForItself_isRegistered() throws Exception {
    try (TransportSecurity security = authority.open(PeerRole.HOST, "host-1");
        FakeNode node = report(security, Reports.host("host-1", 1, 9))) {
      assertThat(node.updates.poll(60, TimeUnit.SECONDS)).isNotNull();
    }
  }

  @Test
  void nodeThatReportsForAnother_isRefusedAndNotRegistered() throws Exception {
    assertRefused(
        PeerRole.AGENT,
        "agent-2",
        Reports.agent("agent-1", 1, 9, 1),
        "the certificate of agent/agent-2 does not speak for agent/agent-1");
    assertRefused(
        PeerRole.AGENT,
        "agent-2",
        Reports.host("agent-2", 1, 9),
        "the certificate of agent/agent-2 does not speak for host/agent-2");
    assertRefused(
        PeerRole.CLIENT,
        "admin",
        Reports.host("host-9", 1, 9),
        "fenceline.registry.v1.RegistryService may not be called by client/admin, only by [host/*,"
            + " agent/*]");
    assertThat(coordinator.get("/agents").body().toString()).doesNotContain("agent-1");
    assertThat(coordinator.get("/hosts").body().toString()).doesNotContain("agent-2", "host-9");
  }

  private static void assertRefused(PeerRole role, String id, NodeReport report, String reason)
      throws Exception {
    try (TransportSecurity security = authority.open(role, id);
        FakeNode node = report(security, report)) {
      Status end = node.ends.poll(60, TimeUnit.SECONDS);
      assertThat(end).isNotNull();
      assertThat(end.getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
      assertThat(end.getDescription()).isEqualTo(reason);
      assertThat(node.updates).isEmpty();
    }
  }

  private static FakeNode report(TransportSecurity security, NodeReport report) {
    return FakeNode.once(
        security
            .dial("localhost:" + coordinator.grpcPort(), PeerIdentity.any(PeerRole.COORDINATOR))
            .directExecutor()
            .build(),
        () -> report);
  }
}
