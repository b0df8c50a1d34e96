package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.host.engine.space.SpaceOperation.PinPurpose;
import dev.fenceline.model.Access;
import dev.fenceline.model.Errno;
import dev.fenceline.model.FenceResolution;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Out of memory, somebody is killed for those who starve, and no device is waited for. */
class OomKillTest {
  private static final int FRAMES = 8;
  private static final long PATIENCE_NANOS = 100_000_000;
  private static final Protection READ_WRITE = new Protection(true, true, false);

  private ShardFixture shard = host(0);

  private static ShardFixture host(int swapSlots) {
    return new ShardFixture(
        FRAMES,
        ShardConfig.of(0, 1, ShardFixture.EPOCH, 1_000_000_000)
            .withReclaim(new ReclaimConfig(swapSlots, 10_000_000, PATIENCE_NANOS, false))
            .withOom(new OomConfig(OomConfig.Policy.KILL, FRAMES + swapSlots)));
  }

  private long space(int adjust) {
    long request =
        shard.submit(
            new SpaceOperation.Create("test", NotificationMode.SPLIT, adjust), WaitPolicy.BLOCK);
    long id = ((OperationOutcome.Done) shard.outcome(request)).value();
    shard.map(id, 0, 16, READ_WRITE);
    return id;
  }

  /** A session of its own whose device has written so many pages of the space. */
  private void device(long session, long space, int pages) {
    shard.open(session, "agent-" + session, 1);
    shard.mirror(session, 1, space, 0, 0, 16);
    if (pages > 0) {
      assertThat(shard.reply(shard.fault(session, 1, 0, pages, Access.WRITE)).errno()).isNull();
    }
  }

  /** The CPU writes a page; what it holds is let go without a wait by the fixture's acks. */
  private Errno cpuErrno(long space, long page, Access access) {
    long request = 1_000_000L + shard.effects.size();
    shard.input(
        new ShardInput.CpuFault(
            request, space, ShardFixture.BASE + page * ShardFixture.PAGE, 1, access));
    return shard.all(ShardEffect.CpuFaultEnded.class).stream()
        .filter(ended -> ended.requestId() == request)
        .findFirst()
        .orElseThrow(() -> new AssertionError("not answered"))
        .errno();
  }

  private ShardEffect.OomKilled onlyKill() {
    List<ShardEffect.OomKilled> kills = shard.all(ShardEffect.OomKilled.class);
    assertThat(kills).hasSize(1);
    return kills.getFirst();
  }

  private OomReaper.Gain gain() {
    return shard.all(ShardEffect.OomReaped.class).getLast().gain();
  }

  private void ackAll(long session) {
    shard
        .broadcasts()
        .forEach(sent -> shard.ack(session, 0, sent.message().invalidationIds().getFirst()));
  }

  private long pin(long space, int pages) {
    return shard.submit(
        new SpaceOperation.Pin(
            space,
            ShardFixture.BASE,
            pages * ShardFixture.PAGE,
            true,
            new PinPurpose("test", "why", true)),
        WaitPolicy.BLOCK);
  }

  @Test
  void whoStarves_getsTheFramesOfTheGreatest_atOnceWhereNobodyDrains() {
    long small = space(0);
    long great = space(0);
    device(1, small, 3);
    pinAndRelease(great, 5);
    long fault = shard.fault(1, 1, 8, 1, Access.WRITE);
    assertThat(shard.reply(fault).errno()).isNull();
    assertThat(onlyKill().victim().spaceId()).isEqualTo(great);
    assertThat(onlyKill().victim().pages()).isEqualTo(5);
    assertThat(onlyKill().starving()).containsExactly(small);
    assertThat(gain()).isEqualTo(new OomReaper.Gain(5, 1, 0, 0));
    assertThat(shard.frames.left()).isEqualTo(4);
  }

  /** Fills pages that nobody holds a translation of. */
  private void pinAndRelease(long space, int pages) {
    long id = ((OperationOutcome.Done) shard.outcome(pin(space, pages))).value();
    shard.submit(new SpaceOperation.Unpin(id), WaitPolicy.BLOCK);
  }

