package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.PteType;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Access;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.MigrationRun;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.WaitPolicy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Pages that are to come home when there is no frame for them. */
class MigrationPressureTest extends MigrationStage {
  private static final long MILLI = 1_000_000;

  private final List<Integer> taken = new ArrayList<>();

  MigrationPressureTest() {
    super(
        new ShardFixture(
            8,
            ShardConfig.of(0, 1, ShardFixture.EPOCH, ShardFixture.OVERDUE_NANOS)
                .withReclaim(new ReclaimConfig(16, MILLI, 50 * MILLI, false))));
  }

  /** As another shard does. */
  private void takeAllFrames() {
    while (shard.frames.left() > 0) {
      taken.add(shard.frames.allocate());
    }
  }

  private void giveFramesBack() {
    taken.forEach(shard.frames::cancel);
    taken.clear();
  }

  private int sequence() {
    return Math.toIntExact(shard.engine.queries().space(space).sequence());
  }

  @Test
  void forkWithoutAFrame_waitsForOneAndInvalidatesNothing() {
    touch(0, 2, Access.WRITE);
    toDevice(0, 2);
    takeAllFrames();
    int before = sequence();

    long request = shard.submit(new SpaceOperation.Fork(space, "child"), WaitPolicy.BLOCK);
    for (int i = 0; i < 10; i++) {
      shard.advance(2 * MILLI);
    }
    assertThat(sequence()).isEqualTo(before);
    assertThat(shard.ended(request)).isFalse();

    giveFramesBack();
    shard.advance(2 * MILLI);
    memory.reportOut();
    drainCpu();
    assertThat(shard.outcome(request)).isInstanceOf(OperationOutcome.Done.class);
  }

  @Test
  void forkForWhichNoFrameComes_isRefused() {
    touch(0, 1, Access.WRITE);
    toDevice(0, 1);
    takeAllFrames();

    long request = shard.submit(new SpaceOperation.Fork(space, "child"), WaitPolicy.BLOCK);
    shard.advance(51 * MILLI);

    assertThat(((OperationOutcome.Refused) shard.outcome(request)).errno())
        .isEqualTo(Errno.RESOURCE_EXHAUSTED);
  }

  @Test
  void wayHomeWithoutAFrame_leavesThePageOnTheDevice() {
    touch(0, 1, Access.WRITE);
    toDevice(0, 1);
    takeAllFrames();
    int before = cpuFaults().size();

    touch(0, 1, Access.READ);
    for (int i = 0; i < 60; i++) {
      shard.advance(MILLI);
    }
    assertThat(cpuFaults()).hasSize(before + 1);
    assertThat(cpuFaults().getLast().errno()).isEqualTo(Errno.RESOURCE_EXHAUSTED);
    assertThat(Pte.type(entry(0))).isEqualTo(PteType.DEVICE_PRIVATE);

    giveFramesBack();
    touch(0, 1, Access.READ);
    memory.reportOut();
    assertThat(cpuFaults().getLast().errno()).isNull();
    assertThat(Pte.type(entry(0))).isEqualTo(PteType.PRESENT);
  }

  /** Its translation is of an older generation than the host's from then on. */
  @Test
  void frameThatWentMeanwhile_makesTheDeviceDropWhatItHas() {
    touch(0, 1, Access.WRITE);
    toDevice(0, 1);
    int generation = shard.granted(1, 1, 0, 1, Access.WRITE).generation();
    shard.manualPhases();
    shard.input(new ShardInput.CpuFault(9, space, at(0), 1, Access.READ));
    takeAllFrames();
    shard.phase();
    shard.phase();

    HostMessage.MigrateOut out = memory.lastOut();
    assertThat(out.runs()).allMatch(MigrationRun.Out::skipped);
    assertThat(shard.sent(HostMessage.MigrationCommit.class).getLast().migrationId())
        .isEqualTo(out.migrationId());
    assertThat(Pte.type(entry(0))).isEqualTo(PteType.DEVICE_PRIVATE);
    PageRun again = shard.granted(1, 1, 0, 1, Access.WRITE);
    assertThat(again.state()).isEqualTo(PageRun.State.DEVICE_LOCAL);
    assertThat(again.generation()).isNotEqualTo(generation);
  }
}
