package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.host.engine.thrash.ThrashPolicy;
import dev.fenceline.host.engine.turn.TurnPolicy;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.Errno;
import dev.fenceline.model.FenceResolution;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.InvalidationKind;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Schedule, unmap, wait: the phases, their outcomes and who is allowed what meanwhile. */
class InvalidationTest {
  private static final long ONE = 1;
  private static final long TWO = 2;

  private final ShardFixture shard = new ShardFixture();

  private long spaceWithTwoHolders() {
    long space = shard.createSpace();
    shard.map(space, 0, 16, Protection.READ_WRITE);
    shard.open(ONE, "a", 1);
    shard.open(TWO, "b", 1);
    shard.mirror(ONE, 1, space, 0, 0, 16);
    shard.mirror(TWO, 1, space, 0, 0, 16);
    shard.granted(ONE, 1, 0, 4, Access.WRITE);
    shard.granted(TWO, 1, 0, 4, Access.READ);
    return space;
  }

  @Test
  void unmapOfHeldPages_tellsEveryHolderAtOnceAndEndsWithTheLastAck() {
    long space = spaceWithTwoHolders();

    long request = shard.unmap(space, 0, 4, WaitPolicy.BLOCK);

    assertThat(shard.broadcasts()).hasSize(1);
    assertThat(shard.broadcasts().getFirst().sessionIds()).containsExactly(ONE, TWO);
    assertThat(shard.broadcasts().getFirst().message().kind()).isEqualTo(InvalidationKind.UNMAP);
    assertThat(shard.ended(request)).isFalse();
    shard.ack(ONE, 0, shard.lastInvalidation());
    assertThat(shard.ended(request)).isFalse();
    assertThat(shard.frames.left()).isEqualTo(996);
    shard.ack(TWO, 0, shard.lastInvalidation());
    assertThat(shard.outcome(request)).isInstanceOf(OperationOutcome.Done.class);
    assertThat(shard.frames.left()).as("INV-3: freed after the last fence").isEqualTo(1_000);
  }

  @Test
  void mirrorThatHoldsNothing_isToldButNotWaitedFor() {
    long space = shard.createSpace();
    shard.map(space, 0, 4, Protection.READ_WRITE);
    shard.open(ONE, "a", 1);
    shard.mirror(ONE, 1, space, 0, 0, 4);

    long request = shard.unmap(space, 0, 4, WaitPolicy.TRY);

    assertThat(shard.broadcasts()).hasSize(1);
    assertThat(shard.outcome(request)).isInstanceOf(OperationOutcome.Done.class);
  }

  @Test
  void mirrorElsewhere_hearsNothing() {
    long space = spaceWithTwoHolders();
    shard.map(space, 100, 4, Protection.READ_WRITE);

    shard.unmap(space, 100, 4, WaitPolicy.BLOCK);

    assertThat(shard.broadcasts()).isEmpty();
  }

  @Test
  void tryOverBusyRange_backsOffWithDataIntactAndTheNextTryDoesNotWait() {
    long space = spaceWithTwoHolders();
    long entryBefore = shard.engine.queries().space(space).memory().entry(vpn(0));

    long first = shard.invalidate(space, 0, 4, WaitPolicy.TRY);

    assertThat(shard.outcome(first)).isInstanceOf(OperationOutcome.BackedOff.class);
    long entryAfter = shard.engine.queries().space(space).memory().entry(vpn(0));
    assertThat(dev.fenceline.host.engine.space.Pte.frame(entryAfter))
        .isEqualTo(dev.fenceline.host.engine.space.Pte.frame(entryBefore));
    shard.ack(ONE, 0, shard.lastInvalidation());
    shard.ack(TWO, 0, shard.lastInvalidation());
    long second = shard.invalidate(space, 0, 4, WaitPolicy.TRY);
    OperationOutcome.Done done = (OperationOutcome.Done) shard.outcome(second);
    assertThat(done.timing().fencesWaited()).isZero();
  }

