package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.migration.SkippedPages;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.PteType;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Access;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.MigrationRun;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import org.junit.jupiter.api.Test;

class MigrationTest extends MigrationStage {
  @Test
  void touchedPages_moveAndFreeTheirFrames() {
    touch(0, 4, Access.WRITE);
    int left = shard.frames.left();

    long request = migrate(0, 4);
    drainCpu();
    assertThat(Pte.type(entry(0))).isEqualTo(PteType.MIGRATION);
    assertThat(shard.ended(request)).isFalse();
    memory.reportIn();

    assertThat(((OperationOutcome.Done) shard.outcome(request)).value()).isEqualTo(4);
    assertThat(Pte.type(entry(3))).isEqualTo(PteType.DEVICE_PRIVATE);
    assertThat(shard.frames.left()).isEqualTo(left + 4);
    HostMessage.MigrationCommit commit = shard.sent(HostMessage.MigrationCommit.class).getLast();
    assertThat(commit.runs()).singleElement().matches(run -> run.accepted() && run.writable());
  }

  @Test
  void holes_goAsZeros() {
    touch(1, 1, Access.WRITE);

    toDevice(0, 3);

    assertThat(memory.lastIn().runs())
        .extracting(MigrationRun.In::source)
        .containsExactly(
            MigrationRun.Source.ZEROS, MigrationRun.Source.HOST, MigrationRun.Source.ZEROS);
    assertThat(Pte.type(entry(2))).isEqualTo(PteType.DEVICE_PRIVATE);
  }

  @Test
  void faultOfTheOwner_findsItsOwnPages() {
    touch(0, 4, Access.WRITE);
    toDevice(0, 4);

    PageRun run = shard.granted(1, 1, 0, 4, Access.WRITE);

    assertThat(run.state()).isEqualTo(PageRun.State.DEVICE_LOCAL);
    assertThat(run.firstLocalPage()).isZero();
    assertThat(run.writable()).isTrue();
    assertThat(run.generation()).isEqualTo(Pte.generation(entry(0)));
    assertThat(shard.sent(HostMessage.MigrateOut.class)).isEmpty();
  }

  @Test
  void cpuFault_bringsThePageHomeAndWaitsForIt() {
    touch(0, 4, Access.WRITE);
    toDevice(0, 4);
    int faults = cpuFaults().size();

    touch(2, 1, Access.READ);
    assertThat(cpuFaults()).hasSize(faults);
    HostMessage.MigrateOut out = memory.lastOut();
    memory.reportOut();

    assertThat(out.start()).isEqualTo(at(0));
    assertThat(out.runs())
        .containsExactly(new MigrationRun.Out(4, out.runs().getFirst().generation(), 0, false));
    assertThat(cpuFaults()).hasSize(faults + 1);
    assertThat(cpuFaults().getLast().errno()).isNull();
    assertThat(Pte.type(entry(2))).isEqualTo(PteType.PRESENT);
    assertThat(memory.held).isEmpty();
  }

  @Test
  void ownerOfTheMemory_hearsNoInvalidateOfItsOwn() {
    touch(0, 1, Access.WRITE);
    toDevice(0, 1);
    shard.granted(1, 1, 0, 1, Access.WRITE);
    int told = shard.broadcasts().size();

    touch(0, 1, Access.READ);

    assertThat(shard.broadcasts()).hasSize(told);
    assertThat(memory.lastOut().sequence())
        .isEqualTo(shard.engine.queries().space(space).sequence());
  }

  @Test
  void otherDevice_bringsThePageHome() {
    touch(0, 1, Access.WRITE);
    toDevice(0, 1);
    shard.open(2, "b", 1);
    shard.mirror(2, 1, space, 0, 0, 32);

    long fault = shard.fault(2, 1, 0, 1, Access.READ);
    assertThat(shard.replied(fault)).isFalse();
    memory.reportOut();

    assertThat(shard.reply(fault).runs().getFirst().state()).isEqualTo(PageRun.State.PRESENT);
  }

  @Test
  void deviceOfTheOwnerGroup_usesThePageWhereItIs() {
    FakeMemory one = new FakeMemory(shard, "g1", 8, "group");
    FakeMemory two = new FakeMemory(shard, "g2", 8, "group");
    one.attach(11);
    two.attach(12);
    shard.mirror(11, 1, space, 0, 0, 32);
    shard.mirror(12, 1, space, 0, 0, 32);
    shard.submit(
        new SpaceOperation.MigrateToDevice(space, at(0), PAGE, new DeviceId("g1", 0), null),
        WaitPolicy.BLOCK);
    one.reportIn();

    PageRun run = shard.granted(12, 1, 0, 1, Access.WRITE);

    assertThat(run.state()).isEqualTo(PageRun.State.PEER);
    assertThat(run.peer().device()).isEqualTo(new DeviceId("g1", 0));
    assertThat(run.peer().target()).isEqualTo("g1:1");
    touch(0, 1, Access.READ);
    long invalidation = shard.lastInvalidation();
    assertThat(shard.sent(HostMessage.MigrateOut.class)).isEmpty();
    shard.ack(12, 0, invalidation);
    assertThat(shard.sent(HostMessage.MigrateOut.class)).hasSize(1);
  }

  /** It could not check accesses by an entry of its own, and would answer "stale" for ever. */
  @Test
  void peerThatDoesNotMirrorThePage_givesItBack() {
    FakeMemory one = new FakeMemory(shard, "g1", 8, "group");
    FakeMemory two = new FakeMemory(shard, "g2", 8, "group");
    one.attach(11);
    two.attach(12);
    shard.mirror(11, 1, space, 0, 1, 32);
    shard.mirror(12, 1, space, 0, 0, 32);
    shard.submit(
        new SpaceOperation.MigrateToDevice(space, at(0), PAGE, new DeviceId("g1", 0), null),
        WaitPolicy.BLOCK);
    one.reportIn();

    long fault = shard.fault(12, 1, 0, 1, Access.WRITE);
    assertThat(shard.replied(fault)).isFalse();
    one.reportOut();

    assertThat(shard.reply(fault).runs().getFirst().state()).isEqualTo(PageRun.State.PRESENT);
  }

