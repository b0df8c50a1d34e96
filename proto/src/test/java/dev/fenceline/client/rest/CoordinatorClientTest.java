package dev.fenceline.client.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.fenceline.client.resource.Host;
import dev.fenceline.client.resource.Notice;
import dev.fenceline.client.resource.Operation;
import dev.fenceline.client.resource.SpaceOperation;
import dev.fenceline.model.WaitPolicy;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CoordinatorClientTest {
  private final List<Duration> pauses = new CopyOnWriteArrayList<>();
  private FakeCoordinator server;
  private CoordinatorClient client;

  @BeforeEach
  void start() throws IOException {
    server = new FakeCoordinator();
    client = builder().build();
  }

  private CoordinatorClient.Builder builder() {
    return CoordinatorClient.builder(server.address()).pause(pauses::add);
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  @Test
  void longList_isWalkedPageByPage() {
    List<String> ids = client.hosts(Query.all().limit(10)).stream().map(Host::id).toList();
    assertThat(ids)
        .hasSize(FakeCoordinator.HOSTS)
        .startsWith("host-0", "host-1")
        .endsWith("host-24");
    assertThat(server.requests())
        .containsExactly(
            "GET /api/v1/hosts?limit=10",
            "GET /api/v1/hosts?limit=10&cursor=10",
            "GET /api/v1/hosts?limit=10&cursor=20");
  }

  @Test
  void listThatIsNotWalkedToItsEnd_asksForNoMorePages() {
    assertThat(client.hosts(Query.all().limit(10)).stream().limit(10)).hasSize(10);
    assertThat(server.requests()).hasSize(1);
  }

  @Test
  void recoveringCoordinator_isWaitedForAsLongAsItSays() {
    server.recoverFor(2);
    assertThat(client.hosts(Query.all())).hasSize(FakeCoordinator.HOSTS);
    assertThat(pauses).containsExactly(Duration.ofSeconds(1), Duration.ofSeconds(1));
  }

  @Test
  void coordinatorThatDoesNotRecover_isGivenUp() {
    server.recoverFor(Integer.MAX_VALUE);
    ProblemException problem =
        catchThrowableOfType(
            ProblemException.class, () -> client.hosts(Query.all()).iterator().hasNext());
    assertThat(problem.type()).isEqualTo("recovering");
    assertThat(problem.status()).isEqualTo(503);
    assertThat(server.requests()).hasSize(RetryPolicy.DEFAULT.attempts());
  }

  @Test
  void lostAnswerOfAWrite_isAskedForAgainWithTheSameKey() {
    server.loseAnswers(2);
    assertThat(client.createSpace(null, "n", null).id()).isEqualTo("host-1.1");
    assertThat(server.requests()).hasSize(3);
    assertThat(server.created()).isEqualTo(1);
  }

  @Test
  void twoWrites_areTwo() {
    client.createSpace(null, "n", null);
    client.createSpace(null, "n", null);
    assertThat(server.created()).isEqualTo(2);
  }

  @Test
  void refusal_namesTypeAndField() {
    ProblemException problem =
        catchThrowableOfType(
            ProblemException.class, () -> client.agents(Query.all()).iterator().hasNext());
    assertThat(problem).hasMessage("limit cannot be 0");
    assertThat(problem.type()).isEqualTo("invalid-parameter");
    assertThat(problem.field()).contains("limit");
    assertThat(problem.problem().document().path("value").asString()).isEqualTo("0");
  }

  @Test
  void answerThatIsNoProblemDocument_isAnUnexpectedProblem() {
    ProblemException problem =
        catchThrowableOfType(
            ProblemException.class, () -> client.devices(Query.all()).iterator().hasNext());
    assertThat(problem.type()).isEqualTo("unexpected");
    assertThat(problem.status()).isEqualTo(500);
  }

  @Test
  void idsWithStrangeCharacters_stayInTheirPlace() {
    assertThatThrownBy(() -> client.host("../agents?x")).hasMessageContaining("no such resource");
    assertThat(server.requests()).containsExactly("GET /api/v1/hosts/..%2Fagents%3Fx");
  }

  @Test
  void token_goesWithEveryRequest() {
    try (CoordinatorClient known = builder().token("secret").build()) {
      known.hosts(Query.all()).iterator().next();
    }
    assertThat(server.requests()).containsExactly("GET /api/v1/hosts?limit=500 as Bearer secret");
  }

  @Test
  void backOff_isAnOutcome() {
    Operation operation =
        client.operate("host-1.1", new SpaceOperation.Unmap(0x1000, 4096, WaitPolicy.TRY));
    assertThat(operation.toOutcome()).isInstanceOf(Operation.BackedOff.class);
    assertThat(
            client
                .operate("host-1.1", new SpaceOperation.Unmap(0x1000, 4096, WaitPolicy.BLOCK))
                .toOutcome())
        .isInstanceOf(Operation.Done.class);
  }

  @Test
  void operation_saysWhatTheContractAsksFor() {
    assertThat(
            new SpaceOperation.Invalidate(
                    0x7f00_0000_0000L, 8192, new WaitPolicy.Deadline(1_500_000))
                .body())
        .isEqualTo(
            Map.of(
                "type",
                "invalidate",
                "address",
                "0x7f0000000000",
                "length",
                8192L,
                "wait",
                Map.of("mode", "deadline", "deadlineMillis", 2L)));
  }

  @Test
  void nobodyAtTheAddress_isToldAtOnce() {
    URI address = server.address();
    server.close();
    assertThatThrownBy(() -> client.status())
        .isInstanceOf(UnreachableException.class)
        .hasMessageContaining(address.toString());
    assertThat(pauses).isEmpty();
  }

  @Test
  void addressThatIsNone_isRefused() {
    assertThatThrownBy(() -> CoordinatorClient.builder(URI.create("ftp://x")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("ftp://x");
  }

  @Test
  void streamThatBreaks_resumesBehindTheLastEvent() throws InterruptedException {
    List.of("a", "b", "break", "gap", "c").forEach(server::happens);
    List<String> told = new ArrayList<>();
    try (EventStream events = client.followEvents(Query.all())) {
      while (told.isEmpty() || !told.getLast().equals("c")) {
        told.add(
            switch (events.next()) {
              case Notice.Event event -> event.kind();
              case Notice.Gap gap -> "gap " + gap.lostFrom() + "-" + gap.lostTo();
              case Notice.Interrupted interrupted -> "interrupted";
            });
      }
    }
    assertThat(told).containsExactly("a", "b", "interrupted", "mended", "gap 3-4", "c");
    assertThat(server.requests()).hasSize(2);
  }
}
