package dev.fenceline.coordinator.adapter.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.coordinator.support.Installation;
import dev.fenceline.coordinator.support.RunningCoordinator;
import dev.fenceline.coordinator.support.RunningCoordinator.Answer;
import dev.fenceline.space.v1.RangeAttributes;
import dev.fenceline.space.v1.SetAttributesRequest;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Attributes of ranges, and contention, over REST. */
class PlacementSideTest {
  private static final String OPERATIONS = "/address-spaces/host-1.1/operations";

  private static RunningCoordinator coordinator;
  private static Installation installation;

  @BeforeAll
  static void start() throws IOException {
    coordinator = RunningCoordinator.start();
    installation = new Installation(coordinator.grpcPort());
    coordinator.ready();
    coordinator.await("/hosts", answer -> answer.body().path("items").size() == 2);
    coordinator.await("/agents", answer -> answer.body().path("items").size() == 2);
  }

  @AfterAll
  static void stop() {
    installation.close();
    coordinator.close();
  }

  @Test
  void attributes_areSetByAnOperation() {
    Answer answer =
        coordinator.write(
            "POST",
            OPERATIONS,
            """
            {"type":"set-attributes","address":"0x10000","length":65536,
             "attributes":{"preferred":"agent-1/0","accessedBy":["agent-2/0"],
             "granularity":"page-2m","migrationPolicy":"from-host-only","atomicMode":"global"}}\
            """);
    assertThat(answer.status()).as(answer.response().body()).isEqualTo(200);
    SetAttributesRequest received =
        installation.host1.commands.received.stream()
            .filter(SetAttributesRequest.class::isInstance)
            .map(SetAttributesRequest.class::cast)
            .findFirst()
            .orElseThrow();
    RangeAttributes attributes = received.getAttributes();
    assertThat(received.getLength()).isEqualTo(65536);
    assertThat(attributes.getPreferred().getAgentId()).isEqualTo("agent-1");
    assertThat(attributes.getAccessedBy(0).getAgentId()).isEqualTo("agent-2");
    assertThat(attributes.getGranularity()).isEqualTo(RangeAttributes.Granularity.GRANULARITY_2M);
    assertThat(attributes.getMigrationPolicy())
        .isEqualTo(RangeAttributes.MigrationPolicy.MIGRATION_POLICY_FROM_HOST_ONLY);
    assertThat(attributes.getAtomicMode()).isEqualTo(RangeAttributes.AtomicMode.ATOMIC_MODE_GLOBAL);
  }

  @Test
  void unusableAttributes_areRefusedByName() {
    for (String attributes :
        new String[] {
          "\"granularity\":\"1g\"",
          "\"preferred\":\"agent-1\"",
          "\"accessedBy\":[null]",
          "\"colour\":1"
        }) {
      Answer answer =
          coordinator.write(
              "POST",
              OPERATIONS,
              "{\"type\":\"set-attributes\",\"address\":\"0x10000\",\"length\":4096,"
                  + "\"attributes\":{"
                  + attributes
                  + "}}");
      assertThat(answer.status()).as(attributes).isEqualTo(400);
    }
  }

  @Test
  void attributes_areListedPageByPage() {
    var page = coordinator.get("/address-spaces/host-1.1/attributes").body();
    assertThat(page.at("/items/0/preferred").asString()).isEqualTo("agent-1/0");
    assertThat(page.at("/items/0/granularity").asString()).isEqualTo("page-64k");
    String cursor = page.path("nextCursor").asString();
    var last = coordinator.get("/address-spaces/host-1.1/attributes?cursor=" + cursor).body();
    assertThat(last.path("items").size()).isZero();
    assertThat(last.path("nextCursor").isNull()).isTrue();
  }

  @Test
  void contention_isTold() {
    var block = coordinator.get("/address-spaces/host-1.1/contention").body().at("/items/0");
    assertThat(block.path("turns").asLong()).isEqualTo(3);
    assertThat(block.path("lastTurn").asString()).isEqualTo("agent-1/0");
    assertThat(block.path("naps").asLong()).isEqualTo(11);
    assertThat(block.path("pinnedLeftMicros").asDouble()).isEqualTo(150_000);
  }
}
