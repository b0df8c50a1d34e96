package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import org.junit.jupiter.api.Test;

/** Pitfalls of invalidations and mirrors, by the number that they have in our list. */
class PitfallNotifierTest {
  private final ShardFixture shard = new ShardFixture();
  private final long space = shard.createSpace();

  PitfallNotifierTest() {
    shard.map(space, 0, 32, Protection.READ_WRITE);
    shard.open(1, "a", 1);
    shard.open(2, "b", 1);
    shard.mirror(1, 1, space, 0, 0, 32);
    shard.mirror(2, 1, space, 0, 0, 32);
  }

  @Test
  void pitfall03_overlappingInvalidations_nothingIsServedUnderEither() {
    shard.granted(1, 1, 0, 8, Access.READ);
    shard.granted(1, 1, 16, 1, Access.READ);
    shard.invalidate(space, 0, 4, WaitPolicy.BLOCK);
    long first = shard.lastInvalidation();
    shard.invalidate(space, 2, 4, WaitPolicy.BLOCK);

    long touched = shard.fault(2, 1, 3, 1, Access.READ);
    long beside = shard.fault(2, 1, 16, 1, Access.READ);
    assertThat(shard.replied(touched)).isFalse();
    assertThat(shard.replied(beside)).as("nobody touches it").isTrue();
    shard.ack(1, 0, first);

    // They run one after the other. What is answered in between is out of date for the second one.
    ShardEffect.Broadcast second = shard.broadcasts().getLast();
    assertThat(second.message().invalidationIds()).doesNotContain(first);
    assertThat(second.sessionIds()).contains(1L, 2L);
    assertThat(shard.reply(touched).sequence()).isLessThan(second.message().sequence());
  }

  @Test
  void pitfall04_mirrorThatComesAndGoesDuringAnInvalidation_isAnsweredAndHearsNothing() {
    shard.granted(1, 1, 0, 1, Access.WRITE);
    shard.open(3, "c", 1);
    shard.unmap(space, 0, 1, WaitPolicy.BLOCK);
    shard.mirror(3, 7, space, 0, 0, 32);
    shard.agent(3, new AgentMessage.RemoveMirror(7));
    shard.ack(1, 0, shard.lastInvalidation());

    assertThat(shard.sent(HostMessage.MirrorRemoved.class)).anyMatch(m -> m.mirrorId() == 7);
    int told = shard.broadcasts().size();
    shard.granted(1, 1, 1, 1, Access.READ);
    shard.invalidate(space, 1, 1, WaitPolicy.BLOCK);
    assertThat(shard.broadcasts()).hasSize(told + 1);
    assertThat(shard.broadcasts().getLast().sessionIds()).doesNotContain(3L);
  }

  /** A mirror is not resized: a wider one is opened over it, and then the narrow one closed. */
  @Test
  void pitfall05_mirrorReplacedByAWiderOne_missesNothingInBetween() {
    shard.open(3, "c", 1);
    shard.mirror(3, 1, space, 0, 0, 8);
    shard.granted(3, 1, 4, 1, Access.READ);
    shard.mirror(3, 2, space, 0, 0, 16);
    long request = shard.invalidate(space, 4, 1, WaitPolicy.BLOCK);
    assertThat(shard.broadcasts().getLast().sessionIds())
        .as("one device is told once")
        .containsOnlyOnce(3L);
    shard.ack(3, 0, shard.lastInvalidation());
    assertThat(shard.ended(request)).isTrue();

    shard.granted(3, 2, 4, 1, Access.READ);
    shard.agent(3, new AgentMessage.RemoveMirror(1));
    long behind = shard.invalidate(space, 4, 1, WaitPolicy.BLOCK);
    assertThat(shard.broadcasts().getLast().sessionIds()).contains(3L);
    shard.ack(3, 0, shard.lastInvalidation());
    assertThat(shard.outcome(behind)).isInstanceOf(OperationOutcome.Done.class);
  }

  @Test
  void pitfall06_invalidationPastBothEndsOfAMirror_isHeardAndAcknowledgedAsItIs() {
    shard.open(3, "c", 1);
    shard.mirror(3, 1, space, 0, 4, 4);
    shard.granted(3, 1, 4, 4, Access.WRITE);

    long request = shard.unmap(space, 0, 32, WaitPolicy.BLOCK);

    assertThat(shard.broadcasts().getLast().sessionIds()).contains(3L);
    assertThat(shard.ended(request)).isFalse();
    shard.ack(3, 0, shard.lastInvalidation());
    assertThat(shard.outcome(request)).isInstanceOf(OperationOutcome.Done.class);
    assertThat(shard.reply(shard.fault(3, 1, 4, 1, Access.READ)).errno()).isEqualTo(Errno.EFAULT);
  }

  /** Each invalidation has fences of its own: there is no slot that could be busy. */
  @Test
  void pitfall10_twoInvalidationsOfOneDeviceAtOnce_eachHasAFenceOfItsOwn() {
    shard.granted(1, 1, 0, 8, Access.WRITE);
    long first = shard.invalidate(space, 0, 1, WaitPolicy.BLOCK);
    long firstFence = shard.lastInvalidation();
    long second = shard.invalidate(space, 4, 1, WaitPolicy.BLOCK);
    long secondFence = shard.lastInvalidation();
    assertThat(secondFence).isNotEqualTo(firstFence);

    shard.ack(1, 0, secondFence);
    assertThat(shard.ended(second)).isTrue();
    assertThat(shard.ended(first)).isFalse();
    shard.ack(1, 0, firstFence);
    assertThat(shard.ended(first)).isTrue();
  }

  @Test
  void pitfall11_fenceOfAnAbortedInvalidation_isResolvedOnce() {
    shard.granted(1, 1, 0, 1, Access.WRITE);
    long tried = shard.invalidate(space, 0, 1, WaitPolicy.TRY);
    assertThat(shard.outcome(tried)).isInstanceOf(OperationOutcome.BackedOff.class);
    long fence = shard.lastInvalidation();
    long parked = shard.fault(1, 1, 0, 1, Access.READ);
    assertThat(shard.replied(parked)).as("the device still owes").isFalse();

    shard.ack(1, 0, fence);
    int answered = shard.sent(HostMessage.FaultReply.class).size();
    shard.ack(1, 0, fence);

    assertThat(shard.replied(parked)).isTrue();
    assertThat(shard.sent(HostMessage.FaultReply.class)).hasSize(answered);
  }

  @Test
  void pitfall17_faultWhileItsRangeIsBeingUnmapped_waitsAndIsRefused() {
    PageRun run = shard.granted(1, 1, 0, 4, Access.WRITE);
    long request = shard.unmap(space, 0, 4, WaitPolicy.BLOCK);
    long fault = shard.fault(2, 1, 2, 1, Access.READ);
    assertThat(shard.replied(fault)).isFalse();

    shard.ack(1, 0, shard.lastInvalidation());

    assertThat(shard.ended(request)).isTrue();
    assertThat(shard.reply(fault).errno()).isEqualTo(Errno.EFAULT);
    assertThat(shard.dma(1, space, 0, 2, run.generation(), false)).isFalse();
  }
}