  @Test
  void migrationDma_isForTheMigratingDeviceOnly() {
    touch(0, 1, Access.WRITE);
    migrate(0, 1);
    drainCpu();
    HostMessage.MigrateIn in = memory.lastIn();
    int generation = in.runs().getFirst().generation();
    shard.open(2, "b", 1);
    shard.mirror(2, 1, space, 0, 0, 32);

    assertThat(dma(1, in.migrationId(), generation, false)).isTrue();
    assertThat(dma(1, in.migrationId(), generation, true)).isFalse();
    assertThat(dma(1, in.migrationId(), generation + 1, false)).isFalse();
    assertThat(dma(1, in.migrationId() + 1, generation, false)).isFalse();
    assertThat(dma(2, in.migrationId(), generation, false)).isFalse();
    memory.reportIn();
    assertThat(dma(1, in.migrationId(), generation, false)).isFalse();
  }

  private boolean dma(long session, long migration, int generation, boolean write) {
    int before = shard.effects.size();
    shard.input(
        new ShardInput.Dma(
            new DmaRequest(
                1,
                ShardFixture.EPOCH,
                session,
                space,
                0,
                at(0),
                8,
                write ? DmaRequest.Operation.WRITE : DmaRequest.Operation.READ,
                new int[] {generation},
                write ? new byte[8] : new byte[0],
                0,
                0,
                migration)));
    return shard.effects.subList(before, shard.effects.size()).stream()
        .anyMatch(ShardEffect.DmaGranted.class::isInstance);
  }

  @Test
  void pinnedAndSharedPages_stay() {
    touch(0, 3, Access.WRITE);
    shard.submit(
        new SpaceOperation.Pin(
            space, at(1), PAGE, true, new SpaceOperation.PinPurpose("me", "test", true)),
        WaitPolicy.BLOCK);

    long request = migrate(0, 3);
    drainCpu();
    memory.reportIn();

    OperationOutcome.Done done = (OperationOutcome.Done) shard.outcome(request);
    assertThat(done.value()).isEqualTo(2);
    assertThat(done.skipped()).containsExactly(new SkippedPages(SkippedPages.Reason.PINNED, 1));
    assertThat(Pte.type(entry(1))).isEqualTo(PteType.PRESENT);
  }

  @Test
  void deviceWithoutRoom_leavesTheRestAtHome() {
    FakeMemory small = new FakeMemory(shard, "s", 1, "");
    small.attach(3);
    touch(0, 2, Access.WRITE);

    long request =
        shard.submit(
            new SpaceOperation.MigrateToDevice(space, at(0), 2 * PAGE, new DeviceId("s", 0), null),
            WaitPolicy.BLOCK);
    drainCpu();
    small.reportIn();

    OperationOutcome.Done done = (OperationOutcome.Done) shard.outcome(request);
    assertThat(done.value()).isEqualTo(1);
    assertThat(done.skipped()).containsExactly(new SkippedPages(SkippedPages.Reason.NO_MEMORY, 1));
    assertThat(Pte.type(entry(1))).isEqualTo(PteType.PRESENT);
    assertThat(small.held).hasSize(1);
  }

  @Test
  void unmappedRange_isRefused() {
    long request = migrate(31, 2);

    assertThat(((OperationOutcome.Refused) shard.outcome(request)).errno()).isEqualTo(Errno.EINVAL);
  }

  @Test
  void movedDevicePages_keepTheirPlace() {
    touch(0, 1, Access.WRITE);
    toDevice(0, 1);

    shard.submit(
        new SpaceOperation.Remap(space, at(0), PAGE, PAGE, true, at(100)), WaitPolicy.BLOCK);
    shard.ack(1, 0, shard.lastInvalidation());
    shard.mirror(1, 2, space, 0, 100, 1);

    assertThat(shard.granted(1, 2, 100, 1, Access.WRITE).firstLocalPage()).isZero();
    touch(100, 1, Access.READ);
    assertThat(memory.lastOut().start()).isEqualTo(at(100));
  }

  @Test
  void fork_bringsDevicePagesHomeFirst() {
    touch(0, 2, Access.WRITE);
    toDevice(0, 2);

    long request = shard.submit(new SpaceOperation.Fork(space, "child"), WaitPolicy.BLOCK);
    assertThat(shard.ended(request)).isFalse();
    memory.reportOut();
    drainCpu();

    assertThat(shard.outcome(request)).isInstanceOf(OperationOutcome.Done.class);
    assertThat(Pte.type(entry(0))).isEqualTo(PteType.PRESENT);
  }

  @Test
  void protection_staysOverAMigration() {
    touch(0, 1, Access.WRITE);
    toDevice(0, 1);
    shard.granted(1, 1, 0, 1, Access.WRITE);
    shard.submit(new SpaceOperation.Protect(space, at(0), PAGE, Protection.READ), WaitPolicy.BLOCK);
    shard.ack(1, 0, shard.lastInvalidation());

    assertThat(shard.reply(shard.fault(1, 1, 0, 1, Access.WRITE)).errno()).isEqualTo(Errno.EPERM);
    PageRun run = shard.granted(1, 1, 0, 1, Access.READ);
    assertThat(run.state()).isEqualTo(PageRun.State.DEVICE_LOCAL);
    assertThat(run.writable()).isFalse();
  }
}
