package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.frame.Watermarks;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.host.engine.space.SpaceOperation.PinPurpose;
import dev.fenceline.model.Access;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Frames are kept free ahead of need, and asked for where a shard has none to give. */
class BackgroundReclaimTest {
  private static final int FRAMES = 64;
  private static final int MILLI = 1_000_000;
  private static final Protection READ_WRITE = new Protection(true, true, false);
  private static final ReclaimConfig SWAPS = new ReclaimConfig(128, 10 * MILLI, 100 * MILLI, false);

  private long space;
  private ShardFixture shard = new ShardFixture();

  private void start(int frames, int shards, ReclaimConfig config) {
    shard =
        new ShardFixture(
            frames,
            ShardConfig.of(0, shards, ShardFixture.EPOCH, 1_000_000_000).withReclaim(config));
    space = shard.createSpace();
    shard.map(space, 0, 2 * frames, READ_WRITE);
    shard.open(1, "first", 1);
    shard.mirror(1, 1, space, 0, 0, 2 * frames);
  }

  private void cpuWrites(int page, int pages) {
    shard.input(
        new ShardInput.CpuFault(
            1_000 + page, space, ShardFixture.BASE + page * Pages.SIZE_BYTES, pages, Access.WRITE));
    shard.all(ShardEffect.DropCpuEntries.class).forEach(this::drained);
  }

  private void drained(ShardEffect.DropCpuEntries drop) {
    shard.input(new ShardInput.CpuDrained(drop.invalidationId()));
  }

  private void drainCpu() {
    shard.all(ShardEffect.DropCpuEntries.class).forEach(this::drained);
  }

  private long pin(int pages, boolean longTerm) {
    return shard.submit(
        new SpaceOperation.Pin(
            space,
            ShardFixture.BASE,
            pages * Pages.SIZE_BYTES,
            true,
            new PinPurpose("first-0", "scanout", longTerm)),
        WaitPolicy.BLOCK);
  }

  private long pinId(long request) {
    return ((OperationOutcome.Done) shard.outcome(request)).value();
  }

  @Test
  void belowLow_coldPagesOfTheCpuGo_untilHighIsReached() {
    start(FRAMES, 1, SWAPS.withWatermarks(new Watermarks(4, 8, 16)));
    cpuWrites(0, FRAMES - 8);
    shard.advance(MILLI);
    assertThat(shard.all(ShardEffect.WriteSwap.class)).as("at low, nothing yet").isEmpty();
    cpuWrites(FRAMES - 8, 1);
    for (int i = 0; i < 8; i++) {
      shard.advance(MILLI);
      drainCpu();
    }
    assertThat(shard.frames.left()).isGreaterThanOrEqualTo(16);
    assertThat(shard.engine.queries().frameCounts().reclaimed().wakeUps()).isEqualTo(1);
    int swapped = shard.all(ShardEffect.WriteSwap.class).size();
    shard.advance(100 * MILLI);
    assertThat(shard.all(ShardEffect.WriteSwap.class)).as("above high it rests").hasSize(swapped);
  }

  @Test
  void betweenMinAndLow_devicesAreNotNotified_belowMinTheyAre() {
    start(FRAMES, 1, SWAPS.withWatermarks(new Watermarks(4, 8, 16)));
    shard.fault(1, 1, 0, FRAMES - 6, Access.WRITE);
    shard.advance(MILLI);
    shard.advance(100 * MILLI);
    assertThat(shard.broadcasts()).isEmpty();
    shard.fault(1, 1, FRAMES - 6, 3, Access.WRITE);
    shard.advance(100 * MILLI);
    assertThat(shard.broadcasts()).isNotEmpty();
  }

  @Test
  void shardWithoutColdPages_asksTheOthers_andOneThatIsAskedReclaims() {
    start(4, 2, SWAPS);
    assertThat(pinId(pin(4, false))).isPositive();
    long fault = shard.fault(1, 1, 6, 1, Access.WRITE);
    assertThat(shard.replied(fault)).isFalse();
    assertThat(shard.all(ShardEffect.ReclaimElsewhere.class)).hasSize(1);

    start(4, 2, SWAPS);
    cpuWrites(0, 4);
    shard.advance(2 * MILLI);
    shard.input(new ShardInput.ReclaimForOthers());
    drainCpu();
    assertThat(shard.frames.left()).isPositive();
  }

  @Test
  void framesHeldByLongTermPins_areAskedBack_andWhoStarvesGetsThemOnceReleased() {
    start(4, 1, SWAPS);
    long pin = pinId(pin(4, true));
    long fault = shard.fault(1, 1, 6, 1, Access.WRITE);
    assertThat(shard.all(ShardEffect.PinsAskedBack.class)).hasSize(1);
    assertThat(shard.all(ShardEffect.PinsAskedBack.class).getFirst().pins())
        .extracting(Pin::id)
        .containsExactly(pin);
    shard.advance(10 * MILLI);
    assertThat(shard.all(ShardEffect.PinsAskedBack.class)).as("not again at once").hasSize(1);
    shard.submit(new SpaceOperation.Unpin(pin), WaitPolicy.BLOCK);
    shard.advance(MILLI);
    assertThat(shard.reply(fault).errno()).isNull();
    assertThat(shard.engine.queries().frameCounts().lists().unevictable()).isZero();
  }