  @Test
  void deadline_backsOffWhenItPasses() {
    long space = spaceWithTwoHolders();

    long request = shard.unmap(space, 0, 4, new WaitPolicy.Deadline(500));

    assertThat(shard.ended(request)).isFalse();
    assertThat(shard.engine.nextDeadlineNanos()).isLessThanOrEqualTo(shard.now + 500);
    shard.advance(500);
    assertThat(shard.outcome(request)).isInstanceOf(OperationOutcome.BackedOff.class);
    assertThat(
            shard
                .engine
                .queries()
                .space(space)
                .memory()
                .mappings()
                .covers(ShardFixture.BASE, ShardFixture.BASE + 4096))
        .isTrue();
  }

  @Test
  void faultDuringInvalidation_waitsForItsEnd() {
    long space = spaceWithTwoHolders();
    shard.invalidate(space, 0, 4, WaitPolicy.BLOCK);

    long fault = shard.fault(TWO, 1, 3, 1, Access.READ);

    assertThat(shard.replied(fault)).isFalse();
    shard.ack(ONE, 0, shard.lastInvalidation());
    shard.ack(TWO, 0, shard.lastInvalidation());
    assertThat(shard.reply(fault).errno()).isNull();
    assertThat(shard.reply(fault).sequence()).isEqualTo(1);
  }

  @Test
  void faultBesideInvalidation_isServedMeanwhileUpToItsFirstPage() {
    long space = spaceWithTwoHolders();
    shard.invalidate(space, 2, 2, WaitPolicy.BLOCK);

    long fault = shard.fault(TWO, 1, 0, 8, Access.READ);

    assertThat(shard.reply(fault).runs().stream().mapToInt(run -> run.pageCount()).sum())
        .isEqualTo(2);
  }

  @Test
  void faultAfterBackOff_waitsForTheOldFenceOfTheSameDeviceOnly() {
    long space = spaceWithTwoHolders();
    shard.invalidate(space, 0, 4, WaitPolicy.TRY);
    long invalidation = shard.lastInvalidation();
    shard.ack(ONE, 0, invalidation);

    long early = shard.fault(TWO, 1, 0, 1, Access.READ);
    long free = shard.fault(ONE, 1, 0, 1, Access.READ);

    assertThat(shard.replied(free)).isTrue();
    assertThat(shard.replied(early)).as("its late ack would release the new grant").isFalse();
    shard.ack(TWO, 0, invalidation);
    assertThat(shard.reply(early).errno()).isNull();
  }

  @Test
  void dmaThroughOldTranslation_isLetWhileTheFenceIsPendingAndRefusedAfter() {
    long space = spaceWithTwoHolders();
    int generation = shard.granted(ONE, 1, 0, 1, Access.WRITE).generation();
    shard.unmap(space, 0, 1, WaitPolicy.BLOCK);

    assertThat(shard.dma(ONE, space, 0, 0, generation, true)).isTrue();
    shard.ack(ONE, 0, shard.lastInvalidation());
    assertThat(shard.dma(ONE, space, 0, 0, generation, true)).isFalse();
    shard.ack(TWO, 0, shard.lastInvalidation());
    shard.map(space, 0, 1, Protection.READ_WRITE);
    assertThat(shard.dma(ONE, space, 0, 0, generation, true)).as("remapped, stale").isFalse();
  }

  @Test
  void readerWriting_isRefusedByTheGate() {
    long space = shard.createSpace();
    shard.map(space, 0, 4, Protection.READ);
    shard.open(ONE, "a", 1);
    shard.mirror(ONE, 1, space, 0, 0, 4);
    int generation = shard.granted(ONE, 1, 0, 1, Access.READ).generation();

    assertThat(shard.dma(ONE, space, 0, 0, generation, false)).isTrue();
    assertThat(shard.dma(ONE, space, 0, 0, generation, true)).isFalse();
  }

