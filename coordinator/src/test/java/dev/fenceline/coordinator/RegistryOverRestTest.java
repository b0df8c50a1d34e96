package dev.fenceline.coordinator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.coordinator.support.FakeNode;
import dev.fenceline.coordinator.support.Installation;
import dev.fenceline.coordinator.support.Reports;
import dev.fenceline.coordinator.support.RunningCoordinator;
import dev.fenceline.registry.v1.CoordinatorUpdate;
import dev.fenceline.registry.v1.NodeReport;
import io.grpc.Status;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RegistryOverRestTest {
  private static final long BOUND_SECONDS = 60;

  @Test
  void coordinatorRestarts_isRecoveringThenKnowsAllAgain() throws Exception {
    RunningCoordinator first = RunningCoordinator.start();
    int port = first.grpcPort();
    try (Installation installation = new Installation(port)) {
      first.ready();
      first.await("/hosts", each -> each.body().path("items").size() == 2);
      String tokenBefore = first.get("/status").body().path("bootToken").asString();
      first.close();
      assertThat(installation.node1.ends.poll(BOUND_SECONDS, TimeUnit.SECONDS)).isNotNull();

      // Recovers until both hosts have reported, which one of them does not yet.
      installation.node2.fallSilent();
      try (RunningCoordinator second =
          RunningCoordinator.startOn(port, "--fenceline.coordinator.expected-hosts=2")) {
        var recovering = second.get("/hosts");
        assertThat(recovering.status()).isEqualTo(503);
        assertThat(recovering.problem()).isEqualTo("recovering");
        assertThat(recovering.response().headers().firstValue("retry-after")).isNotEmpty();
        assertThat(second.get("/status").status()).isEqualTo(200);
        assertThat(second.get("/status").body().path("bootToken").asString())
            .isNotEqualTo(tokenBefore);
        assertThat(second.send("GET", "/sd/prometheus").status()).isEqualTo(503);
        assertThat(second.send("GET", "/actuator/health/readiness").status()).isEqualTo(503);
        assertThat(second.send("GET", "/actuator/health/liveness").status()).isEqualTo(200);
        installation.node2.speakAgain();
        // Never empty: the first answer after the window has everybody.
        var answer = second.await("/hosts", each -> each.status() == 200);
        assertThat(answer.body().path("items").size()).isEqualTo(2);
        assertThat(second.get("/address-spaces/host-1.1").status()).isEqualTo(200);
        assertThat(second.send("GET", "/actuator/health/readiness").status()).isEqualTo(200);
      }
    }
  }

  @Test
  void nodesRegisterMoveAndLeave_agentsAndImpostorsHear() throws Exception {
    try (RunningCoordinator coordinator = RunningCoordinator.start().ready();
        FakeNode agent =
            FakeNode.reporting(coordinator.grpcPort(), () -> Reports.agent("a", 1, 1000, 1));
        FakeNode host =
            FakeNode.reporting(coordinator.grpcPort(), () -> Reports.host("h", 2, 1001))) {
      awaitHosts(agent, 1);
      try (FakeNode impostor =
          FakeNode.once(coordinator.grpcPort(), () -> Reports.host("h", 3, 1002))) {
        Status status = impostor.ends.poll(BOUND_SECONDS, TimeUnit.SECONDS);
        assertThat(status).isNotNull();
        assertThat(status.getCode()).isEqualTo(Status.Code.ALREADY_EXISTS);
        assertThat(status.getDescription()).contains("host id h", "localhost:1001");
      }
      host.leave();
      assertThat(host.ends.poll(BOUND_SECONDS, TimeUnit.SECONDS)).isEqualTo(Status.OK);
      awaitHosts(agent, 0);
    }
  }

  @Test
  void nodeFallsSilentOnAnOpenStream_isLostAndItsStreamEnds() throws Exception {
    try (RunningCoordinator coordinator =
            RunningCoordinator.start("--fenceline.coordinator.liveness-timeout=1s").ready();
        FakeNode host = FakeNode.once(coordinator.grpcPort(), () -> Reports.host("h", 2, 1001))) {
      coordinator.await("/hosts", each -> each.body().path("items").size() == 1);
      host.fallSilent();
      coordinator.await(
          "/hosts/h", each -> each.body().at("/host/node/state").asString("").equals("lost"));
      Status status = host.ends.poll(BOUND_SECONDS, TimeUnit.SECONDS);
      assertThat(status).isNotNull();
      assertThat(status.getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
      assertThat(coordinator.send("GET", "/actuator/prometheus").response().body())
          .contains("fenceline_coordinator_registrations_rejected_total{reason=\"silent\"} 1.0")
          .contains("fenceline_coordinator_nodes{kind=\"host\",state=\"lost\"} 1.0");
    }
  }

  @Test
  void reportThatCannotBe_isRefusedWithTheField() throws Exception {
    try (RunningCoordinator coordinator = RunningCoordinator.start();
        FakeNode nobody =
            FakeNode.once(
                coordinator.grpcPort(), () -> NodeReport.newBuilder().setNodeId("x y").build())) {
      Status status = nobody.ends.poll(BOUND_SECONDS, TimeUnit.SECONDS);
      assertThat(status).isNotNull();
      assertThat(status.getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
      assertThat(status.getDescription()).contains("node_id", "'x y'");
    }
  }

  @Test
  void contradictoryConfiguration_isRefusedAtStart() {
    assertThatThrownBy(
            () ->
                RunningCoordinator.start(
                    "--fenceline.coordinator.liveness-timeout=1s",
                    "--fenceline.coordinator.report-interval=900ms"))
        .rootCause()
        .hasMessageContaining("liveness timeout 1000 ms must be at least 3 report intervals");
    assertThatThrownBy(() -> RunningCoordinator.start("--fenceline.coordinator.query-timeout=0s"))
        .hasStackTraceContaining("queryTimeout");
  }

  private static void awaitHosts(FakeNode agent, int hosts) throws InterruptedException {
    CoordinatorUpdate update;
    do {
      update = agent.updates.poll(BOUND_SECONDS, TimeUnit.SECONDS);
      assertThat(update).isNotNull();
    } while (update.getHostsCount() != hosts);
  }
}
