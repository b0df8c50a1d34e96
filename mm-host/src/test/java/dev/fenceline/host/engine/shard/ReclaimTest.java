package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.PteType;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.host.engine.space.SpaceOperation.PinPurpose;
import dev.fenceline.model.Access;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import org.junit.jupiter.api.Test;

/** Who finds no frame waits until a cold page was swapped out, and pinned pages are left alone. */
class ReclaimTest {
  private static final int FRAMES = 4;
  private static final int SLOTS = 8;
  private static final long RESIDENCY_NANOS = 2_000_000;
  private static final Protection READ_WRITE = new Protection(true, true, false);

  private final ShardFixture shard = withSwap(FRAMES, SLOTS);
  private final long space = shard.createSpace();

  private static ShardFixture withSwap(int frames, int slots) {
    return new ShardFixture(
        frames,
        ShardConfig.of(0, 1, ShardFixture.EPOCH, 1_000_000_000)
            .withReclaim(new ReclaimConfig(slots, 10_000_000, 100_000_000, false)));
  }

  /** Two agents mirror everything; the first writes the first pages, which fills the frames. */
  private void full() {
    shard.map(space, 0, 12, READ_WRITE);
    shard.open(1, "first", 1);
    shard.mirror(1, 1, space, 0, 0, 12);
    shard.open(2, "second", 1);
    shard.mirror(2, 1, space, 0, 0, 12);
    shard.fault(1, 1, 0, FRAMES, Access.WRITE);
    assertThat(shard.frames.left()).isZero();
    shard.advance(RESIDENCY_NANOS);
  }

  private PteType type(long page) {
    return Pte.type(
        shard.engine.queries().space(space).memory().entry(Pages.number(ShardFixture.BASE) + page));
  }

  private void ackAll(long session) {
    shard
        .broadcasts()
        .forEach(sent -> shard.ack(session, 0, sent.message().invalidationIds().get(0)));
  }

  private long pin(long page, int pages) {
    return shard.submit(
        new SpaceOperation.Pin(
            space,
            ShardFixture.BASE + page * Pages.SIZE_BYTES,
            pages * Pages.SIZE_BYTES,
            true,
            new PinPurpose("test", "why", true)),
        WaitPolicy.BLOCK);
  }

  @Test
  void faultWithoutAFrame_waitsForTheFenceOfAVictim_andGetsItsFrame() {
    full();
    long fault = shard.fault(2, 1, 8, 1, Access.WRITE);
    assertThat(shard.replied(fault)).isFalse();
    assertThat(shard.all(ShardEffect.WriteSwap.class)).as("INV-3: before the ack").isEmpty();
    ackAll(1);
    assertThat(shard.reply(fault).errno()).isNull();
    assertThat(shard.all(ShardEffect.WriteSwap.class)).isNotEmpty();
    assertThat(type(8)).isEqualTo(PteType.PRESENT);
    assertThat(shard.engine.queries().swapUsed()).isPositive();
  }

  @Test
  void swappedPage_comesBackFromItsSlot_whichIsFreeThen() {
    full();
    shard.fault(2, 1, 8, 1, Access.WRITE);
    ackAll(1);
    int used = shard.engine.queries().swapUsed();
    assertThat(type(0)).isEqualTo(PteType.SWAP);
    long back = shard.fault(1, 1, 0, 1, Access.READ);
    ackAll(1);
    ackAll(2);
    assertThat(shard.reply(back).errno()).isNull();
    assertThat(shard.all(ShardEffect.ReadSwap.class)).hasSize(1);
    assertThat(shard.engine.queries().swapUsed()).isLessThanOrEqualTo(used);
  }

  @Test
  void pinnedPages_areSkippedBeforeAnybodyIsNotified() {
    full();
    assertThat(shard.outcome(pin(0, FRAMES))).isInstanceOf(OperationOutcome.Done.class);
    int before = shard.broadcasts().size();
    long fault = shard.fault(2, 1, 8, 1, Access.WRITE);
    shard.advance(50_000_000);
    assertThat(shard.replied(fault)).isFalse();
    assertThat(shard.broadcasts()).as("fences scheduled for pinned pages").hasSize(before);
    shard.advance(100_000_000);
    assertThat(shard.reply(fault).errno()).isEqualTo(Errno.RESOURCE_EXHAUSTED);
  }

  @Test
  void pinOfAPageThatIsBeingReclaimed_waits_andPinsWhatIsThereThen() {
    full();
    shard.fault(2, 1, 8, 1, Access.WRITE);
    long pin = pin(0, 1);
    assertThat(shard.ended(pin)).isFalse();
    ackAll(1);
    ackAll(2);
    assertThat(shard.outcome(pin)).isInstanceOf(OperationOutcome.Done.class);
    assertThat(type(0)).isEqualTo(PteType.PRESENT);
    assertThat(shard.engine.queries().pins()).hasSize(1);
  }