  @Test
  void ackOfWhatWasNeverSent_changesNothingAndIsCounted() {
    long space = spaceWithTwoHolders();
    shard.open(3, "c", 1);
    long request = shard.unmap(space, 0, 4, WaitPolicy.BLOCK);

    shard.ack(3, 0, shard.lastInvalidation());
    shard.ack(ONE, 0, 999_999);
    shard.ack(ONE, 5, shard.lastInvalidation());

    assertThat(shard.ended(request)).isFalse();
    assertThat(shard.all(ShardEffect.LateMessage.class)).hasSize(3);
  }

  @Test
  void messageOfAnOldSessionOrEpoch_changesNothing() {
    long space = spaceWithTwoHolders();
    long request = shard.unmap(space, 0, 4, WaitPolicy.BLOCK);
    var ack = new AgentMessage.InvalidationAck(0, List.of(shard.lastInvalidation()));

    shard.input(new ShardInput.FromAgent(ShardFixture.EPOCH - 1, ONE, ack));
    shard.input(new ShardInput.FromAgent(ShardFixture.EPOCH, 77, ack));

    assertThat(shard.ended(request)).isFalse();
    assertThat(shard.all(ShardEffect.LateMessage.class)).hasSize(2);
  }

  @Test
  void sessionThatEnds_resolvesItsFencesOnce() {
    long space = spaceWithTwoHolders();
    long request = shard.unmap(space, 0, 4, WaitPolicy.BLOCK);
    shard.ack(ONE, 0, shard.lastInvalidation());

    shard.end(TWO, FenceResolution.LEASE_EXPIRED);

    assertThat(shard.outcome(request)).isInstanceOf(OperationOutcome.Done.class);
    Invalidation ended = shard.engine.queries().recent().getFirst();
    assertThat(ended.fences().stream().map(fence -> fence.resolution()))
        .containsExactly(FenceResolution.ACKED, FenceResolution.LEASE_EXPIRED);
  }

  @Test
  void overlappingOperations_runInTheirOrder() {
    long space = spaceWithTwoHolders();
    long first = shard.unmap(space, 0, 4, WaitPolicy.BLOCK);
    long second = shard.unmap(space, 2, 6, WaitPolicy.BLOCK);
    long elsewhere = shard.unmap(space, 10, 2, WaitPolicy.BLOCK);

    assertThat(shard.ended(elsewhere)).isTrue();
    assertThat(shard.ended(second)).isFalse();
    long invalidation = shard.broadcasts().getFirst().message().invalidationIds().getFirst();
    shard.ack(ONE, 0, invalidation);
    shard.ack(TWO, 0, invalidation);
    assertThat(shard.ended(first)).isTrue();
    assertThat(shard.ended(second)).isTrue();
  }

  @Test
  void tryBehindAnotherOperation_isRefusedWithEagain() {
    long space = spaceWithTwoHolders();
    shard.unmap(space, 0, 4, WaitPolicy.BLOCK);

    long request = shard.unmap(space, 2, 6, WaitPolicy.TRY);

    assertThat(shard.outcome(request))
        .isInstanceOfSatisfying(
            OperationOutcome.Refused.class,
            refused -> assertThat(refused.errno()).isEqualTo(Errno.EAGAIN));
  }

