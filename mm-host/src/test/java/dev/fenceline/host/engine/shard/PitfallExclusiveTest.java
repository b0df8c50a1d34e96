package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.PteType;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.host.engine.space.SpaceOperation.Placement;
import dev.fenceline.host.engine.space.SpaceOperation.Region;
import dev.fenceline.model.Access;
import dev.fenceline.model.Errno;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import org.junit.jupiter.api.Test;

/** Pitfalls of exclusive access, by the number that they have in our list. */
class PitfallExclusiveTest extends MigrationStage {
  @Test
  void pitfall35_pageUnmappedAndMappedAnewWhileItIsTakenBack_isAnotherPage() {
    PageRun run = shard.granted(1, 1, 0, 1, Access.EXCLUSIVE);
    touch(0, 1, Access.READ);
    int served = cpuFaults().size();
    long unmap = shard.unmap(space, 0, 1, WaitPolicy.BLOCK);
    shard.ack(1, 0, shard.lastInvalidation());
    drainCpu();
    if (!shard.ended(unmap)) {
      shard.ack(1, 0, shard.lastInvalidation());
    }

    assertThat(shard.outcome(unmap)).isInstanceOf(OperationOutcome.Done.class);
    assertThat(cpuFaults().size()).isGreaterThanOrEqualTo(served);
    shard.map(space, 0, 1, Protection.READ_WRITE);
    assertThat(Pte.type(entry(0))).isEqualTo(PteType.NONE);
    assertThat(shard.dma(1, space, 0, 0, run.generation(), true)).isFalse();
    PageRun anew = shard.granted(1, 1, 0, 1, Access.WRITE);
    assertThat(anew.generation()).isNotEqualTo(run.generation());
    assertThat(anew.state()).isEqualTo(PageRun.State.PRESENT);
  }

  @Test
  void pitfall36_forkOfAnExclusivePage_takesItBackAndSharesIt() {
    PageRun run = shard.granted(1, 1, 0, 1, Access.EXCLUSIVE);

    long fork = shard.submit(new SpaceOperation.Fork(space, "child"), WaitPolicy.BLOCK);
    assertThat(shard.ended(fork)).as("the holder has not drained").isFalse();
    shard.ack(1, 0, shard.lastInvalidation());

    assertThat(shard.outcome(fork)).isInstanceOf(OperationOutcome.Done.class);
    assertThat(Pte.type(entry(0))).isEqualTo(PteType.PRESENT);
    assertThat(Pte.writable(entry(0))).isFalse();
    assertThat(shard.dma(1, space, 0, 0, run.generation(), true)).isFalse();
  }

  @Test
  void pitfall36_movedExclusivePage_isExclusiveNoMore() {
    PageRun run = shard.granted(1, 1, 0, 1, Access.EXCLUSIVE);

    shard.submit(
        new SpaceOperation.Remap(space, at(0), PAGE, PAGE, true, at(100)), WaitPolicy.BLOCK);
    shard.ack(1, 0, shard.lastInvalidation());

    assertThat(Pte.type(entry(100))).isEqualTo(PteType.PRESENT);
    assertThat(shard.dma(1, space, 0, 0, run.generation(), true)).isFalse();
  }

  @Test
  void pitfall36_reclaimOfAnExclusivePage_isHeardByItsHolder() {
    ShardFixture small =
        new ShardFixture(
            4,
            ShardConfig.of(0, 1, ShardFixture.EPOCH, 1_000_000_000)
                .withReclaim(new ReclaimConfig(64, 10_000_000, 1_000_000_000, false)));
    long crowded = small.createSpace();
    small.map(crowded, 0, 8, Protection.READ_WRITE);
    small.open(1, "a", 1);
    small.mirror(1, 1, crowded, 0, 0, 8);
    for (int page = 0; page < 4; page++) {
      small.granted(1, 1, page, 1, Access.EXCLUSIVE);
    }
    int told = small.broadcasts().size();

    long fault = small.fault(1, 1, 6, 1, Access.WRITE);
    for (int i = 0; i < 200 && !small.replied(fault); i++) {
      small.advance(1_000_000);
      if (small.broadcasts().size() > told) {
        small.ack(1, 0, small.lastInvalidation());
      }
    }

    assertThat(small.broadcasts().size()).isGreaterThan(told);
    assertThat(small.reply(fault).errno()).isNull();
    assertThat(small.all(ShardEffect.WriteSwap.class)).isNotEmpty();
  }

  @Test
  void exclusiveAccessToWhatCannotBeHadSo_isRefusedWithAType() {
    shard.submit(
        new SpaceOperation.Map(
            space, at(64), PAGE, Placement.FIXED, new Region(Protection.READ_WRITE, true, "", 0)),
        WaitPolicy.BLOCK);
    shard.map(space, 65, 1, Protection.READ);
    shard.mirror(1, 2, space, 0, 64, 8);

    assertThat(shard.reply(shard.fault(1, 2, 64, 1, Access.EXCLUSIVE)).errno())
        .as("shared")
        .isEqualTo(Errno.EINVAL);
    assertThat(shard.reply(shard.fault(1, 2, 65, 1, Access.EXCLUSIVE)).errno())
        .as("read-only")
        .isEqualTo(Errno.EPERM);
    assertThat(shard.reply(shard.fault(1, 2, 66, 1, Access.EXCLUSIVE)).errno())
        .as("a hole")
        .isEqualTo(Errno.EFAULT);
  }

  @Test
  void pagesThatArePresent_areTakenInOneGo() {
    touch(0, 8, Access.WRITE);
    long fault = shard.fault(1, 1, 0, 8, Access.EXCLUSIVE);
    drainCpu();

    PageRun run = shard.reply(fault).runs().getFirst();
    assertThat(run.state()).isEqualTo(PageRun.State.EXCLUSIVE);
    assertThat(run.pageCount()).isEqualTo(8);
  }
}
