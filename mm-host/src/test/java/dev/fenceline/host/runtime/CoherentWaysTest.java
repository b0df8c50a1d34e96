package dev.fenceline.host.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.concurrent.PeerConnector;
import dev.fenceline.concurrent.TransferStream;
import dev.fenceline.concurrent.Transfers;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Peer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The ways to agents come and go; the clock is in the test's hand where nothing else is said. */
class CoherentWaysTest {
  private static final long IDLE = CoherentMemory.IDLE_NANOS;
  private static final Peer PEER = peer(1);

  private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - IDLE); // and beyond its end
  private final Timers timers = new Timers(clock::get);
  private final Agents agents = new Agents();
  private final CoherentMemory memory = new CoherentMemory("host", 7, agents, timers);

  @AfterEach
  void stop() {
    memory.close();
    timers.close();
  }

  /** Agents that answer at once, or when they are told to. Thread-safe. */
  private static final class Agents implements PeerConnector {
    final ConcurrentHashMap<String, List<Stream>> open = new ConcurrentHashMap<>();
    final ConcurrentLinkedQueue<Runnable> held = new ConcurrentLinkedQueue<>();
    final AtomicInteger opened = new AtomicInteger();
    volatile boolean answering = true;

    final class Stream implements TransferStream {
      final TransferStream.Listener listener;
      final AtomicBoolean ended = new AtomicBoolean();

      Stream(TransferStream.Listener listener) {
        this.listener = listener;
      }

      @Override
      public void send(DmaRequest request) {
        Runnable answer = () -> answer(request.requestId());
        if (answering) {
          answer.run();
        } else {
          held.add(answer);
        }
      }

      private void answer(long requestId) {
        if (!ended.get()) {
          listener.replied(
              new DmaReply(requestId, DmaReply.Outcome.DONE, new byte[0], requestId, ""));
        }
      }

      @Override
      public void close(String reason) {
        if (ended.compareAndSet(false, true)) {
          listener.ended(reason);
        }
      }
    }

    @Override
    public TransferStream open(String target, String hostId, TransferStream.Listener listener) {
      Stream stream = new Stream(listener);
      opened.incrementAndGet();
      open.compute(
          target,
          (to, before) -> {
            List<Stream> all = before == null ? new ArrayList<>() : before;
            all.add(stream);
            return all;
          });
      return stream;
    }

    /** Whatever goes there ends: nobody may have a stream. */
    @Override
    public void forget(String target) {
      open.compute(
          target,
          (to, all) -> {
            if (all != null) {
              all.forEach(stream -> stream.close("forgotten"));
            }
            return null;
          });
    }

    void cut(String target) {
      List.copyOf(open.get(target)).forEach(stream -> stream.close("cut"));
    }
  }

  private static Peer peer(int agent) {
    return new Peer(new DeviceId("agent-" + agent, 0), "node-" + agent + ":7000", true);
  }

  private static CompletableFuture<Transfers.Result> ask(CoherentMemory memory, Peer peer) {
    return memory.begin(
        peer,
        new DmaRequest(
            memory.nextId(),
            7,
            memory.sessionId(),
            1,
            0,
            0,
            8,
            DmaRequest.Operation.FETCH_ADD,
            new int[] {1},
            new byte[0],
            1,
            0));
  }

  private static boolean done(Transfers.Result result) {
    return result instanceof Transfers.Result.Answered answered
        && answered.reply().outcome() == DmaReply.Outcome.DONE;
  }

  private void pass(long nanos) {
    clock.addAndGet(nanos);
    memory.sweep();
  }

  @Test
  void idleWay_isGivenUp_andIsThereAgainWhenNeeded() {
    assertThat(done(ask(memory, PEER).join())).isTrue();
    pass(IDLE - 1);
    assertThat(agents.open).hasSize(1);
    assertThat(done(ask(memory, PEER).join())).isTrue();
    pass(IDLE - 1);
    assertThat(memory.ways()).as("it was used meanwhile").isEqualTo(1);
    assertThat(agents.opened).hasValue(1);

    pass(1);
    assertThat(memory.ways()).isZero();
    assertThat(agents.open).isEmpty();

    assertThat(done(ask(memory, PEER).join())).isTrue();
    assertThat(agents.opened).hasValue(2);
  }

  @Test
  void wayThatCarriesARequest_isKept() {
    agents.answering = false;
    CompletableFuture<Transfers.Result> slow = ask(memory, PEER);
    pass(10 * IDLE);
    assertThat(memory.ways()).isEqualTo(1);

    agents.held.remove().run();

    assertThat(done(slow.join())).isTrue();
    pass(IDLE - 1);
    assertThat(memory.ways()).as("its answer is its last use").isEqualTo(1);
    pass(1);
    assertThat(memory.ways()).isZero();
  }

  @Test
  void brokenWay_isGivenUp() {
    agents.answering = false;
    CompletableFuture<Transfers.Result> lost = ask(memory, PEER);
    agents.cut(PEER.target());
    assertThat(lost.join()).isEqualTo(new Transfers.Result.Lost("cut"));

    pass(IDLE);

    assertThat(memory.ways()).isZero();
    assertThat(agents.open).isEmpty();
  }

  @Test
  void agentsThatCameAndWent_leaveNothing() {
    for (int agent = 0; agent < 1000; agent++) {
      assertThat(done(ask(memory, peer(agent)).join())).isTrue();
      pass(IDLE / 10);
      assertThat(memory.ways()).isLessThanOrEqualTo(10);
    }
    pass(IDLE);
    assertThat(agents.open).isEmpty();
  }

  @Test
  void nobodyHasToAskForTheSweep() {
    try (Timers real = new Timers(System::nanoTime)) {
      CoherentMemory forgetful = new CoherentMemory("host", 7, agents, real, 1_000_000);
      for (int round = 0; round < 3; round++) {
        assertThat(done(ask(forgetful, PEER).join())).isTrue();
        while (forgetful.ways() > 0) { // the test's own time-out bounds it
          LockSupport.parkNanos(1_000_000);
        }
      }
      assertThat(agents.opened).hasValue(3);
    }
  }

  /** What is given up under a request would lose a write that was never in doubt. */
  @Test
  void requestsDuringSweeps_areAllAnswered() throws Exception {
    try (Timers real = new Timers(System::nanoTime);
        ExecutorService threads = Executors.newFixedThreadPool(3)) {
      CoherentMemory hasty = new CoherentMemory("host", 7, agents, real, 0);
      Callable<Integer> asking =
          () -> {
            int refused = 0;
            for (int i = 0; i < 5_000 || agents.opened.get() < 200; i++) {
              refused += done(ask(hasty, PEER).join()) ? 0 : 1;
              LockSupport.parkNanos(1_000); // now and then, nobody asks
            }
            return refused;
          };
      List<Future<Integer>> asked = List.of(threads.submit(asking), threads.submit(asking));
      AtomicBoolean over = new AtomicBoolean();
      Future<?> sweeping =
          threads.submit(
              () -> {
                while (!over.get()) {
                  hasty.sweep();
                }
              });
      for (Future<Integer> each : asked) {
        assertThat(each.get()).isZero();
      }
      over.set(true);
      sweeping.get();
    }
  }
}