  @Test
  void noFenceSlotLeft_tryIsRefusedAndBlockWaits_nothingHalfDone() {
    ShardFixture small =
        new ShardFixture(
            100,
            new ShardConfig(
                0,
                1,
                ShardFixture.EPOCH,
                1_000_000,
                65,
                10,
                10,
                10,
                10,
                10,
                ReclaimConfig.NONE,
                TurnPolicy.DEFAULT,
                ThrashPolicy.DEFAULT,
                MigrationConfig.DEFAULT,
                OomConfig.REFUSE));
    long space = small.createSpace();
    small.map(space, 0, 16, Protection.READ_WRITE);
    small.open(ONE, "a", 2);
    small.mirror(ONE, 1, space, 0, 0, 16);
    small.mirror(ONE, 2, space, 1, 0, 16);
    small.granted(ONE, 1, 0, 16, Access.WRITE);
    small.granted(ONE, 2, 0, 16, Access.WRITE);
    small.unmap(space, 0, 1, WaitPolicy.BLOCK);

    long refused = small.unmap(space, 4, 1, WaitPolicy.TRY);
    long waits = small.unmap(space, 4, 1, WaitPolicy.BLOCK);

    assertThat(small.broadcasts()).hasSize(1);
    assertThat(small.outcome(refused))
        .isInstanceOfSatisfying(
            OperationOutcome.Refused.class, r -> assertThat(r.errno()).isEqualTo(Errno.EAGAIN));
    small.agent(ONE, new AgentMessage.InvalidationAck(0, List.of(small.lastInvalidation())));
    small.agent(ONE, new AgentMessage.InvalidationAck(1, List.of(small.lastInvalidation())));
    assertThat(small.broadcasts()).hasSize(2);
    assertThat(small.ended(waits)).isFalse();
  }

  @Test
  void sequentialMode_tellsOneDeviceAfterTheOtherAndUnmapsAtTheEnd() {
    long space = shard.createSpace(NotificationMode.SEQUENTIAL);
    shard.map(space, 0, 4, Protection.READ_WRITE);
    shard.open(ONE, "a", 2);
    shard.mirror(ONE, 1, space, 0, 0, 4);
    shard.mirror(ONE, 2, space, 1, 0, 4);
    shard.granted(ONE, 1, 0, 1, Access.WRITE);
    shard.granted(ONE, 2, 0, 1, Access.WRITE);
    long request = shard.unmap(space, 0, 4, WaitPolicy.BLOCK);

    List<HostMessage.Invalidate> told = shard.sent(HostMessage.Invalidate.class);
    assertThat(told).hasSize(1);
    long id = told.getFirst().invalidationIds().getFirst();
    shard.ack(ONE, 1, id);
    assertThat(shard.sent(HostMessage.Invalidate.class)).as("not its turn").hasSize(1);
    shard.ack(ONE, 0, id);
    assertThat(shard.sent(HostMessage.Invalidate.class)).hasSize(2);
    shard.ack(ONE, 1, id);
    assertThat(shard.outcome(request)).isInstanceOf(OperationOutcome.Done.class);
  }

  @Test
  void sequentialTry_backsOffAndStillTellsEveryHolder() {
    long space = shard.createSpace(NotificationMode.SEQUENTIAL);
    shard.map(space, 0, 4, Protection.READ_WRITE);
    shard.open(ONE, "a", 2);
    shard.mirror(ONE, 1, space, 0, 0, 4);
    shard.mirror(ONE, 2, space, 1, 0, 4);
    shard.granted(ONE, 1, 0, 1, Access.WRITE);
    shard.granted(ONE, 2, 0, 1, Access.WRITE);

    long request = shard.unmap(space, 0, 4, WaitPolicy.TRY);

    assertThat(shard.outcome(request)).isInstanceOf(OperationOutcome.BackedOff.class);
    assertThat(shard.sent(HostMessage.Invalidate.class)).hasSize(2);
    long id = shard.sent(HostMessage.Invalidate.class).getFirst().invalidationIds().getFirst();
    shard.ack(ONE, 1, id);
    shard.ack(ONE, 0, id);
    assertThat(shard.engine.queries().live()).isEmpty();
  }