  @Test
  void refuse_killsNobody() {
    shard = new ShardFixture(FRAMES, ShardConfig.of(0, 1, ShardFixture.EPOCH, 1_000_000_000));
    long space = space(0);
    device(1, space, FRAMES);
    long fault = shard.fault(1, 1, 8, 1, Access.WRITE);
    assertThat(shard.reply(fault).errno()).isEqualTo(Errno.RESOURCE_EXHAUSTED);
    assertThat(shard.all(ShardEffect.OomKilled.class)).isEmpty();
  }

  @Test
  void victim_isRefusedEverything_butItsEnd() {
    long victim = space(500);
    long other = space(0);
    pinAndRelease(victim, 4);
    device(1, victim, 0);
    device(2, other, 4);
    assertThat(shard.reply(shard.fault(2, 1, 8, 1, Access.WRITE)).errno()).isNull();
    assertThat(onlyKill().victim().spaceId()).isEqualTo(victim);
    long fault = shard.fault(1, 1, 0, 1, Access.READ);
    assertThat(shard.reply(fault).errno()).isEqualTo(Errno.OOM_KILLED);
    assertThat(cpuErrno(victim, 0, Access.READ)).isEqualTo(Errno.OOM_KILLED);
    assertThat(errno(shard.unmap(victim, 0, 1, WaitPolicy.BLOCK))).isEqualTo(Errno.OOM_KILLED);
    assertThat(errno(pin(victim, 1))).isEqualTo(Errno.OOM_KILLED);
    long fork = shard.submit(new SpaceOperation.Fork(victim, "child"), WaitPolicy.BLOCK);
    assertThat(errno(fork)).isEqualTo(Errno.OOM_KILLED);
    long end = shard.submit(new SpaceOperation.Destroy(victim), WaitPolicy.BLOCK);
    assertThat(shard.outcome(end)).isInstanceOf(OperationOutcome.Done.class);
  }

  private Errno errno(long request) {
    return ((OperationOutcome.Refused) shard.outcome(request)).errno();
  }

  @Test
  void slowDevice_isNotWaitedFor_theEntriesComeBackAndALaterRoundTakesThem() {
    long victim = space(500);
    long other = space(0);
    device(1, victim, 4);
    device(2, other, 4);
    long fault = shard.fault(2, 1, 8, 1, Access.WRITE);
    // Pitfall 11: the try backed off in the same step, and each fence resolves once later.
    assertThat(shard.all(ShardEffect.InvalidationEnded.class))
        .extracting(ended -> ended.invalidation().state())
        .containsExactly(Invalidation.State.BACKED_OFF);
    assertThat(shard.engine.queries().space(victim).memory().residentPages()).isEqualTo(4);
    assertThat(shard.engine.queries().space(victim).active()).isEmpty();
    assertThat(shard.replied(fault)).as("who starves waits for the next round").isFalse();
    ackAll(1);
    assertThat(shard.replied(fault)).isFalse();
    shard.advance(OomReaper.FIRST_PAUSE_NANOS);
    assertThat(shard.reply(fault).errno()).isNull();
    assertThat(gain()).isEqualTo(new OomReaper.Gain(4, 2, 1, 0));
  }

  @Test
  void deviceThatNeverDrains_isTriedABoundedNumberOfTimes_andTheNextVictimIsChosen() {
    long stuck = space(900);
    long second = space(500);
    long other = space(-1000);
    device(1, stuck, 3);
    pinAndRelease(second, 2);
    device(2, other, 3);
    long fault = shard.fault(2, 1, 8, 1, Access.WRITE);
    assertThat(onlyKill().victim().spaceId()).isEqualTo(stuck);
    for (int i = 0; i < 2 << OomReaper.MAX_ROUNDS; i++) {
      shard.advance(OomReaper.FIRST_PAUSE_NANOS);
    }
    assertThat(shard.all(ShardEffect.OomKilled.class))
        .extracting(killed -> killed.victim().spaceId())
        .containsExactly(stuck, second);
    assertThat(shard.reply(fault).errno()).isNull();
    List<ShardEffect.OomReaped> reaped = shard.all(ShardEffect.OomReaped.class);
    assertThat(reaped.getFirst().gain().frames()).isZero();
    assertThat(reaped.getFirst().gain().rounds()).isEqualTo(OomReaper.MAX_ROUNDS);
    assertThat(reaped.getFirst().gain().leftPages()).isEqualTo(3);
    // INV-6: no try is left open, and what the device owes resolves once it acknowledges.
    assertThat(shard.engine.queries().space(stuck).active()).isEmpty();
    ackAll(1);
    assertThat(shard.engine.queries().live()).isEmpty();
    long end = shard.submit(new SpaceOperation.Destroy(stuck), WaitPolicy.BLOCK);
    ackAll(1);
    assertThat(shard.outcome(end)).isInstanceOf(OperationOutcome.Done.class);
  }

