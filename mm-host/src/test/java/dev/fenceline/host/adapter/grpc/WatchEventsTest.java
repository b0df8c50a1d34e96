package dev.fenceline.host.adapter.grpc;

import static dev.fenceline.host.adapter.grpc.HostUnderTest.BASE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.common.v1.WaitPolicy;
import dev.fenceline.host.runtime.EventLog;
import dev.fenceline.model.Access;
import dev.fenceline.query.v1.HostEvent;
import dev.fenceline.query.v1.HostEvent.Kind;
import dev.fenceline.query.v1.HostEvents;
import dev.fenceline.query.v1.HostQueryServiceGrpc;
import dev.fenceline.query.v1.WatchEventsRequest;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The stream of events over loopback. */
class WatchEventsTest {
  private HostUnderTest host;
  private ManagedChannel channel;

  @BeforeEach
  void start() throws IOException {
    host = HostUnderTest.startStanding(Duration.ofSeconds(2), 8);
    channel = host.dial();
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    host.close();
  }

  @Test
  void quietHost_tellsAtOnceWhereItStands() {
    Watcher watcher = new Watcher(request(0, 0), true);
    HostUnderTest.await("the first batch", () -> watcher.batches.size() == 1);
    HostEvents first = watcher.batches.getFirst();
    assertThat(first.getHostEpoch()).isEqualTo(HostUnderTest.EPOCH);
    assertThat(first.getNewestNumber()).isZero();
    assertThat(first.getEventsList()).isEmpty();
  }

  @Test
  void lifeOfASpaceAndAnAgent_isTold() {
    Watcher watcher = new Watcher(request(0, 0), true);
    long space = host.createSpace();
    host.map(space, 4);
    try (FakeAgent agent = new FakeAgent(host, "agent-1", 11).attach()) {
      agent.acknowledging(false);
      agent.mirror(1, space, 0, BASE, 4);
      agent.fault(1, BASE, 1, Access.WRITE);
      host.spaces().unmap(HostUnderTest.unmap(space, 1, WaitPolicy.Mode.MODE_TRY));
      host.advance(host.runtime().settings().leases().overdueNanos());
      HostEvent overdue = watcher.await(Kind.KIND_FENCE_OVERDUE);
      assertThat(overdue.getDevice().getAgentId()).isEqualTo("agent-1");
      assertThat(overdue.getSpaceId()).isEqualTo(space);
      assertThat(overdue.getInvalidationId()).isPositive();
      host.outliveLeases();
      watcher.await(Kind.KIND_LEASE_EXPIRED);
    }
    List<HostEvent> events = watcher.events();
    assertThat(events)
        .extracting(HostEvent::getKind)
        .containsSubsequence(
            Kind.KIND_SPACE_CREATED,
            Kind.KIND_AGENT_ATTACHED,
            Kind.KIND_INVALIDATION_BACKED_OFF,
            Kind.KIND_FENCE_OVERDUE,
            Kind.KIND_LEASE_EXPIRED);
    assertThat(events).extracting(HostEvent::getNumber).isEqualTo(numbers(events.size()));
  }

  @Test
  void framesThatRunOut_areToldOncePerShortage() {
    long space = host.createSpace();
    host.map(space, 16);
    try (FakeAgent agent = new FakeAgent(host, "agent-1", 11).attach()) {
      agent.mirror(1, space, 0, BASE, 16);
      for (int i = 0; i < 3; i++) {
        agent.fault(1, BASE, 16, Access.WRITE);
      }
    }
    Watcher watcher = new Watcher(request(0, 0), true);
    watcher.await(Kind.KIND_FRAMES_EXHAUSTED);
    assertThat(watcher.kinds()).containsOnlyOnce(Kind.KIND_FRAMES_EXHAUSTED);
  }

  @Test
  void resumedWatcher_getsWhatFollows_butAllIfTheEpochIsAnother() {
    for (int i = 0; i < 5; i++) {
      host.createSpace();
    }
    Watcher resumed = new Watcher(request(3, HostUnderTest.EPOCH), true);
    HostUnderTest.await("two events", () -> resumed.events().size() == 2);
    assertThat(resumed.events()).extracting(HostEvent::getNumber).containsExactly(4L, 5L);
    Watcher afresh = new Watcher(request(3, HostUnderTest.EPOCH - 1), true);
    HostUnderTest.await("five events", () -> afresh.events().size() == 5);
  }

