package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.model.Access;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import org.junit.jupiter.api.Test;

/**
 * Pitfall 16: a fault from before an unmap and a new mapping at the same address is not served with
 * the old identity.
 */
class Pitfall16StaleFaultTest {
  private final ShardFixture shard = new ShardFixture(16);

  @Test
  void faultParkedOverUnmapAndRemap_getsTheNewPageAndTheOldGenerationIsDead() {
    long space = shard.createSpace();
    shard.map(space, 0, 1, Protection.READ_WRITE);
    shard.open(1, "a", 1);
    shard.open(2, "b", 1);
    shard.mirror(1, 1, space, 0, 0, 1);
    shard.mirror(2, 1, space, 0, 0, 1);
    PageRun old = shard.granted(1, 1, 0, 1, Access.WRITE);
    shard.unmap(space, 0, 1, WaitPolicy.BLOCK);
    long parked = shard.fault(2, 1, 0, 1, Access.WRITE);
    assertThat(shard.replied(parked)).isFalse();
    shard.ack(1, 0, shard.lastInvalidation());
    assertThat(shard.reply(parked).errno()).isNotNull(); // nothing was mapped when it was looked at
    shard.map(space, 0, 1, Protection.READ_WRITE);
    HostMessage.FaultReply again = shard.reply(shard.fault(2, 1, 0, 1, Access.WRITE));
    assertThat(again.runs()).hasSize(1);
    assertThat(again.runs().getFirst().generation()).isNotEqualTo(old.generation());
    assertThat(shard.dma(1, space, 0, 0, old.generation(), false)).isFalse();
    assertThat(shard.dma(2, space, 0, 0, again.runs().getFirst().generation(), true)).isTrue();
  }
}
