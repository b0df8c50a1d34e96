package dev.fenceline.agent.runtime;

import static dev.fenceline.agent.fake.FakeHost.SPACE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.agent.adapter.grpc.GrpcHostConnector;
import dev.fenceline.agent.engine.FaultOutcome;
import dev.fenceline.agent.engine.LinkCounter;
import dev.fenceline.agent.engine.LinkSettings;
import dev.fenceline.agent.engine.LinkState;
import dev.fenceline.agent.fake.FakeHost;
import dev.fenceline.agent.runtime.program.Program;
import dev.fenceline.agent.runtime.program.ProgramReport;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import dev.fenceline.security.TransportSecurity;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AgentRuntimeTest {
  private static final long BASE = 0x10000;
  private static final long SECOND = 1_000_000_000L;
  private static final long BOUND_SECONDS = 60;

  private FakeHost host;
  private AgentRuntime agent;
  private HostLink link;

  @BeforeEach
  void start() throws Exception {
    host = new FakeHost();
    agent =
        new AgentRuntime(
            new AgentRuntime.Settings(
                LinkSettings.of(
                    "agent",
                    3,
                    List.of(new DeviceDescription(0, "d0", 2), new DeviceDescription(1, "d1", 2))),
                Delays.NONE,
                16,
                20 * SECOND),
            (hostId, target) -> GrpcHostConnector.to(TransportSecurity.plaintext(), hostId, target),
            System::nanoTime,
            AgentObserver.NONE,
            new SplittableRandom(1));
    link = agent.addHost(host.target());
  }

  @AfterEach
  void stop() {
    agent.close();
    host.close();
  }

  private long written() {
    return agent.devices().get(0).counters().dmaWrittenBytes.sum();
  }

  private CompletableFuture<ProgramReport> begin(int device, Program program) {
    return agent.run(link, agent.devices().get(device), SPACE, program, BOUND_SECONDS * SECOND);
  }

  private ProgramReport run(Program program) throws Exception {
    ProgramReport report = begin(0, program).get(BOUND_SECONDS, TimeUnit.SECONDS);
    assertThat(report.failure()).isNull();
    return report;
  }

  private Errno failure(Program program) throws Exception {
    return begin(0, program).get(BOUND_SECONDS, TimeUnit.SECONDS).failure().errno();
  }

  @Test
  void fill_writesEveryByteThroughTheHost() throws Exception {
    long length = 300_000 + 5;
    ProgramReport report = run(new Program.Fill(BASE + 8, length, 0x0102030405060708L));

    assertThat(host.memory().word(BASE)).isZero();
    assertThat(host.memory().word(BASE + 8)).isEqualTo(0x0102030405060708L);
    byte[] tail = host.memory().read(BASE + 8 + length - 6, 7);
    assertThat(tail).containsExactly(1, 8, 7, 6, 5, 4, 0);
    assertThat(report.faults()).isEqualTo(1); // one round resolves the whole range
  }

  /** A fill writes 16 pages at a time if it can. */
  @Test
  void hostThatHasFewerFramesThanAnAccessHasPages_isWrittenAndReadInParts() throws Exception {
    host.setMostPages(3);
    run(new Program.Fill(BASE + 8, 100_000, 7));
    ProgramReport report = run(new Program.Checksum(BASE + 8, 100_000));

    assertThat(report.sum()).isEqualTo(7L * 12_500);
    assertThat(host.memory().word(BASE)).isZero();
    assertThat(host.memory().word(BASE + 100_000)).isEqualTo(7);
    assertThat(host.memory().word(BASE + 100_008)).isZero();
  }

  @Test
  void copyAddAndChecksum_computeOnRealBytes() throws Exception {
    run(new Program.Fill(BASE, 80_000, 5));
    run(new Program.Copy(BASE, BASE + 1_000_000, 80_000));
    run(new Program.Add(BASE, BASE + 1_000_000, BASE + 2_000_000, 80_000));

    ProgramReport report = run(new Program.Checksum(BASE + 2_000_000, 80_000));

    CRC32C crc = new CRC32C();
    crc.update(host.memory().read(BASE + 2_000_000, 80_000));
    assertThat(report.sum()).isEqualTo(10L * 10_000);
    assertThat(report.crc32c()).isEqualTo((int) crc.getValue());
  }

  @Test
  void pointerChase_followsAddresses() throws Exception {
    host.memory().setWord(BASE, BASE + 0x5000);
    host.memory().setWord(BASE + 0x5000, BASE + 0x9008);

    assertThat(run(new Program.PointerChase(BASE, 2)).value()).isEqualTo(BASE + 0x9008);
    host.memory().setWord(BASE, -1);
    assertThat(failure(new Program.PointerChase(BASE, 2))).isEqualTo(Errno.EFAULT);
  }

  @Test
  void atomicAdds_ofManyUnitsLoseNothing() throws Exception {
    List<CompletableFuture<ProgramReport>> runs =
        List.of(0, 0, 1, 1).stream()
            .map(device -> begin(device, new Program.AtomicAdd(BASE, 100, 3)))
            .toList();
    for (CompletableFuture<ProgramReport> run : runs) {
      assertThat(run.get(BOUND_SECONDS, TimeUnit.SECONDS).failure()).isNull();
      assertThat(run.get().history()).hasSize(100);
    }

    assertThat(host.memory().word(BASE)).isEqualTo(1200);
  }

  @Test
  void randomAccess_isRepeatableAndReadsWhatWasWritten() throws Exception {
    ProgramReport report = run(new Program.RandomAccess(BASE, 8 * 64, 500, 50, 42, 7, 1, 8));

    assertThat(report.history()).hasSize(500);
    TreeMap<Long, Long> words = new TreeMap<>();
    for (ProgramReport.HistoryEntry entry : report.history()) {
      if (entry.kind() == ProgramReport.Kind.WRITE) {
        assertThat(entry.value() >>> 40).isEqualTo(7);
        words.put(entry.address(), entry.value());
      } else {
        assertThat(entry.value()).isEqualTo(words.getOrDefault(entry.address(), 0L));
      }
    }
  }

  @Test
  void singleAccess_loadsAndStoresAcrossPages() throws Exception {
    byte[] bytes = {1, 2, 3, 4};
    run(new Program.SingleAccess(BASE + 4094, 4, true, bytes));

    assertThat(run(new Program.SingleAccess(BASE + 4094, 4, false, new byte[0])).data())
        .containsExactly(bytes);
  }

  @Test
  void badPrograms_areRefusedWithAType() throws Exception {
    assertThat(failure(new Program.Fill(BASE, 0, 1))).isEqualTo(Errno.EINVAL);
    assertThat(failure(new Program.Fill(-8, 16, 1))).isEqualTo(Errno.EFAULT);
    assertThat(failure(new Program.Fill(Pages.ADDRESS_LIMIT - 8, 16, 1))).isEqualTo(Errno.EFAULT);
    assertThat(failure(new Program.Fill(1L << 30, 16, 1))).isEqualTo(Errno.EFAULT);
    assertThat(failure(new Program.Copy(BASE, BASE + 8, 16))).isEqualTo(Errno.EINVAL);
    assertThat(failure(new Program.AtomicAdd(BASE + 4, 1, 1))).isEqualTo(Errno.EINVAL);
    assertThat(failure(new Program.SingleAccess(BASE, 4, true, new byte[3])))
        .isEqualTo(Errno.EINVAL);
    assertThat(failure(new Program.RandomAccess(BASE, 8, 1, 101, 0, 1, 0, 0)))
        .isEqualTo(Errno.EINVAL);
    assertThat(
            agent
                .run(link, agent.devices().get(0), 99, new Program.Fill(BASE, 8, 1), SECOND)
                .get(BOUND_SECONDS, TimeUnit.SECONDS)
                .failure()
                .errno())
        .isEqualTo(Errno.ENOENT);
  }

  @Test
  void invalidation_isAcknowledgedByEveryDeviceAndRefaulted() throws Exception {
    run(new Program.Fill(BASE, 4096, 1));
    begin(1, new Program.Checksum(BASE, 4096)).get(BOUND_SECONDS, TimeUnit.SECONDS);

    host.invalidate(BASE, BASE + 4096).get(BOUND_SECONDS, TimeUnit.SECONDS);

    assertThat(agent.devices().get(0).counters().mirrorEntries.sum()).isZero();
    assertThat(run(new Program.Checksum(BASE, 4096)).faults()).isEqualTo(1);
    assertThat(link.counter(LinkCounter.INVALIDATIONS)).isEqualTo(1);
  }

  @Test
  void drainDelay_holdsTheAcknowledgementBackOnEachDeviceInParallel() throws Exception {
    run(new Program.Fill(BASE, 4096, 1));
    begin(1, new Program.Checksum(BASE, 4096)).get(BOUND_SECONDS, TimeUnit.SECONDS);
    for (int quick : new int[] {0, 1}) {
      int slow = 1 - quick;
      agent.devices().get(quick).setDelays(new Delays(50_000_000, 0, 0));
      agent.devices().get(slow).setDelays(new Delays(SECOND, 0, 0));

      long began = System.nanoTime();
      CompletableFuture<Void> invalidated = host.invalidate(BASE, BASE + 4096);
      await(() -> !host.owing().contains(quick));
      assertThat(System.nanoTime() - began).isGreaterThanOrEqualTo(50_000_000);
      Set<Integer> owing = host.owing();
      if (System.nanoTime() - began < SECOND) { // else the machine stood still, and both were due
        assertThat(owing).as("who has not drained after the quick one").containsExactly(slow);
      }
      invalidated.get(BOUND_SECONDS, TimeUnit.SECONDS);
      assertThat(System.nanoTime() - began).isGreaterThanOrEqualTo(SECOND);
      run(new Program.Checksum(BASE, 4096)); // both hold the page again
      begin(1, new Program.Checksum(BASE, 4096)).get(BOUND_SECONDS, TimeUnit.SECONDS);
    }
  }

  @Test
  void stormOfInvalidations_neverFailsAProgramNorLosesAWrite() throws Exception {
    CompletableFuture<ProgramReport> first = begin(0, new Program.AtomicAdd(BASE, 300, 1));
    CompletableFuture<ProgramReport> second = begin(1, new Program.AtomicAdd(BASE, 300, 1));
    while (!first.isDone() || !second.isDone()) {
      host.invalidate(BASE, BASE + 4096).get(BOUND_SECONDS, TimeUnit.SECONDS);
    }

    assertThat(first.get().failure()).isNull();
    assertThat(second.get().failure()).isNull();
    assertThat(host.memory().word(BASE)).isEqualTo(600);
  }

  @Test
  void generationRaisedBehindTheAgentsBack_isRefusedByTheHostAndRefaulted() throws Exception {
    run(new Program.Fill(BASE, 4096, 1));
    host.memory().invalidate(BASE, BASE + 4096);

    run(new Program.Fill(BASE, 4096, 2));

    assertThat(host.memory().word(BASE)).isEqualTo(2);
    assertThat(agent.devices().get(0).counters().staleRefusals.sum()).isEqualTo(1);
  }

  @Test
  void brokenStreams_areReattachedAndRepeatableProgramsFinish() throws Exception {
    run(new Program.Fill(BASE, 8, 1));
    CompletableFuture<ProgramReport> fill = begin(0, new Program.Fill(BASE, 20_000_000, 9));
    for (int i = 1; i <= 3; i++) {
      long enough = written() + 1_000_000;
      await(() -> written() >= enough || fill.isDone());
      host.breakStream();
    }

    assertThat(fill.get(BOUND_SECONDS, TimeUnit.SECONDS).failure()).isNull();
    assertThat(host.memory().word(BASE + 19_999_992)).isEqualTo(9);
    await(() -> host.hellos() >= 2);
  }

  @Test
  void silentHost_fencesTheAgentWithinTheLease() throws Exception {
    run(new Program.Fill(BASE, 8, 1));
    host.setTtlNanos(200_000_000);
    host.setSilent(true);
    host.breakStream();

    await(() -> link.counter(LinkCounter.FENCINGS) >= 1);
    assertThat(agent.devices().get(0).counters().mirrorEntries.sum()).isZero();
    host.setSilent(false);
    run(new Program.Fill(BASE, 8, 2));
    assertThat(host.memory().word(BASE)).isEqualTo(2);
  }

  @Test
  void hostThatSwallowsDma_cannotKeepTheAgentFromFencingAndReattaching() throws Exception {
    run(new Program.Fill(BASE, 8, 1));
    host.setTtlNanos(200_000_000);
    host.breakStream();
    run(new Program.Fill(BASE, 8, 1));
    host.setFrozen(true);
    CompletableFuture<ProgramReport> fill = begin(0, new Program.Fill(BASE, 8, 2));
    await(() -> host.swallowed() >= 1);
    host.setSilent(true);

    await(() -> link.counter(LinkCounter.FENCINGS) >= 1);
    host.setSilent(false);
    host.setFrozen(false);

    assertThat(fill.get(BOUND_SECONDS, TimeUnit.SECONDS).failure()).isNull();
    assertThat(fill.get().rewrites()).isPositive();
    assertThat(host.memory().word(BASE)).isEqualTo(2);
  }

  @Test
  void atomicWhoseReplyIsLost_isInDoubtAndTheProgramGoesOn() throws Exception {
    run(new Program.AtomicAdd(BASE, 1, 1));
    host.setFrozen(true);
    CompletableFuture<ProgramReport> adds = begin(0, new Program.AtomicAdd(BASE, 2, 1));
    await(() -> host.swallowed() == 1);
    host.setFrozen(false); // before the agent can be back
    host.breakStream();

    List<ProgramReport.HistoryEntry> history = adds.get(BOUND_SECONDS, TimeUnit.SECONDS).history();
    assertThat(history)
        .extracting(ProgramReport.HistoryEntry::inDoubt)
        .containsExactly(true, false);
    assertThat(host.memory().word(BASE)).isEqualTo(2);
  }

  @Test
  void malformedMessageOfTheHost_endsTheSessionAndNothingElse() throws Exception {
    run(new Program.Fill(BASE, 8, 1));

    host.sayNonsense();
    await(() -> host.hellos() == 2);

    run(new Program.Fill(BASE, 8, 2));
    assertThat(host.memory().word(BASE)).isEqualTo(2);
    assertThat(link.isBroken()).isFalse();
  }

  @Test
  void twoHosts_areAttachedToAtOnceAndToldApartByName() throws Exception {
    try (FakeHost second = new FakeHost("second")) {
      HostLink other = agent.addHost(second.target());
      await(() -> agent.link("second") == other && agent.link("fake") == link);

      assertThat(agent.link("")).isNull();
      agent
          .run(
              other,
              agent.devices().get(0),
              SPACE,
              new Program.Fill(BASE, 8, 6),
              BOUND_SECONDS * SECOND)
          .get(BOUND_SECONDS, TimeUnit.SECONDS);
      run(new Program.Fill(BASE, 8, 5));

      assertThat(second.memory().word(BASE)).isEqualTo(6);
      assertThat(host.memory().word(BASE)).isEqualTo(5);
      second.invalidate(BASE, BASE + 4096).get(BOUND_SECONDS, TimeUnit.SECONDS);
      assertThat(agent.devices().get(0).counters().mirrorEntries.sum()).isEqualTo(1);
      other.stop().get(BOUND_SECONDS, TimeUnit.SECONDS);
    }
  }

  @Test
  void deadline_endsAProgramThatCannotGoOn() throws Exception {
    run(new Program.Fill(BASE, 8, 1));
    host.close();
    await(() -> link.session() == null);

    ProgramReport report =
        agent
            .run(link, agent.devices().get(0), SPACE, new Program.Fill(BASE, 8, 1), SECOND / 2)
            .get(BOUND_SECONDS, TimeUnit.SECONDS);

    assertThat(report.failure().errno()).isEqualTo(Errno.ETIME);
  }

  @Test
  void releasedSpace_failsProgramsWithEfault() throws Exception {
    run(new Program.Fill(BASE, 8, 0));
    agent.devices().get(0).setDelays(new Delays(0, 1_000_000, 0));
    CompletableFuture<ProgramReport> running = begin(0, new Program.AtomicAdd(BASE, 60_000, 1));
    await(() -> host.memory().word(BASE) > 3);

    host.memory().invalidate(BASE, BASE + 4096);
    host.releaseSpace();

    assertThat(running.get(BOUND_SECONDS, TimeUnit.SECONDS).failure().errno())
        .isEqualTo(Errno.EFAULT);
  }

  @Test
  void snapshot_reportsWithoutFaulting() throws Exception {
    FaultOutcome outcome = agent.snapshot(link, agent.devices().get(0), SPACE, 16, 3);

    assertThat(outcome).isInstanceOf(FaultOutcome.Reported.class);
    assertThat(agent.devices().get(0).counters().mirrorEntries.sum()).isZero();
  }

  @Test
  void close_leavesInGoodOrder() throws Exception {
    run(new Program.Fill(BASE, 8, 1));

    agent.close();

    assertThat(link.state()).isEqualTo(LinkState.DISCONNECTED);
    await(() -> host.hasLeft());
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + BOUND_SECONDS * SECOND;
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited for %d s", BOUND_SECONDS).isLessThan(end);
      Thread.sleep(2);
    }
  }
}
