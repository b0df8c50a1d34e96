package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.migration.SkippedPages;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.PteType;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.LocalPages;
import dev.fenceline.model.MigrationRun;
import dev.fenceline.model.WaitPolicy;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Pitfalls of migration, by the number that they have in our list, and false reports. */
class PitfallMigrationTest extends MigrationStage {
  @Test
  void pitfall21_manyThreadsTouchOneDevicePage_oneMigrationServesThemAll() {
    touch(0, 1, Access.WRITE);
    toDevice(0, 1);
    int before = cpuFaults().size();

    for (int i = 0; i < 64; i++) {
      touch(0, 1, i % 2 == 0 ? Access.READ : Access.WRITE);
    }

    assertThat(shard.sent(HostMessage.MigrateOut.class)).hasSize(1);
    assertThat(cpuFaults()).hasSize(before);
    memory.reportOut();
    assertThat(shard.sent(HostMessage.MigrateOut.class)).hasSize(1);
    assertThat(cpuFaults()).hasSize(before + 64).allMatch(fault -> fault.errno() == null);
  }

  @Test
  void pitfall22_twoDevicesWantOverlappingPages_eachGetsItsTurnAndNothingIsLost() {
    FakeMemory other = new FakeMemory(shard, "b", 64, "");
    other.attach(2);
    shard.mirror(2, 1, space, 0, 0, 32);
    touch(0, 8, Access.WRITE);

    long first = migrate(0, 6);
    long second =
        shard.submit(
            new SpaceOperation.MigrateToDevice(space, at(4), 4 * PAGE, new DeviceId("b", 0), null),
            WaitPolicy.BLOCK);
    drainCpu();
    assertThat(shard.sent(HostMessage.MigrateIn.class)).as("one after the other").hasSize(1);
    memory.reportIn();
    drainCpu();
    other.reportIn();

    assertThat(((OperationOutcome.Done) shard.outcome(first)).value()).isEqualTo(6);
    OperationOutcome.Done loser = (OperationOutcome.Done) shard.outcome(second);
    assertThat(loser.value()).isEqualTo(2);
    assertThat(loser.skipped())
        .containsExactly(new SkippedPages(SkippedPages.Reason.ON_OTHER_DEVICE, 2));
  }

  @Test
  void pitfall23_holeTouchedWhileItMigrates_onePageWins() {
    int frames = shard.frames.left();
    migrate(0, 1);
    touch(0, 1, Access.WRITE);
    int served = cpuFaults().size();
    memory.reportIn();
    memory.reportOut();

    assertThat(cpuFaults()).hasSize(served + 1);
    assertThat(Pte.type(entry(0))).isEqualTo(PteType.PRESENT);
    assertThat(memory.held).isEmpty();
    assertThat(shard.frames.left()).isEqualTo(frames - 1);
  }

  @Test
  void pitfall25_pagePinnedWhileItsMigrationWaits_comesHomeForThePin() {
    shard.granted(1, 1, 0, 1, Access.WRITE);
    long migration = migrate(0, 1);
    long pin =
        shard.submit(
            new SpaceOperation.Pin(
                space, at(0), PAGE, true, new SpaceOperation.PinPurpose("me", "test", true)),
            WaitPolicy.BLOCK);
    assertThat(shard.ended(pin)).isFalse();

    shard.ack(1, 0, shard.lastInvalidation());
    memory.reportIn();
    assertThat(((OperationOutcome.Done) shard.outcome(migration)).value()).isEqualTo(1);
    memory.reportOut();

    assertThat(shard.outcome(pin)).isInstanceOf(OperationOutcome.Done.class);
    assertThat(Pte.type(entry(0))).isEqualTo(PteType.PRESENT);
    assertThat(((OperationOutcome.Done) shard.outcome(migrate(0, 1))).skipped())
        .containsExactly(new SkippedPages(SkippedPages.Reason.PINNED, 1));
  }