  @Test
  void pinnedFrames_areOnTheUnevictableList_untilTheLastPinEnds() {
    start(8, 1, SWAPS);
    long first = pinId(pin(4, true));
    long second = pinId(pin(2, false));
    assertThat(shard.engine.queries().frameCounts().lists())
        .isEqualTo(new FrameCounts.Lists(0, 0, 4));
    shard.submit(new SpaceOperation.Unpin(first), WaitPolicy.BLOCK);
    assertThat(shard.engine.queries().frameCounts().lists())
        .isEqualTo(new FrameCounts.Lists(2, 0, 2));
    shard.unmap(space, 0, 8, WaitPolicy.BLOCK);
    drainCpu();
    shard.submit(new SpaceOperation.Unpin(second), WaitPolicy.BLOCK);
    assertThat(shard.engine.queries().frameCounts().lists())
        .isEqualTo(new FrameCounts.Lists(0, 0, 0));
    assertThat(shard.frames.left()).isEqualTo(8);
  }

  @Test
  void swapAndFramesFull_isRefusedAtOnce_withoutNotifyingAnybody() {
    start(4, 1, new ReclaimConfig(1, 10 * MILLI, 100 * MILLI, false));
    cpuWrites(0, 4);
    shard.advance(2 * MILLI);
    cpuWrites(4, 1);
    drainCpu();
    assertThat(shard.engine.queries().swapUsed()).isEqualTo(1);
    int drops = shard.all(ShardEffect.DropCpuEntries.class).size();
    long fault = shard.fault(1, 1, 6, 1, Access.WRITE);
    assertThat(shard.reply(fault).errno()).isEqualTo(Errno.RESOURCE_EXHAUSTED);
    assertThat(shard.reply(fault).message()).contains("out of memory");
    assertThat(shard.all(ShardEffect.DropCpuEntries.class)).hasSize(drops);
  }

  @Test
  void pinOverTheAgeLimit_isReportedOnce_andAReleasedOneNever() {
    start(8, 1, SWAPS.withPinAgeLimit(50 * MILLI));
    long released = pinId(pin(1, false));
    long forgotten = pinId(pin(2, true));
    shard.submit(new SpaceOperation.Unpin(released), WaitPolicy.BLOCK);
    shard.advance(49 * MILLI);
    assertThat(shard.all(ShardEffect.PinOverAge.class)).isEmpty();
    shard.advance(shard.engine.nextDeadlineNanos() - shard.now);
    shard.advance(500 * MILLI);
    assertThat(shard.all(ShardEffect.PinOverAge.class))
        .extracting(old -> old.pin().id())
        .containsExactly(forgotten);
  }

  @Test
  void pitfall25_pagePinnedBetweenChoiceAndUnmap_isRestoredNotLost() {
    start(4, 1, SWAPS);
    cpuWrites(0, 4);
    shard.advance(2 * MILLI);
    shard.manualPhases();
    long fault = shard.fault(1, 1, 6, 1, Access.WRITE);
    long pin = pin(1, true);
    assertThat(shard.ended(pin)).as("waits for the reclaim of its page").isFalse();
    for (int i = 0; i < 40 && !(shard.ended(pin) && shard.replied(fault)); i++) {
      proceedAll();
      shard.advance(MILLI);
    }
    assertThat(shard.outcome(pin)).isInstanceOf(OperationOutcome.Done.class);
    assertThat(shard.reply(fault).errno()).isNull();
    assertThat(shard.engine.queries().frameCounts().lists().unevictable()).isEqualTo(1);
  }

  private void proceedAll() {
    for (ShardEffect.ProceedAfter after : shard.all(ShardEffect.ProceedAfter.class)) {
      shard.input(new ShardInput.Proceed(after.operationId()));
    }
    drainCpu();
  }

  @Test
  void pitfall33_whatADeviceWrote_isWrittenToSwapBeforeItsFrameGoes() {
    start(4, 1, SWAPS);
    shard.fault(1, 1, 0, 4, Access.WRITE);
    shard.advance(2 * MILLI);
    shard.fault(1, 1, 6, 1, Access.WRITE);
    shard.ack(1, 0, shard.lastInvalidation());
    Set<Integer> dirty = new TreeSet<>();
    for (ShardEffect effect : shard.effects) {
      switch (effect) {
        case ShardEffect.WriteSwap out -> dirty.remove(out.frame());
        case ShardEffect.FreeFrames freed -> {
          for (int frame : freed.frames()) {
            assertThat(dirty).as("frame %d is freed unwritten", frame).doesNotContain(frame);
          }
        }
        case ShardEffect.ZeroFrames given ->
            assertThat(dirty.add(given.first())).as("reused unwritten").isTrue();
        case ShardEffect other -> {}
      }
    }
    assertThat(shard.all(ShardEffect.WriteSwap.class)).isNotEmpty();
  }
}
