package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.PteType;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.Errno;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import org.junit.jupiter.api.Test;

class ExclusiveTest extends MigrationStage {
  @Test
  void exclusiveAccess_endsWithTheTouchOfAnother() {
    touch(0, 1, Access.WRITE);

    long fault = shard.fault(1, 1, 0, 1, Access.EXCLUSIVE);
    drainCpu();
    PageRun run = shard.reply(fault).runs().getFirst();
    assertThat(run.state()).isEqualTo(PageRun.State.EXCLUSIVE);
    assertThat(shard.dma(1, space, 0, 0, run.generation(), true)).isTrue();
    int faults = cpuFaults().size();

    touch(0, 1, Access.READ);
    assertThat(cpuFaults()).as("the holder has not drained").hasSize(faults);
    shard.ack(1, 0, shard.lastInvalidation());

    assertThat(cpuFaults()).hasSize(faults + 1);
    assertThat(shard.dma(1, space, 0, 0, run.generation(), true)).isFalse();
    assertThat(Pte.type(entry(0))).isEqualTo(PteType.PRESENT);
  }

  @Test
  void exclusiveHolder_hearsNoInvalidateOfItsOwn() {
    PageRun before = shard.granted(1, 1, 0, 1, Access.WRITE);
    int told = shard.broadcasts().size();

    PageRun run = shard.granted(1, 1, 0, 1, Access.EXCLUSIVE);

    assertThat(shard.broadcasts()).hasSize(told);
    assertThat(run.generation()).isNotEqualTo(before.generation());
    assertThat(shard.dma(1, space, 0, 0, before.generation(), true)).isFalse();
  }

  /** Case 35 of the catalogue. */
  @Test
  void protectedExclusivePage_cannotBeWritten() {
    PageRun run = shard.granted(1, 1, 0, 1, Access.EXCLUSIVE);

    shard.submit(new SpaceOperation.Protect(space, at(0), PAGE, Protection.READ), WaitPolicy.BLOCK);
    shard.ack(1, 0, shard.lastInvalidation());

    assertThat(shard.dma(1, space, 0, 0, run.generation(), true)).isFalse();
    assertThat(shard.reply(shard.fault(1, 1, 0, 1, Access.WRITE)).errno()).isEqualTo(Errno.EPERM);
    assertThat(shard.granted(1, 1, 0, 1, Access.READ).state()).isEqualTo(PageRun.State.PRESENT);
  }

  @Test
  void pageThatAnotherOperationHolds_isNotMadeExclusiveMeanwhile() {
    shard.granted(1, 1, 0, 1, Access.WRITE);
    shard.submit(new SpaceOperation.Fork(space, "child"), WaitPolicy.BLOCK);
    assertThat(Pte.isInvalidating(entry(0))).isTrue();

    long vpn = Pages.number(at(0));
    shard.submit(new SpaceOperation.MakeExclusive(space, vpn, vpn + 1, A), WaitPolicy.BLOCK);

    assertThat(Pte.isInvalidating(entry(0))).isTrue();
    shard.ack(1, 0, shard.lastInvalidation());
    assertThat(Pte.isPresent(entry(0))).isTrue();
    assertThat(Pte.writable(entry(0))).isFalse();
  }

  @Test
  void anotherDevice_takesThePageFromItsHolder() {
    shard.open(2, "b", 1);
    shard.mirror(2, 1, space, 0, 0, 32);
    PageRun first = shard.granted(1, 1, 0, 1, Access.EXCLUSIVE);

    long fault = shard.fault(2, 1, 0, 1, Access.EXCLUSIVE);
    assertThat(shard.replied(fault)).isFalse();
    shard.ack(1, 0, shard.lastInvalidation());

    PageRun second = shard.reply(fault).runs().getFirst();
    assertThat(second.state()).isEqualTo(PageRun.State.EXCLUSIVE);
    assertThat(shard.dma(2, space, 0, 0, second.generation(), true)).isTrue();
    assertThat(shard.dma(1, space, 0, 0, first.generation(), true)).isFalse();
    assertThat(shard.dma(1, space, 0, 0, second.generation(), true)).isFalse();
  }

  @Test
  void turnOfAnotherDevice_isOverBeforeAPageIsTakenFromIt() {
    shard.open(2, "b", 1);
    shard.mirror(2, 1, space, 0, 0, 32);
    shard.agent(1, new AgentMessage.FaultRequest(77, 1, at(0), 1, Access.WRITE, 3, false));
    PageRun given = shard.reply(77).runs().getFirst();
    ShardEffect.TurnGiven turn = shard.all(ShardEffect.TurnGiven.class).getLast();
    int told = shard.broadcasts().size();

    long fault = shard.fault(2, 1, 0, 1, Access.EXCLUSIVE);
    assertThat(shard.dma(1, space, 0, 0, given.generation(), true)).isTrue();
    assertThat(shard.broadcasts()).hasSize(told);

    shard.advance(turn.residencyNanos());
    shard.ack(1, 0, shard.lastInvalidation());
    assertThat(shard.reply(fault).runs().getFirst().state()).isEqualTo(PageRun.State.EXCLUSIVE);
  }

  @Test
  void exclusivePage_migratesLikeAnyOther() {
    shard.granted(1, 1, 0, 1, Access.EXCLUSIVE);

    migrate(0, 1);
    shard.ack(1, 0, shard.lastInvalidation());
    memory.reportIn();

    assertThat(Pte.type(entry(0))).isEqualTo(PteType.DEVICE_PRIVATE);
  }

  @Test
  void pinnedPage_isNobodysAlone() {
    touch(0, 1, Access.WRITE);
    shard.submit(
        new SpaceOperation.Pin(
            space, at(0), PAGE, true, new SpaceOperation.PinPurpose("me", "test", true)),
        WaitPolicy.BLOCK);

    assertThat(shard.reply(shard.fault(1, 1, 0, 1, Access.EXCLUSIVE)).errno())
        .isEqualTo(Errno.EBUSY);
  }
}