  @Test
  void slowDevice_isPassedOver_theReclaimBacksOffAndTheDataStays() {
    full();
    long fault = shard.fault(2, 1, 8, 1, Access.WRITE);
    shard.advance(11_000_000);
    assertThat(shard.replied(fault)).isFalse();
    assertThat(shard.all(ShardEffect.InvalidationEnded.class))
        .extracting(ended -> ended.invalidation().state())
        .containsOnly(Invalidation.State.BACKED_OFF);
    assertThat(shard.all(ShardEffect.WriteSwap.class)).isEmpty();
    ackAll(1);
    shard.advance(2_000_000);
    ackAll(1);
    assertThat(shard.reply(fault).errno()).isNull();
  }

  @Test
  void forkedSwappedPage_sharesTheSlot_untilBothAreGone() {
    full();
    shard.fault(2, 1, 8, 1, Access.WRITE);
    ackAll(1);
    int used = shard.engine.queries().swapUsed();
    long fork = shard.submit(new SpaceOperation.Fork(space, "child"), WaitPolicy.BLOCK);
    ackAll(2);
    ackAll(1);
    long child = ((OperationOutcome.Done) shard.outcome(fork)).value();
    shard.submit(new SpaceOperation.Destroy(child), WaitPolicy.BLOCK);
    assertThat(shard.engine.queries().swapUsed()).isEqualTo(used);
    shard.submit(new SpaceOperation.Destroy(space), WaitPolicy.BLOCK);
    ackAll(1);
    ackAll(2);
    assertThat(shard.engine.queries().swapUsed()).isZero();
    assertThat(shard.frames.left()).isEqualTo(FRAMES);
  }

  @Test
  void withoutSwap_faultIsRefusedAtOnce() {
    ShardFixture bare = new ShardFixture(1);
    long bareSpace = bare.createSpace();
    bare.map(bareSpace, 0, 2, READ_WRITE);
    bare.open(1, "a", 1);
    bare.mirror(1, 1, bareSpace, 0, 0, 2);
    bare.fault(1, 1, 0, 1, Access.WRITE);
    assertThat(bare.reply(bare.fault(1, 1, 1, 1, Access.WRITE)).errno())
        .isEqualTo(Errno.RESOURCE_EXHAUSTED);
  }

  @Test
  void pageJustGranted_staysUntilItsResidencyIsOver() {
    full();
    shard.fault(1, 1, 0, FRAMES, Access.WRITE);
    long fault = shard.fault(2, 1, 8, 1, Access.WRITE);
    assertThat(shard.broadcasts()).as("fences of pages that nobody could use yet").isEmpty();
    shard.advance(RESIDENCY_NANOS);
    ackAll(1);
    assertThat(shard.reply(fault).errno()).isNull();
  }

  @Test
  void pageThatWasLostOften_staysLonger() {
    full();
    shard.faultCollided(1, 1, 0, FRAMES, Access.WRITE, 6);
    long fault = shard.fault(2, 1, 8, 1, Access.WRITE);
    shard.advance(RESIDENCY_NANOS);
    assertThat(shard.broadcasts()).isEmpty();
    shard.advance(8 * RESIDENCY_NANOS);
    ackAll(1);
    assertThat(shard.reply(fault).errno()).isNull();
  }

  @Test
  void forkedFrames_areSwappedOutForBoth_andEachGetsItsBytesBack() {
    full();
    long fork = shard.submit(new SpaceOperation.Fork(space, "child"), WaitPolicy.BLOCK);
    ackAll(1);
    long child = ((OperationOutcome.Done) shard.outcome(fork)).value();
    long fault = shard.fault(2, 1, 8, 1, Access.WRITE);
    ackAll(1);
    assertThat(shard.reply(fault).errno()).isNull();
    assertThat(type(0)).isEqualTo(PteType.SWAP);
    long start = Pages.number(ShardFixture.BASE);
    long theirs = shard.engine.queries().space(child).memory().entry(start);
    assertThat(Pte.type(theirs)).isEqualTo(PteType.SWAP);
  }

  @Test
  void pinOfMorePagesThanFramesComeFree_isRefusedInTime_howeverOftenItTries() {
    full();
    pin(0, FRAMES - 1);
    long tooMany = pin(8, 2);
    for (int i = 0; i < 60 && !shard.ended(tooMany); i++) {
      shard.advance(2_000_000);
      ackAll(1);
    }
    assertThat(shard.outcome(tooMany)).isInstanceOf(OperationOutcome.Refused.class);
  }
}
