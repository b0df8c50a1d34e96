package dev.fenceline.coordinator.adapter.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.coordinator.support.Installation;
import dev.fenceline.coordinator.support.RunningCoordinator;
import dev.fenceline.coordinator.support.RunningCoordinator.Answer;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class HostVanishesTest {

  @Test
  void hostStopsAnsweringThenDiesThenIsLost_answersNameItAndSinceWhen() throws IOException {
    try (RunningCoordinator coordinator =
            RunningCoordinator.start(
                "--fenceline.coordinator.liveness-timeout=3s",
                "--fenceline.coordinator.query-timeout=500ms");
        Installation installation = new Installation(coordinator.grpcPort())) {
      coordinator.ready();
      coordinator.await("/hosts", each -> each.body().path("items").size() == 2);

      installation.host1.freeze(true);
      Answer silent = coordinator.get("/address-spaces/host-1.1");
      assertThat(silent.status()).isEqualTo(504);
      assertThat(silent.problem()).isEqualTo("host-unreachable");
      assertThat(silent.body().path("hostId").asString()).isEqualTo("host-1");
      String since = silent.body().path("since").asString();
      assertThat(since).isNotEmpty();
      // Who answers may miss the short time-out once, too, if the machine is busy.
      Answer partial =
          coordinator.await(
              "/address-spaces",
              each -> each.body().at("/items/0/id").asString("").equals("host-2.7"));
      assertThat(partial.status()).isEqualTo(200);
      assertThat(partial.body().at("/unavailableHosts/0/id").asString()).isEqualTo("host-1");
      assertThat(partial.body().at("/unavailableHosts/0/since").asString()).isEqualTo(since);
      assertThat(coordinator.get("/hosts/host-1").body().at("/unavailable/reason").asString())
          .contains("no answer within 500 ms");

      installation.host1.freeze(false);
      coordinator.await("/address-spaces/host-1.1", each -> each.status() == 200);

      installation.node1.close();
      installation.host1.close();
      Answer dead = coordinator.await("/address-spaces/host-1.1", each -> each.status() == 502);
      assertThat(dead.problem()).isEqualTo("host-unreachable");
      coordinator.await(
          "/hosts/host-1", each -> each.body().at("/host/node/state").asString("").equals("lost"));
      Answer fences =
          coordinator.await(
              "/fences", each -> each.body().at("/items/0/id").asString("").equals("host-2.5"));
      assertThat(fences.body().at("/unavailableHosts/0/state").asString()).isEqualTo("lost");

      installation.node2.leave();
      coordinator.await(
          "/hosts/host-2", each -> each.body().at("/host/node/state").asString("").equals("left"));
      Answer left = coordinator.get("/address-spaces/host-2.7");
      assertThat(left.status()).isEqualTo(410);
      assertThat(left.problem()).isEqualTo("host-left");
    }
  }
}