  @Test
  void deviceThatIsBehind_isToldNoMore() {
    long victim = space(500);
    device(1, victim, 4);
    for (int i = 0; i < 8; i++) {
      shard.fault(1, 1, 4, 1, Access.READ); // waits from the second time on
      shard.invalidate(victim, i, 1, WaitPolicy.TRY);
    }
    int owed = shard.engine.queries().live().size();
    long other = space(-1000);
    device(2, other, 4);
    int told = shard.broadcasts().size();
    shard.fault(2, 1, 8, 1, Access.WRITE);
    assertThat(onlyKill().victim().spaceId()).isEqualTo(victim);
    for (int i = 0; i < 100; i++) {
      shard.advance(OomReaper.FIRST_PAUSE_NANOS);
    }
    assertThat(shard.broadcasts().size() - told).isLessThanOrEqualTo(8 - owed + 1);
  }

  /** A part of it is held by an operation that waits, the rest goes in the first round. */
  @Test
  void partialFailure_freesTheRest_andUndoesNothingOfOthers() {
    long victim = space(500);
    long far = 1 << 12; // pages: another piece
    shard.map(victim, far, 4, READ_WRITE);
    device(1, victim, 2);
    shard.input(
        new ShardInput.CpuFault(
            77, victim, ShardFixture.BASE + far * ShardFixture.PAGE, 2, Access.WRITE));
    long unmap = shard.unmap(victim, 0, 1, WaitPolicy.BLOCK);
    assertThat(shard.ended(unmap)).isFalse();
    long other = space(-1000);
    device(2, other, 4);
    long fault = shard.fault(2, 1, 8, 1, Access.WRITE);
    shard.advance(PATIENCE_NANOS); // the unmap might have given something
    assertThat(onlyKill().victim().pages()).isEqualTo(4);
    drainCpu();
    shard.advance(OomReaper.FIRST_PAUSE_NANOS);
    assertThat(shard.reply(fault).errno()).as("frames of the other piece").isNull();
    assertThat(shard.ended(unmap)).as("what ran before the kill ends by itself").isFalse();
    ackAll(1);
    assertThat(shard.outcome(unmap)).isInstanceOf(OperationOutcome.Done.class);
    for (int i = 0; i < 20; i++) {
      shard.advance(OomReaper.FIRST_PAUSE_NANOS);
      ackAll(1);
    }
    assertThat(gain().leftPages()).isZero();
    assertThat(shard.engine.queries().live()).isEmpty();
  }

  /** The CPU's accesses end at once. */
  private void drainCpu() {
    shard
        .all(ShardEffect.DropCpuEntries.class)
        .forEach(drop -> shard.input(new ShardInput.CpuDrained(drop.invalidationId())));
  }

  @Test
  void pinnedPages_countForNothing_stayPinned_andAreFreeWithTheirPin() {
    long pinned = space(0);
    long victim = space(0);
    long pin = ((OperationOutcome.Done) shard.outcome(pin(pinned, 4))).value();
    pinAndRelease(victim, 2);
    long other = space(-1000);
    device(1, other, 2);
    long fault = shard.fault(1, 1, 8, 1, Access.WRITE);
    assertThat(shard.replied(fault)).as("the owner of the pin is asked first").isFalse();
    shard.advance(PATIENCE_NANOS);
    assertThat(shard.reply(fault).errno()).isNull();
    assertThat(onlyKill().victim().spaceId()).isEqualTo(victim);

    long adjusted = space(1000);
    long half = ((OperationOutcome.Done) shard.outcome(pin(adjusted, 1))).value();
    assertThat(shard.frames.left()).isZero();
    shard.fault(1, 1, 9, 1, Access.WRITE);
    shard.advance(2 * PATIENCE_NANOS);
    assertThat(shard.all(ShardEffect.OomKilled.class)).as("nothing to gain").hasSize(1);
    shard.submit(new SpaceOperation.Unpin(half), WaitPolicy.BLOCK);
    shard.fault(1, 1, 10, 1, Access.WRITE);
    shard.advance(2 * PATIENCE_NANOS);
    assertThat(shard.all(ShardEffect.OomKilled.class).getLast().victim().spaceId())
        .isEqualTo(adjusted);
    assertThat(shard.engine.queries().space(pinned).memory().residentPages()).isEqualTo(4);
    shard.submit(new SpaceOperation.Unpin(pin), WaitPolicy.BLOCK);
  }

