package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import org.junit.jupiter.api.Test;

/** Pitfalls of turns and of what pins keep, by the number that they have in our list. */
class PitfallTurnsTest extends MigrationStage {
  /** A fault of the device that collided so often is served: its turn begins. */
  private void giveTurn(int page) {
    shard.agent(1, new AgentMessage.FaultRequest(900 + page, 1, at(page), 1, Access.WRITE, 3));
    assertThat(shard.all(ShardEffect.TurnGiven.class)).isNotEmpty();
  }

  @Test
  void pitfall37_movesOfCallersWithoutCollisions_giveNobodyATurn() {
    for (int i = 0; i < 50; i++) {
      shard.granted(1, 1, 0, 1, Access.WRITE);
      shard.invalidate(space, 0, 1, WaitPolicy.BLOCK);
      shard.ack(1, 0, shard.lastInvalidation());
    }
    assertThat(shard.all(ShardEffect.TurnGiven.class)).isEmpty();
  }

  @Test
  void pitfall37_whatTheHostMovesByItself_isNotHeldUpByATurn() {
    touch(0, 1, Access.WRITE);
    toDevice(0, 1);
    giveTurn(1);

    touch(0, 1, Access.READ);

    assertThat(shard.sent(HostMessage.MigrateOut.class)).hasSize(1);
    assertThat(shard.all(ShardEffect.HeldForTurn.class)).isEmpty();
  }

  @Test
  void pitfall38_turnOverWhatIsUnmapped_endsAndLeavesNoTimer() {
    giveTurn(0);
    long unmap = shard.unmap(space, 0, 32, WaitPolicy.BLOCK);
    assertThat(shard.ended(unmap)).isFalse();
    shard.advance(60_000_000);
    shard.ack(1, 0, shard.lastInvalidation());
    assertThat(shard.outcome(unmap)).isInstanceOf(OperationOutcome.Done.class);

    shard.map(space, 0, 32, Protection.READ_WRITE);
    shard.granted(1, 1, 0, 1, Access.WRITE);
    long next = shard.invalidate(space, 0, 1, WaitPolicy.BLOCK);
    shard.ack(1, 0, shard.lastInvalidation());
    assertThat(shard.ended(next)).as("it is nobody's turn").isTrue();
    shard.advance(2_000_000_000L);
    assertThat(shard.engine.nextDeadlineNanos()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void pitfall38_endOfTheSpaceDuringATurn_leavesNoTimer() {
    giveTurn(0);
    long destroy =
        shard.submit(
            new dev.fenceline.host.engine.space.SpaceOperation.Destroy(space), WaitPolicy.BLOCK);
    shard.advance(60_000_000);
    shard.ack(1, 0, shard.lastInvalidation());
    assertThat(shard.outcome(destroy)).isInstanceOf(OperationOutcome.Done.class);
    shard.advance(2_000_000_000L);
    assertThat(shard.engine.nextDeadlineNanos()).isEqualTo(Long.MAX_VALUE);
  }
}
