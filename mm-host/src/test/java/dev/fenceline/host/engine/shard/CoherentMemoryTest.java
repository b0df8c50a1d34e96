package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.migration.SkippedPages;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.PteType;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.Errno;
import dev.fenceline.model.FenceResolution;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.LocalPages;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Peer;
import dev.fenceline.model.WaitPolicy;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Pages of a coherent device: CPUs and other devices use them where they are. */
class CoherentMemoryTest extends MigrationStage {
  CoherentMemoryTest() {
    super(new ShardFixture(), true);
    touch(0, 4, Access.WRITE);
    toDevice(0, 4);
  }

  private long pin(long page, int pages, boolean longTerm) {
    return shard.submit(
        new SpaceOperation.Pin(
            space,
            at(page),
            pages * PAGE,
            true,
            new SpaceOperation.PinPurpose("test", "test", longTerm)),
        WaitPolicy.BLOCK);
  }

  private void unpin(long pinRequest) {
    long pin = ((OperationOutcome.Done) shard.outcome(pinRequest)).value();
    shard.submit(new SpaceOperation.Unpin(pin), WaitPolicy.BLOCK);
    memory.obey();
  }

  private long home(long page, int pages) {
    return shard.submit(
        new SpaceOperation.MigrateToHost(space, at(page), pages * PAGE), WaitPolicy.BLOCK);
  }

  /** The CPU, and the device itself, have ended their use of what is to move. */
  private void drained() {
    drainCpu();
    shard.ack(1, 0, shard.lastInvalidation());
  }

  private int movesHome() {
    return shard.sent(HostMessage.MigrateOut.class).size();
  }

  @Test
  void cpuFault_findsThePageWhereItIs() {
    touch(1, 2, Access.WRITE);

    ShardEffect.CpuFaultEnded ended = cpuFaults().getLast();
    assertThat(ended.errno()).isNull();
    assertThat(ended.entries()).containsExactly(entry(1), entry(2));
    assertThat(ended.peers()).containsOnlyKeys(Pte.frame(entry(1)), Pte.frame(entry(2)));
    assertThat(ended.peers().values()).containsOnly(new Peer(A, "a:1"));
    assertThat(movesHome()).isZero();
  }

  @Test
  void cpuThatUsesThePage_isWaitedForBeforeItLeaves() {
    touch(0, 1, Access.READ);
    int drops = shard.all(ShardEffect.DropCpuEntries.class).size();

    home(0, 1);
    shard.ack(1, 0, shard.lastInvalidation());
    assertThat(movesHome()).as("the CPU has not drained").isZero();
    assertThat(shard.all(ShardEffect.DropCpuEntries.class)).hasSize(drops + 1);
    drainCpu();

    assertThat(movesHome()).isEqualTo(1);
  }

  @Test
  void deviceOfAnotherOwnerGroup_isAPeer() {
    FakeMemory other = new FakeMemory(shard, "b", 8, "elsewhere");
    other.attach(2);
    shard.mirror(2, 1, space, 0, 0, 32);

    PageRun run = shard.granted(2, 1, 0, 4, Access.WRITE);

    assertThat(run.state()).isEqualTo(PageRun.State.PEER);
    assertThat(run.peer()).isEqualTo(new Peer(A, "a:1", true));
    assertThat(movesHome()).isZero();
    // Exclusive access is to memory of the host alone.
    shard.fault(2, 1, 0, 1, Access.EXCLUSIVE);
    shard.ack(2, 0, shard.lastInvalidation());
    drainCpu();
    assertThat(movesHome()).isEqualTo(1);
  }

  @Test
  void agentThatIsAway_isWaitedForAndThenLost() {
    touch(0, 1, Access.READ);
    shard.end(1, FenceResolution.LEASE_EXPIRED);
    int faults = cpuFaults().size();

    touch(0, 1, Access.READ);
    assertThat(cpuFaults()).hasSize(faults);
    shard.advance(MigrationConfig.DEFAULT.graceNanos());

    assertThat(cpuFaults().getLast().errno()).isEqualTo(Errno.DATA_LOSS);
  }

  @Test
  void shortPin_leavesThePageThereAndHoldsIt() {
    long pin = pin(1, 1, false);
    assertThat(shard.outcome(pin)).isInstanceOf(OperationOutcome.Done.class);
    assertThat(movesHome()).isZero();

    long request = home(0, 4);
    drained();
    memory.reportOut();

    OperationOutcome.Done done = (OperationOutcome.Done) shard.outcome(request);
    assertThat(done.value()).isEqualTo(3);
    assertThat(done.skipped()).containsExactly(new SkippedPages(SkippedPages.Reason.PINNED, 1));
    assertThat(Pte.type(entry(1))).isEqualTo(PteType.DEVICE_PRIVATE);
    assertThat(memory.held).hasSize(1);
    unpin(pin);
    home(1, 1);
    drained();
    memory.reportOut();
    assertThat(memory.held).isEmpty();
  }

  @Test
  void evictionOfAPinnedPage_isAnsweredWithoutIt() {
    pin(0, 1, false);
    long migration = memory.held.get(0);

    shard.agent(
        1, new AgentMessage.EvictRequest(3, 1, List.of(new LocalPages(0, migration, 0, 1))));
    drainCpu();

    assertThat(shard.sent(HostMessage.EvictReply.class))
        .containsExactly(new HostMessage.EvictReply(3, 0));
    assertThat(movesHome()).isZero();
  }

  @Test
  void longTermPin_bringsThePageHome_unlessItIsPinnedThere() {
    long request = pin(2, 1, true);
    drainCpu();
    memory.reportOut();
    assertThat(shard.outcome(request)).isInstanceOf(OperationOutcome.Done.class);
    assertThat(Pte.type(entry(2))).isEqualTo(PteType.PRESENT);

    toDevice(8, 1);
    pin(8, 1, false);
    long refused = pin(8, 1, true);
    assertThat(((OperationOutcome.Refused) shard.outcome(refused)).errno()).isEqualTo(Errno.EBUSY);
    long fork = shard.submit(new SpaceOperation.Fork(space, "child"), WaitPolicy.BLOCK);
    assertThat(((OperationOutcome.Refused) shard.outcome(fork)).errno()).isEqualTo(Errno.EBUSY);
  }

  @Test
  void pinThatOutlivesItsMapping_keepsThePageOfTheDevice() {
    long pin = pin(0, 1, false);

    shard.unmap(space, 0, 4, WaitPolicy.BLOCK);
    drainCpu();
    shard.ack(1, 0, shard.lastInvalidation());
    memory.obey();
    assertThat(memory.held).hasSize(1);
    shard.agent(1, new AgentMessage.CloseDevice(0, 5));
    assertThat(shard.sent(HostMessage.DeviceClosed.class))
        .containsExactly(new HostMessage.DeviceClosed(0, 1, 5));

    unpin(pin);
    assertThat(memory.held).isEmpty();
  }

  @Test
  void pinnedPageOfAnAgentThatWasAway_isThereAgain() {
    pin(0, 4, false);
    shard.end(1, FenceResolution.LEASE_EXPIRED);
    int faults = cpuFaults().size();
    touch(0, 1, Access.WRITE);
    assertThat(cpuFaults()).hasSize(faults);

    memory.attach(5);
    drainCpu();

    assertThat(cpuFaults()).hasSize(faults + 1);
    assertThat(cpuFaults().getLast().errno()).isNull();
    assertThat(Pte.type(entry(0))).isEqualTo(PteType.DEVICE_PRIVATE);
    assertThat(movesHome()).isZero();
  }
}