  @Test
  void cpuAccessors_areParticipants() {
    long space = shard.createSpace();
    shard.map(space, 0, 4, Protection.READ_WRITE);
    shard.input(new ShardInput.CpuFault(50, space, ShardFixture.BASE, 1, Access.WRITE));
    long request = shard.unmap(space, 0, 4, WaitPolicy.BLOCK);

    assertThat(shard.ended(request)).isFalse();
    ShardEffect.DropCpuEntries drop = shard.all(ShardEffect.DropCpuEntries.class).getFirst();
    shard.input(new ShardInput.CpuDrained(drop.invalidationId()));
    assertThat(shard.outcome(request)).isInstanceOf(OperationOutcome.Done.class);
  }

  @Test
  void mirrorAddedDuringInvalidation_waitsWithItsFaultsAndHearsTheNextOne() {
    long space = spaceWithTwoHolders();
    shard.open(3, "c", 1);
    shard.invalidate(space, 0, 4, WaitPolicy.BLOCK);
    long running = shard.lastInvalidation();

    shard.mirror(3, 1, space, 0, 0, 4);
    long fault = shard.fault(3, 1, 0, 1, Access.READ);

    assertThat(shard.replied(fault)).as("INV-12: misses none").isFalse();
    shard.ack(ONE, 0, running);
    shard.ack(TWO, 0, running);
    assertThat(shard.replied(fault)).isTrue();
    shard.invalidate(space, 0, 4, WaitPolicy.BLOCK);
    assertThat(shard.broadcasts().getLast().sessionIds()).contains(3);
  }

  @Test
  void mirrorRemoved_hearsNothingAfterwards() {
    long space = spaceWithTwoHolders();

    shard.agent(TWO, new AgentMessage.RemoveMirror(1));
    shard.invalidate(space, 0, 4, WaitPolicy.BLOCK);

    assertThat(shard.sent(HostMessage.MirrorRemoved.class)).hasSize(1);
    assertThat(shard.broadcasts().getLast().sessionIds()).containsExactly(ONE);
  }

  @Test
  void destroy_isHeardOnceAndFaultsAfterwardsAreRefused() {
    long space = spaceWithTwoHolders();
    long request = shard.submit(new SpaceOperation.Destroy(space), WaitPolicy.BLOCK);
    long parked = shard.fault(TWO, 1, 9, 1, Access.READ);

    assertThat(shard.broadcasts()).hasSize(1);
    assertThat(shard.broadcasts().getFirst().message().kind()).isEqualTo(InvalidationKind.RELEASE);
    shard.ack(ONE, 0, shard.lastInvalidation());
    shard.ack(TWO, 0, shard.lastInvalidation());
    assertThat(shard.outcome(request)).isInstanceOf(OperationOutcome.Done.class);
    assertThat(shard.sent(HostMessage.SpaceReleased.class)).hasSize(2);
    assertThat(shard.reply(parked).errno()).isEqualTo(Errno.EFAULT);
    assertThat(shard.reply(shard.fault(TWO, 1, 0, 1, Access.READ)).errno()).isEqualTo(Errno.ENOENT);
    assertThat(shard.frames.left()).isEqualTo(1_000);
  }

  @Test
  void overdueFence_isReportedOnceAndWhenItEnds() {
    long space = spaceWithTwoHolders();
    shard.unmap(space, 0, 4, WaitPolicy.BLOCK);
    shard.ack(ONE, 0, shard.lastInvalidation());

    assertThat(shard.engine.nextDeadlineNanos())
        .isLessThanOrEqualTo(shard.now + ShardFixture.OVERDUE_NANOS);
    shard.advance(ShardFixture.OVERDUE_NANOS);
    shard.advance(5);
    assertThat(shard.all(ShardEffect.FencesOverdue.class))
        .containsExactly(new ShardEffect.FencesOverdue(TWO, true));
    shard.ack(TWO, 0, shard.lastInvalidation());
    assertThat(shard.all(ShardEffect.FencesOverdue.class).getLast())
        .isEqualTo(new ShardEffect.FencesOverdue(TWO, false));
  }

  private static long vpn(long page) {
    return (ShardFixture.BASE >>> 12) + page;
  }
}
