package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.turn.TurnPolicy;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import org.junit.jupiter.api.Test;

/**
 * Pitfalls 8 and 20: a storm of invalidations, and whoever wants the page. Simulated time, so the
 * figures are exact.
 */
class Pitfall08InvalidationStormTest {
  private static final long SECOND = 1_000_000_000L;
  private static final int CALLERS = 4;

  @Test
  void withoutTurns_devicesStarve() {
    Storm storm = new Storm(TurnPolicy.NONE, 2, CALLERS);
    storm.run(SECOND);
    assertThat(storm.uses()).allMatch(uses -> uses < 10);
    assertThat(storm.operationWaitsNanos).hasSizeGreaterThan(1_000);
  }

  /** Both devices use the page, the callers get on, and neither waits beyond a bound. */
  @Test
  void withTurns_everyPartyGetsOnAtABoundedRate() {
    Storm storm = new Storm(TurnPolicy.DEFAULT, 2, CALLERS);
    storm.run(SECOND);
    long least = storm.uses().stream().mapToLong(Long::longValue).min().orElse(0);
    long most = storm.uses().stream().mapToLong(Long::longValue).max().orElse(0);
    System.out.printf(
        "storm: uses %s, operations %d, longest wait of a device %d us, of an operation %d us,"
            + " worst collisions %d%n",
        storm.uses(),
        storm.operationWaitsNanos.size(),
        storm.longestDeviceWaitNanos() / 1_000,
        storm.longestOperationNanos() / 1_000,
        storm.worstCollisions());
    assertThat(least).isGreaterThan(500);
    assertThat(most).isLessThan(2 * least);
    assertThat(storm.operationWaitsNanos).hasSizeGreaterThan(500);
    assertThat(storm.longestDeviceWaitNanos()).isLessThan(SECOND / 100);
    assertThat(storm.longestOperationNanos()).isLessThan(SECOND / 100);
    assertThat(storm.worstCollisions()).isLessThanOrEqualTo(4);
  }

  @Test
  void duringAStorm_mirrorsComeAndGo() {
    Storm storm = new Storm(TurnPolicy.DEFAULT, 1, CALLERS);
    storm.run(SECOND / 100);
    ShardFixture shard = storm.shard;
    shard.open(9, "late", 1);
    shard.mirror(9, 7, 1, 0, 0, 1);
    shard.agent(9, new dev.fenceline.model.AgentMessage.RemoveMirror(7));
    assertThat(shard.sent(HostMessage.MirrorAdded.class)).anyMatch(m -> m.mirrorId() == 7);
    assertThat(shard.sent(HostMessage.MirrorRemoved.class)).anyMatch(m -> m.mirrorId() == 7);
  }

  /** Whoever does not wait is refused during a turn, and a deadline goes on. */
  @Test
  void duringATurn_tryIsRefusedAndDeadlineBacksOff() {
    ShardFixture shard = new ShardFixture(16, ShardConfig.of(0, 1, ShardFixture.EPOCH, SECOND));
    long space = shard.createSpace();
    shard.map(space, 0, 1, Protection.READ_WRITE);
    shard.open(1, "a", 1);
    shard.mirror(1, 1, space, 0, 0, 1);
    shard.agent(
        1,
        new dev.fenceline.model.AgentMessage.FaultRequest(
            5, 1, ShardFixture.BASE, 1, dev.fenceline.model.Access.READ, 3));
    long tried = shard.invalidate(space, 0, 1, WaitPolicy.TRY);
    assertThat(shard.outcome(tried)).isInstanceOf(OperationOutcome.Refused.class);
    long bounded = shard.invalidate(space, 0, 1, new WaitPolicy.Deadline(100_000));
    long blocks = shard.invalidate(space, 0, 1, WaitPolicy.BLOCK);
    shard.advance(200_000);
    assertThat(shard.outcome(bounded)).isInstanceOf(OperationOutcome.BackedOff.class);
    assertThat(shard.broadcasts()).isEmpty();
    shard.advance(1_000_000);
    assertThat(shard.ended(blocks)).isFalse();
    assertThat(shard.broadcasts()).hasSize(1);
    shard.ack(1, 0, shard.lastInvalidation());
    assertThat(shard.outcome(blocks)).isInstanceOf(OperationOutcome.Done.class);
  }

  /** The CPU asks for turns as devices do. */
  @Test
  void cpuThatCollided_getsATurn() {
    ShardFixture shard = new ShardFixture(16, ShardConfig.of(0, 1, ShardFixture.EPOCH, SECOND));
    long space = shard.createSpace();
    shard.map(space, 0, 1, Protection.READ_WRITE);
    shard.input(
        new ShardInput.CpuFault(
            9, space, ShardFixture.BASE, 1, dev.fenceline.model.Access.READ, 3));
    assertThat(shard.all(ShardEffect.TurnGiven.class)).hasSize(1);
    long tried = shard.invalidate(space, 0, 1, WaitPolicy.TRY);
    assertThat(shard.outcome(tried)).isInstanceOf(OperationOutcome.Refused.class);
    long blocks = shard.invalidate(space, 0, 1, WaitPolicy.BLOCK);
    assertThat(shard.all(ShardEffect.DropCpuEntries.class)).isEmpty();
    shard.advance(2_000_000);
    assertThat(shard.all(ShardEffect.DropCpuEntries.class)).hasSize(1);
    assertThat(shard.ended(blocks)).isFalse();
  }
}