  @Test
  void victimWithAPin_losesTheMapping_andTheFrameFollowsWithThePin() {
    long victim = space(500);
    long pin = ((OperationOutcome.Done) shard.outcome(pin(victim, 1))).value();
    pinAndReleaseAt(victim, 1, 3);
    long other = space(-1000);
    device(1, other, 4);
    long fault = shard.fault(1, 1, 8, 1, Access.WRITE);
    shard.advance(PATIENCE_NANOS);
    assertThat(shard.reply(fault).errno()).isNull();
    assertThat(gain()).isEqualTo(new OomReaper.Gain(3, 1, 0, 0));
    assertThat(shard.engine.queries().frameCounts().keptFrames()).as("INV-11").isEqualTo(1);
    int before = shard.frames.left();
    shard.submit(new SpaceOperation.Unpin(pin), WaitPolicy.BLOCK);
    assertThat(shard.frames.left()).isEqualTo(before + 1);
  }

  private void pinAndReleaseAt(long space, long page, int pages) {
    long request =
        shard.submit(
            new SpaceOperation.Pin(
                space,
                ShardFixture.BASE + page * ShardFixture.PAGE,
                pages * ShardFixture.PAGE,
                true,
                new PinPurpose("test", "why", false)),
            WaitPolicy.BLOCK);
    long id = ((OperationOutcome.Done) shard.outcome(request)).value();
    shard.submit(new SpaceOperation.Unpin(id), WaitPolicy.BLOCK);
  }

  @Test
  void nobodyKillable_refusesAsWithoutThePolicy() {
    long spared = space(OomCandidate.NEVER);
    device(1, spared, FRAMES);
    long fault = shard.fault(1, 1, 8, 1, Access.WRITE);
    shard.advance(PATIENCE_NANOS);
    assertThat(shard.reply(fault).errno()).isEqualTo(Errno.RESOURCE_EXHAUSTED);
    assertThat(shard.all(ShardEffect.OomKilled.class)).isEmpty();
    shard.submit(new SpaceOperation.SetOomScoreAdjust(spared, 0), WaitPolicy.BLOCK);
    long again = shard.fault(1, 1, 8, 1, Access.WRITE);
    assertThat(shard.reply(again).errno()).as("itself").isEqualTo(Errno.OOM_KILLED);
  }

  @Test
  void adjustment_isAShareOfAllMemory_andInherited() {
    long great = space(-500); // 5 - 4 = 1
    long small = space(0); // 2
    pinAndRelease(great, 5);
    pinAndRelease(small, 2);
    long fork = shard.submit(new SpaceOperation.Fork(great, "child"), WaitPolicy.BLOCK);
    long child = ((OperationOutcome.Done) shard.outcome(fork)).value();
    assertThat(shard.engine.queries().space(child).oomScoreAdjust()).isEqualTo(-500);
    long other = space(-1000);
    device(1, other, 1);
    shard.fault(1, 1, 8, 1, Access.WRITE);
    assertThat(onlyKill().victim()).isEqualTo(new OomCandidate(small, 2, 2));
  }

  @Test
  void adjustment_outOfRange_isRefused() {
    long request =
        shard.submit(
            new SpaceOperation.Create("test", NotificationMode.SPLIT, 1001), WaitPolicy.BLOCK);
    assertThat(errno(request)).isEqualTo(Errno.EINVAL);
    long set =
        shard.submit(new SpaceOperation.SetOomScoreAdjust(space(0), -1001), WaitPolicy.BLOCK);
    assertThat(errno(set)).isEqualTo(Errno.EINVAL);
  }

