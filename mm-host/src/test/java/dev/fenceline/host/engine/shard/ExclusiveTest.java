package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.PteType;
import dev.fenceline.model.Access;
import dev.fenceline.model.PageRun;
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
}
