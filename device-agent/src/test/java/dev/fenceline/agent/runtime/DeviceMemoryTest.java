package dev.fenceline.agent.runtime;

import static dev.fenceline.agent.fake.FakeHost.SPACE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.agent.adapter.grpc.GrpcHostConnector;
import dev.fenceline.agent.engine.LinkSettings;
import dev.fenceline.agent.engine.memory.PagePool;
import dev.fenceline.agent.fake.FakeHost;
import dev.fenceline.agent.runtime.program.Program;
import dev.fenceline.agent.runtime.program.ProgramReport;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.Pages;
import dev.fenceline.security.TransportSecurity;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Programs of devices on memory of their own, against a small host over gRPC. */
class DeviceMemoryTest {
  private static final long VPN = 0x10;
  private static final long BASE = Pages.address(VPN);
  private static final long BOUND_SECONDS = 50;
  private static final long SECOND = 1_000_000_000L;

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
                    List.of(
                        new DeviceDescription(0, "d0", 2, 64, "group", false),
                        new DeviceDescription(1, "d1", 2, 64, "group", false))),
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

  private CompletableFuture<ProgramReport> begin(int device, Program program) {
    return agent.run(link, agent.devices().get(device), SPACE, program, BOUND_SECONDS * SECOND);
  }

  private ProgramReport run(int device, Program program) throws Exception {
    ProgramReport report = begin(device, program).get(BOUND_SECONDS, TimeUnit.SECONDS);
    assertThat(report.failure()).isNull();
    return report;
  }

  private int pages(int device, PagePool.State state) {
    return agent.devices().get(device).memory().count(state);
  }

  private static int moved(CompletableFuture<Integer> migration) throws Exception {
    return migration.get(BOUND_SECONDS, TimeUnit.SECONDS);
  }

  @Test
  void migratedPages_areReadAndWrittenInPlace_andComeHomeWithTheirBytes() throws Exception {
    run(0, new Program.Fill(BASE, 20 * Pages.SIZE_BYTES, 5));
    assertThat(moved(host.migrate(0, VPN, 20))).isEqualTo(20);
    long dma = agent.devices().getFirst().counters().dmaRequests.sum();

    assertThat(run(0, new Program.Checksum(BASE, 20 * Pages.SIZE_BYTES)).sum())
        .isEqualTo(5L * 20 * 512);
    run(0, new Program.Fill(BASE + 8, 20 * Pages.SIZE_BYTES - 8, 9));
    assertThat(run(0, new Program.AtomicAdd(BASE + 16, 3, 100)).value()).isEqualTo(9);

    assertThat(agent.devices().getFirst().counters().dmaRequests.sum())
        .as("nothing went over the wire")
        .isEqualTo(dma);
    assertThat(host.memory().word(BASE + 8)).as("the host's copy is none").isEqualTo(5);
    assertThat(moved(host.migrateHome(VPN, 20))).isEqualTo(20);
    assertThat(host.memory().word(BASE)).isEqualTo(5);
    assertThat(host.memory().word(BASE + 8)).isEqualTo(9);
    assertThat(host.memory().word(BASE + 16)).isEqualTo(309);
    assertThat(host.memory().word(BASE + 20 * Pages.SIZE_BYTES - 8)).isEqualTo(9);
  }

  @Test
  void accessAcrossHostAndDeviceMemory_isDoneInParts() throws Exception {
    run(0, new Program.Fill(BASE, 4 * Pages.SIZE_BYTES, 5));
    assertThat(moved(host.migrate(0, VPN + 1, 2))).isEqualTo(2);

    run(0, new Program.Fill(BASE + 100, 3 * Pages.SIZE_BYTES, 0x0707070707070707L));
    ProgramReport report = run(0, new Program.Checksum(BASE, 4 * Pages.SIZE_BYTES));
    assertThat(moved(host.migrateHome(VPN + 1, 2))).isEqualTo(2);

    assertThat(report.crc32c())
        .isEqualTo(run(0, new Program.Checksum(BASE, 4 * Pages.SIZE_BYTES)).crc32c());
    assertThat(host.memory().read(BASE + 99, 2)).containsExactly(0, 7);
    assertThat(host.memory().read(BASE + 99 + 3 * Pages.SIZE_BYTES, 2)).containsExactly(7, 0);
  }

  @Test
  void deviceOfTheSameGroup_usesThePageWhereItIs() throws Exception {
    run(0, new Program.Fill(BASE, 2 * Pages.SIZE_BYTES, 5));
    assertThat(moved(host.migrate(0, VPN, 2))).isEqualTo(2);

    assertThat(run(1, new Program.Checksum(BASE, 2 * Pages.SIZE_BYTES)).sum())
        .isEqualTo(5L * 2 * 512);
    run(1, new Program.AtomicAdd(BASE, 10, 1));
    run(0, new Program.AtomicAdd(BASE, 10, 1));

    assertThat(agent.devices().get(1).counters().peerBytes.sum()).isPositive();
    assertThat(pages(1, PagePool.State.UNUSED)).as("nothing moved").isEqualTo(64);
    assertThat(moved(host.migrateHome(VPN, 2))).isEqualTo(2);
    assertThat(host.memory().word(BASE)).isEqualTo(25);
  }

  /** INV-7 and INV-13: nothing that a unit adds is lost, wherever the page is at the moment. */
  @Test
  void pageThatGoesBackAndForth_losesNoAddition() throws Exception {
    run(0, new Program.Fill(BASE, Long.BYTES, 0)); // both are attached and mirror the space
    run(1, new Program.Checksum(BASE, Long.BYTES));
    List<CompletableFuture<ProgramReport>> adding =
        List.of(
            begin(0, new Program.AtomicAdd(BASE, 2_000, 1)),
            begin(0, new Program.AtomicAdd(BASE, 2_000, 1)),
            begin(1, new Program.AtomicAdd(BASE, 200, 1)));
    int rounds = 0;
    while (!adding.stream().allMatch(CompletableFuture::isDone) || rounds == 0) {
      assertThat(moved(host.migrate(0, VPN, 1))).isOne();
      assertThat(moved(host.migrateHome(VPN, 1))).isOne();
      rounds++;
    }
    for (CompletableFuture<ProgramReport> each : adding) {
      assertThat(each.get().failure()).isNull();
    }

    assertThat(host.memory().word(BASE)).isEqualTo(4_200);
    assertThat(rounds).isPositive();
    // The last page is released behind the answer of its migration.
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (pages(0, PagePool.State.UNUSED) != 64 && System.nanoTime() < end) {
      Thread.sleep(5);
    }
    assertThat(pages(0, PagePool.State.UNUSED)).isEqualTo(64);
  }

  @Test
  void allocationThatIsOrderedToFail_leavesThatPageWithTheHost() throws Exception {
    run(0, new Program.Fill(BASE, 4 * Pages.SIZE_BYTES, 5));
    agent.devices().getFirst().memory().inject(new DeviceMemory.Injection(2, false, 1_000_000));

    assertThat(moved(host.migrate(0, VPN, 4))).isEqualTo(3);
    assertThat(run(0, new Program.Checksum(BASE, 4 * Pages.SIZE_BYTES)).sum())
        .isEqualTo(5L * 4 * 512);
    assertThat(agent.devices().getFirst().memory().failures()).isOne();
  }

  @Test
  void closedMemory_takesNothing() throws Exception {
    agent.devices().getFirst().memory().close();
    run(0, new Program.Fill(BASE, Pages.SIZE_BYTES, 5));

    assertThat(moved(host.migrate(0, VPN, 1))).isZero();
    agent.devices().getFirst().memory().open();
    assertThat(moved(host.migrate(0, VPN, 1))).isOne();
  }
}
