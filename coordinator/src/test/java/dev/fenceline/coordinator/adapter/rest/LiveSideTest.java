package dev.fenceline.coordinator.adapter.rest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.coordinator.support.EventReader;
import dev.fenceline.coordinator.support.FakeHost;
import dev.fenceline.coordinator.support.Installation;
import dev.fenceline.coordinator.support.RunningCoordinator;
import dev.fenceline.coordinator.support.RunningCoordinator.Answer;
import dev.fenceline.device.v1.ProgramInfo;
import dev.fenceline.query.v1.FaultInfo;
import dev.fenceline.query.v1.HostEvent;
import dev.fenceline.query.v1.PinInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class LiveSideTest {
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
  void events_tellOfNodesAndOfHosts() {
    installation.host1.live().happen(HostEvent.Kind.KIND_FENCE_OVERDUE, "a fence is overdue");
    Answer answer =
        coordinator.await(
            "/events?kind=fence-overdue", each -> each.body().path("items").size() >= 1);
    JsonNode event = answer.body().at("/items/0");
    assertThat(event.path("hostId").asString()).isEqualTo("host-1");
    assertThat(event.path("device").asString()).isEqualTo("agent-1/0");
    assertThat(event.path("addressSpaceId").asString()).isEqualTo("host-1.1");
    assertThat(event.path("fenceId").asString()).isEqualTo("host-1.42");
    JsonNode joined = coordinator.get("/events?kind=node-joined&limit=2").body();
    assertThat(joined.path("items")).hasSize(2);
    assertThat(joined.path("gap").isNull()).isTrue();
  }

  @Test
  void eventsThatAHostLost_areToldByKind() {
    installation.host1.live().lose(700, HostEvent.Kind.KIND_INVALIDATION_BACKED_OFF, 512);
    JsonNode event =
        coordinator
            .await("/events?kind=host-events-lost", each -> each.body().path("items").size() >= 1)
            .body()
            .at("/items/0");
    assertThat(event.path("message").asString()).startsWith("700 events of host host-1");
    assertThat(event.at("/lostByKind/invalidation-backed-off").asLong()).isEqualTo(512);
    installation.host1.live().happen(HostEvent.Kind.KIND_POLICY_SET, "a policy was set");
    JsonNode other =
        coordinator
            .await("/events?kind=policy-set", each -> each.body().path("items").size() >= 1)
            .body()
            .at("/items/0");
    assertThat(other.has("lostByKind")).isTrue();
    assertThat(other.path("lostByKind").isNull()).isTrue();
  }

  @Test
  void eventsBehindAnId_goOnWhereThePageEnded() {
    JsonNode all = coordinator.get("/events?limit=1000").body();
    String first = all.at("/items/0/id").asString();
    JsonNode rest = coordinator.get("/events?limit=1000&after=" + first).body();
    assertThat(rest.path("items").size()).isGreaterThanOrEqualTo(all.path("items").size() - 1);
    JsonNode foreign = coordinator.get("/events?limit=1&after=00000000000000aa-7").body();
    assertThat(foreign.at("/gap/lostFrom").isNull()).isTrue();
    assertThat(foreign.at("/gap/reason").asString()).contains("started anew");
    assertThat(foreign.at("/items/0/id").asString()).isEqualTo(first);
  }

  @Test
  void eventStream_bringsWhatHappensAndResumes() throws Exception {
    String before;
    try (EventReader reader = EventReader.open(coordinator.httpPort(), "", null)) {
      installation.host1.live().happen(HostEvent.Kind.KIND_LEASE_EXPIRED, "first");
      EventReader.Received first = reader.next("first");
      assertThat(first.data()).contains("\"kind\":\"lease-expired\"");
      before = first.id();
    }
    installation.host1.live().happen(HostEvent.Kind.KIND_LEASE_EXPIRED, "second");
    try (EventReader reader = EventReader.open(coordinator.httpPort(), "", before)) {
      assertThat(numberOf(reader.next("second").id())).isGreaterThan(numberOf(before));
    }
    try (EventReader reader = EventReader.open(coordinator.httpPort(), "", "00000000000000aa-7")) {
      assertThat(reader.next("started anew").name()).isEqualTo("gap");
    }
  }

  @Test
  void waits_areCountedBySecondAndHost() {
    coordinator.await("/waits", each -> each.body().path("hostIds").size() == 2);
    installation.host1.live().complete(10);
    Answer answer =
        coordinator.await(
            "/waits?seconds=60&host=host-1",
            each -> each.body().at("/percentiles/wait/count").asLong() >= 10);
    assertThat(answer.body().at("/bucketBoundMicros/1").asDouble()).isEqualTo(1000.0);
    assertThat(answer.body().at("/samples/0/wait")).hasSize(3);
    assertThat(answer.body().at("/percentiles/wait/p99Micros").asDouble()).isBetween(100.0, 1000.0);
    assertThat(
            coordinator
                .get("/waits?seconds=60&host=host-2")
                .body()
                .at("/percentiles/wait/count")
                .asLong())
        .isZero();
    assertThat(coordinator.get("/waits?seconds=901").status()).isEqualTo(400);
  }

  @Test
  void map_isCutIntoCells() {
    JsonNode body = coordinator.get("/address-spaces/host-1.1/map?cells=10").body();
    assertThat(body.at("/devices/0/device").asString()).isEqualTo("agent-1/0");
    assertThat(body.at("/cells/0/start").asString()).isEqualTo("0x7f0000004000");
    assertThat(coordinator.get("/address-spaces/host-1.9/map").status()).isEqualTo(404);
    assertThat(coordinator.get("/address-spaces/host-1.1/map?cells=0").status()).isEqualTo(400);
  }

  @Test
  void faultOfAProgramBehindAFence_isACycleInTheGraph() {
    installation
        .host1
        .live()
        .addFault(
            FaultInfo.newBuilder()
                .setDevice(FakeHost.device("agent-1", 0))
                .setSpaceId(1)
                .setAddress(Installation.BASE)
                .setPageCount(1)
                .setElapsedNanos(5_000_000)
                .setWaitsForInvalidationId(42)
                .build());
    installation.agent1.addProgram(
        program(1)
            .setWaitsAtAddress(Installation.BASE)
            .setWaitsElapsedNanos(5_000_000)
            .setHolds(FakeHost.interval(Installation.BASE, Installation.BASE + 0x1000))
            .build());
    JsonNode faults = coordinator.get("/faults").body();
    assertThat(faults.at("/items/0/waitsForFenceId").asString()).isEqualTo("host-1.42");
    assertThat(faults.path("total").asLong()).isEqualTo(1);
    JsonNode graph = coordinator.get("/graph").body();
    assertThat(graph.at("/cycles/0/nodes")).hasSize(3);
    assertThat(graph.at("/cycles/0/remedy").asString())
        .isEqualTo("back invalidation host-1.42 off");
    assertThat(graph.at("/cycles/0/why").asString()).contains("fence:host-1.42");
    assertThat(graph.at("/unavailableHosts/0/id").asString()).isEqualTo("agent-2");
    coordinator.await(
        "/deadlocks", answer -> answer.body().at("/items/0/state").asString("").equals("standing"));
  }

  @Test
  void pins_pageAndFilter() {
    for (long id = 1; id <= 3; id++) {
      installation
          .host1
          .live()
          .addPin(
              PinInfo.newBuilder()
                  .setPinId(id)
                  .setSpaceId(1)
                  .setInterval(FakeHost.interval(Installation.BASE, Installation.BASE + 0x2000))
                  .setOwner(id == 2 ? "rdma" : "other")
                  .setLongTerm(id == 3)
                  .setElapsedNanos(id * 1_000_000_000L)
                  .build());
    }
    assertThat(paged("/pins?limit=2")).containsExactly("host-1.1", "host-1.2", "host-1.3");
    assertThat(paged("/pins?owner=rdma")).containsExactly("host-1.2");
    assertThat(paged("/pins?longTerm=true")).containsExactly("host-1.3");
  }

  @Test
  void fences_pageOverHostsNewestFirst() {
    assertThat(paged("/fences?limit=1")).containsExactly("host-2.5", "host-1.42", "host-1.41");
    assertThat(paged("/fences?limit=1&state=pending")).containsExactly("host-2.5", "host-1.42");
    assertThat(paged("/fences?limit=1&space=host-1.1")).containsExactly("host-1.42", "host-1.41");
  }

  @Test
  void programs_pageAndSayWhoIsMissing() {
    installation.agent1.addProgram(program(2).build());
    JsonNode page = coordinator.get("/programs?limit=1").body();
    assertThat(page.at("/items/0/id").asString()).startsWith("agent-1.");
    assertThat(page.at("/unavailableAgents/0/id").asString()).isEqualTo("agent-2");
    assertThat(coordinator.get("/programs/agent-1.2").body().path("kind").asString())
        .isEqualTo("fill");
    assertThat(coordinator.get("/programs/agent-1.99").problem()).isEqualTo("unknown-program");
  }

  @Test
  void unchangedAnswer_isNotSentAgain() {
    Answer first = coordinator.get("/address-spaces/host-1.1");
    String tag = first.response().headers().firstValue("etag").orElseThrow();
    Answer again = coordinator.send("GET", "/api/v1/address-spaces/host-1.1", "If-None-Match", tag);
    assertThat(again.status()).isEqualTo(304);
    assertThat(again.response().body()).isEmpty();
  }

  @Test
  void sparseItems_haveOnlyWhatWasAskedFor() {
    JsonNode page =
        coordinator.get("/address-spaces/host-1.1/ranges?fields=start,state&limit=1").body();
    assertThat(page.at("/items/0").propertyNames()).containsExactly("start", "state");
    assertThat(page.path("sequence").asLong()).isEqualTo(9);
    Answer misspelt = coordinator.get("/hosts?fields=id,nodee");
    assertThat(misspelt.status()).isEqualTo(400);
    assertThat(misspelt.body().path("parameter").asString()).isEqualTo("fields");
  }

  private static ProgramInfo.Builder program(long number) {
    return ProgramInfo.newBuilder()
        .setProgramNumber(number)
        .setHostId("host-1")
        .setSpaceId(1)
        .setKind("fill")
        .setState(ProgramInfo.State.STATE_RUNNING)
        .setSubmittedAtMillis(number);
  }

  private static List<String> paged(String path) {
    List<String> ids = new ArrayList<>();
    String cursor = null;
    do {
      JsonNode page = coordinator.get(cursor == null ? path : path + "&cursor=" + cursor).body();
      page.path("items").forEach(item -> ids.add(item.path("id").asString()));
      cursor = page.path("nextCursor").isNull() ? null : page.path("nextCursor").asString();
    } while (cursor != null);
    return ids;
  }

  /** An id is the boot token and a number, which is no text to compare: 10 comes after 9. */
  private static long numberOf(String eventId) {
    return Long.parseLong(eventId.substring(eventId.indexOf('-') + 1));
  }
}
