package dev.fenceline.host.runtime;

import static dev.fenceline.host.runtime.RuntimeFixture.BASE;
import static dev.fenceline.host.runtime.RuntimeFixture.BOUND;
import static dev.fenceline.host.runtime.RuntimeFixture.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.Protection;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** CPU and device add to the same words while the pages are invalidated (INV-1, INV-13). */
class SharedWordsStressTest {
  private static final int PAGES = 4;
  private static final int ADDITIONS = 3_000;
  private static final long SEED = 20261121;

  @Test
  void noAdditionIsLost_whileInvalidationsRun() throws Exception {
    try (RuntimeFixture fixture = new RuntimeFixture(64);
        ExecutorService threads =
            Executors.newThreadPerTaskExecutor(Thread.ofPlatform().factory())) {
      fixture.map(BASE, PAGES, Protection.READ_WRITE);
      FakeAgentStream agent = fixture.agent("agent");
      agent.mirror(1, fixture.space, BASE, BASE + PAGES * PAGE);
      agent.acknowledging(true);
      List<Future<Integer>> adders = new ArrayList<>();
      adders.add(threads.submit(cpuAdder(fixture, 1)));
      adders.add(threads.submit(cpuAdder(fixture, 2)));
      adders.add(threads.submit(deviceAdder(fixture, agent)));
      SplittableRandom random = new SplittableRandom(SEED);
      int invalidations = 0;
      while (adders.stream().anyMatch(adder -> !adder.isDone())) {
        long address = BASE + (long) random.nextInt(PAGES) * PAGE;
        fixture.done(
            random.nextBoolean()
                ? new SpaceOperation.Invalidate(fixture.space, address, PAGE)
                : new SpaceOperation.Protect(fixture.space, address, PAGE, Protection.READ_WRITE));
        invalidations++;
        Thread.yield();
      }
      long expected = 0;
      for (Future<Integer> adder : adders) {
        expected += adder.get(30, TimeUnit.SECONDS);
      }
      assertThat(sum(fixture))
          .as("seed %d, %d invalidations", SEED, invalidations)
          .isEqualTo(expected);
      assertThat(fixture.host.stopped()).isNull();
    }
  }

  private static Callable<Integer> cpuAdder(RuntimeFixture fixture, int number) {
    return () -> {
      SplittableRandom random = new SplittableRandom(SEED + number);
      for (int i = 0; i < ADDITIONS; i++) {
        long address = BASE + (long) random.nextInt(PAGES) * PAGE;
        CpuOutcome outcome = fixture.host.cpu().getAndAdd(fixture.space, address, 1, BOUND);
        assertThat(outcome).isInstanceOf(CpuOutcome.Done.class);
      }
      return ADDITIONS;
    };
  }

  private static Callable<Integer> deviceAdder(RuntimeFixture fixture, FakeAgentStream agent) {
    return () -> {
      SplittableRandom random = new SplittableRandom(SEED);
      int[] generations = new int[PAGES];
      long faults = 0;
      for (int done = 0; done < ADDITIONS; ) {
        int page = random.nextInt(PAGES);
        DmaReply reply = add(fixture, agent, page, generations[page]);
        if (reply.outcome() == DmaReply.Outcome.DONE) {
          done++;
        } else {
          generations[page] = fault(agent, ++faults, page);
        }
      }
      return ADDITIONS;
    };
  }

  private static int fault(FakeAgentStream agent, long id, int page) {
    agent.send(new AgentMessage.FaultRequest(id, 1, BASE + (long) page * PAGE, 1, Access.WRITE));
    while (true) {
      for (HostMessage message : agent.received().reversed()) {
        if (message instanceof HostMessage.FaultReply reply && reply.faultId() == id) {
          agent.received().clear();
          return reply.runs().get(0).generation();
        }
      }
      Thread.onSpinWait();
    }
  }

  private static DmaReply add(
      RuntimeFixture fixture, FakeAgentStream agent, int page, int generation) {
    CompletableFuture<DmaReply> reply = new CompletableFuture<>();
    fixture.host.dma(
        new DmaRequest(
            1,
            agent.epoch(),
            agent.sessionId(),
            fixture.space,
            0,
            BASE + (long) page * PAGE,
            8,
            DmaRequest.Operation.FETCH_ADD,
            new int[] {generation},
            new byte[0],
            1,
            0),
        reply::complete);
    return reply.join();
  }

  private static long sum(RuntimeFixture fixture) {
    long sum = 0;
    for (int page = 0; page < PAGES; page++) {
      byte[] word = new byte[8];
      fixture.host.cpu().read(fixture.space, BASE + (long) page * PAGE, word, BOUND);
      sum += ByteBuffer.wrap(word).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }
    return sum;
  }
}