  @Test
  void slowReader_losesTheOldest_andIsToldHowMany() {
    Watcher slow = new Watcher(request(0, 0), false);
    int wanted = 20 * EventLog.CAPACITY;
    for (int i = 0; i < wanted; i++) {
      host.runtime()
          .events()
          .record(dev.fenceline.host.runtime.HostEvent.Kind.POLICY_SET, "x".repeat(200));
    }
    slow.read();
    HostUnderTest.await(
        "the newest",
        () -> !slow.events().isEmpty() && slow.events().getLast().getNumber() == wanted);
    long lost = slow.batches.stream().mapToLong(HostEvents::getLost).sum();
    assertThat(lost).isPositive();
    assertThat(lost + slow.events().size()).isEqualTo(wanted);
  }

  @Test
  void stoppingHost_endsTheStream() {
    Watcher watcher = new Watcher(request(0, 0), true);
    HostUnderTest.await("the first batch", () -> watcher.batches.size() == 1);
    host.runtime().events().close();
    HostUnderTest.await("the end", () -> watcher.ended != null);
    assertThat(watcher.ended).isEqualTo(Status.OK);
    assertThat(host.runtime().events().watcherCount()).isZero();
  }

  @Test
  void watcherThatGoes_leavesNothing_andTooManyAreRefused() {
    List<Watcher> watchers = new ArrayList<>();
    for (int i = 0; i < EventStream.MAX_WATCHERS; i++) {
      watchers.add(new Watcher(request(0, 0), true));
    }
    HostUnderTest.await(
        "all watchers", () -> host.runtime().events().watcherCount() == EventStream.MAX_WATCHERS);
    Watcher surplus = new Watcher(request(0, 0), true);
    HostUnderTest.await("the refusal", () -> surplus.ended != null);
    Status refused = surplus.ended;
    assertThat(refused == null ? null : refused.getCode())
        .isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    watchers.forEach(Watcher::cancel);
    HostUnderTest.await("nobody watches", () -> host.runtime().events().watcherCount() == 0);
  }

  private static WatchEventsRequest request(long after, long epoch) {
    return WatchEventsRequest.newBuilder().setAfterNumber(after).setHostEpoch(epoch).build();
  }

  private static List<Long> numbers(int count) {
    List<Long> numbers = new ArrayList<>();
    for (long i = 1; i <= count; i++) {
      numbers.add(i);
    }
    return numbers;
  }

  /** Reads the stream, at once or only when told to. */
  private final class Watcher implements ClientResponseObserver<WatchEventsRequest, HostEvents> {
    final List<HostEvents> batches = new CopyOnWriteArrayList<>();
    volatile @Nullable Status ended;
    private volatile @Nullable ClientCallStreamObserver<WatchEventsRequest> call;
    private volatile boolean reading;

    Watcher(WatchEventsRequest request, boolean reading) {
      this.reading = reading;
      HostQueryServiceGrpc.newStub(channel).watchEvents(request, this);
    }

    void read() {
      reading = true;
      request();
    }

    void cancel() {
      ClientCallStreamObserver<WatchEventsRequest> open = call;
      if (open != null) {
        open.cancel("the test has seen enough", null);
      }
    }

    List<HostEvent> events() {
      return batches.stream().flatMap(batch -> batch.getEventsList().stream()).toList();
    }

    List<Kind> kinds() {
      return events().stream().map(HostEvent::getKind).toList();
    }

    HostEvent await(Kind kind) {
      HostUnderTest.await(
          kind + ", got " + kinds(),
          () -> events().stream().anyMatch(event -> event.getKind() == kind));
      return events().stream().filter(event -> event.getKind() == kind).findFirst().orElseThrow();
    }

    private void request() {
      ClientCallStreamObserver<WatchEventsRequest> open = call;
      if (open != null) {
        open.request(1);
      }
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<WatchEventsRequest> stream) {
      call = stream;
      stream.disableAutoRequestWithInitial(reading ? 1 : 0);
    }

    @Override
    public void onNext(HostEvents batch) {
      batches.add(batch);
      request();
    }

    @Override
    public void onError(Throwable failure) {
      ended = Status.fromThrowable(failure);
    }

    @Override
    public void onCompleted() {
      ended = Status.OK;
    }
  }
}
