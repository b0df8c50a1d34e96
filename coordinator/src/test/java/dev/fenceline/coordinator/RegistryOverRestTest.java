package dev.fenceline.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.coordinator.support.FakeNode;
import dev.fenceline.coordinator.support.Reports;
import dev.fenceline.coordinator.support.RunningCoordinator;
import org.junit.jupiter.api.Test;

class RegistryOverRestTest {

  @Test
  void hostRegisters_isListed() {
    try (var coordinator = RunningCoordinator.start();
        var host =
            FakeNode.reporting(coordinator.grpcPort(), () -> Reports.host("host-1", 42, 9999))) {
      coordinator.ready();
      var answer = coordinator.await("/hosts", each -> each.body().path("items").size() == 1);
      assertThat(answer.body().toString()).contains("\"id\":\"host-1\"").contains("live");
      assertThat(host.updates).isNotEmpty();
    }
  }
}