  @Test
  void swapSlots_countAndAreFreed() {
    shard = host(4);
    long victim = space(500);
    device(1, victim, FRAMES);
    long other = space(-1000);
    device(2, other, 0);
    shard.advance(2_000_000);
    long fault = shard.fault(2, 1, 0, 4, Access.WRITE);
    for (int i = 0; i < 50; i++) {
      ackAll(1);
      shard.advance(2_000_000);
    }
    assertThat(shard.reply(fault).errno()).isNull();
    assertThat(shard.engine.queries().swapUsed()).isEqualTo(4);
    long more = shard.fault(2, 1, 4, 8, Access.WRITE);
    for (int i = 0; i < 200 && !shard.replied(more); i++) {
      ackAll(1);
      shard.advance(2_000_000);
    }
    assertThat(shard.reply(more).errno()).isNull();
    assertThat(onlyKill().victim().pages()).as("frames and slots").isGreaterThan(4);
    assertThat(shard.engine.queries().swapUsed()).isZero();
  }

  @Test
  void parkedFaultAndQueuedOperation_ofTheVictim_areRefusedAtOnce() {
    long victim = space(500);
    device(1, victim, 4);
    long unmap = shard.unmap(victim, 0, 1, WaitPolicy.BLOCK);
    long queued = shard.unmap(victim, 0, 1, WaitPolicy.BLOCK);
    long parked = shard.fault(1, 1, 0, 1, Access.READ);
    assertThat(shard.replied(parked)).isFalse();
    long other = space(-1000);
    device(2, other, 4);
    shard.fault(2, 1, 8, 1, Access.WRITE);
    shard.advance(PATIENCE_NANOS);
    assertThat(shard.reply(parked).errno()).isEqualTo(Errno.OOM_KILLED);
    assertThat(errno(queued)).isEqualTo(Errno.OOM_KILLED);
    assertThat(shard.ended(unmap)).isFalse();
    shard.end(1, FenceResolution.LEASE_EXPIRED);
    assertThat(shard.outcome(unmap)).isInstanceOf(OperationOutcome.Done.class);
  }

  @Test
  void victimThatIsDestroyedMeanwhile_helpsAsWell() {
    long victim = space(500);
    device(1, victim, 4);
    long other = space(-1000);
    device(2, other, 4);
    long fault = shard.fault(2, 1, 8, 1, Access.WRITE);
    long end = shard.submit(new SpaceOperation.Destroy(victim), WaitPolicy.BLOCK);
    assertThat(shard.ended(end)).isFalse();
    ackAll(1);
    assertThat(shard.outcome(end)).isInstanceOf(OperationOutcome.Done.class);
    assertThat(shard.reply(fault).errno()).isNull();
    shard.advance(OomReaper.FIRST_PAUSE_NANOS);
    assertThat(shard.all(ShardEffect.OomReaped.class)).hasSize(1);
  }

  @Test
  void withSeveralShards_theHostIsAsked_andItsAnswerHolds() {
    shard =
        new ShardFixture(
            FRAMES,
            ShardConfig.of(0, 2, ShardFixture.EPOCH, 1_000_000_000)
                .withReclaim(new ReclaimConfig(0, 10_000_000, PATIENCE_NANOS, false))
                .withOom(new OomConfig(OomConfig.Policy.KILL, FRAMES)));
    long space = space(0);
    device(1, space, FRAMES);
    long fault = shard.fault(1, 1, 8, 1, Access.WRITE);
    shard.advance(PATIENCE_NANOS);
    assertThat(shard.all(ShardEffect.OomVictimWanted.class)).hasSize(1);
    shard.advance(PATIENCE_NANOS);
    assertThat(shard.replied(fault)).as("asked once, waits").isFalse();
    assertThat(shard.all(ShardEffect.OomVictimWanted.class)).hasSize(1);
    shard.input(new ShardInput.NameVictim());
    assertThat(shard.all(ShardEffect.OomNominee.class))
        .containsExactly(new ShardEffect.OomNominee(new OomCandidate(space, FRAMES, FRAMES)));
    shard.input(new ShardInput.VictimChosen(false));
    assertThat(shard.reply(fault).errno()).isEqualTo(Errno.RESOURCE_EXHAUSTED);
  }
}