  @Test
  void pitfall30_deviceThatCloses_takesNothingWhileItsPagesComeHome() {
    touch(0, 4, Access.WRITE);
    toDevice(0, 4);
    shard.agent(1, new AgentMessage.CloseDevice(0, 7));

    long late = migrate(8, 1);

    assertThat(shard.outcome(late)).isInstanceOf(OperationOutcome.Refused.class);
    memory.reportOut();
    assertThat(memory.held).isEmpty();
  }

  // ---- a device that reports what is not its

  private long reported(MigrationRun.Report... runs) {
    long request = migrate(0, 2);
    drainCpu();
    shard.agent(1, new AgentMessage.MigrationReport(memory.lastIn().migrationId(), List.of(runs)));
    return request;
  }

  private static MigrationRun.Report done(int pages, int local) {
    return new MigrationRun.Report(pages, MigrationRun.Outcome.DONE, local);
  }

  private void assertStayed(long request) {
    OperationOutcome.Done outcome = (OperationOutcome.Done) shard.outcome(request);
    assertThat(outcome.skipped())
        .extracting(SkippedPages::reason)
        .contains(SkippedPages.Reason.FAILED);
    assertThat(Pte.type(entry(1))).isEqualTo(PteType.PRESENT);
  }

  @Test
  void reportOfAPageBeyondTheMemory_isNotAccepted() {
    touch(0, 2, Access.WRITE);
    assertStayed(reported(done(1, 0), done(1, 64)));
  }

  @Test
  void reportOfOnePageTwice_isAcceptedOnce() {
    touch(0, 2, Access.WRITE);
    assertStayed(reported(done(1, 5), done(1, 5)));
    assertThat(Pte.type(entry(0))).isEqualTo(PteType.DEVICE_PRIVATE);
  }

  @Test
  void reportOfTooManyPages_givesTheMigrationUp() {
    touch(0, 2, Access.WRITE);
    long request = reported(done(3, 0));
    assertThat(shard.outcome(request)).isInstanceOf(OperationOutcome.Refused.class);
    assertThat(Pte.type(entry(0))).isEqualTo(PteType.PRESENT);
  }

  @Test
  void reportOfAnothersMigration_isCountedAndChangesNothing() {
    touch(0, 2, Access.WRITE);
    FakeMemory other = new FakeMemory(shard, "b", 64, "");
    other.attach(2);
    long request = migrate(0, 2);
    drainCpu();
    int late = shard.all(ShardEffect.LateMessage.class).size();

    shard.agent(
        2, new AgentMessage.MigrationReport(memory.lastIn().migrationId(), List.of(done(2, 0))));

    assertThat(shard.all(ShardEffect.LateMessage.class)).hasSize(late + 1);
    assertThat(shard.ended(request)).isFalse();
    memory.reportIn();
    assertThat(((OperationOutcome.Done) shard.outcome(request)).value()).isEqualTo(2);
  }

  @Test
  void evictionOfPagesThatAreNotThere_movesNothing() {
    touch(0, 2, Access.WRITE);
    toDevice(0, 2);

    shard.agent(1, new AgentMessage.EvictRequest(77, 4, List.of(new LocalPages(0, 999, 0, 4))));

    assertThat(shard.sent(HostMessage.EvictReply.class))
        .containsExactly(new HostMessage.EvictReply(77, 0));
    assertThat(shard.sent(HostMessage.MigrateOut.class)).isEmpty();
  }

  @Test
  void helloWithPagesThatTheHostDoesNotCountOn_hasThemFreed() {
    touch(0, 1, Access.WRITE);
    toDevice(0, 1);
    shard.end(1, dev.fenceline.model.FenceResolution.REATTACHED);
    memory.held.put(9, 4242L);
    memory.attach(2);

    assertThat(memory.held).containsOnlyKeys(0);
    assertThat(Pte.type(entry(0))).isEqualTo(PteType.DEVICE_PRIVATE);
  }
}
