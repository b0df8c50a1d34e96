package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.host.engine.space.SpaceOperation.PinPurpose;
import dev.fenceline.model.Access;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import org.junit.jupiter.api.Test;

/** Frames of pinned pages stay, whatever happens to the mapping (INV-11). */
class PinTest {
  private static final Protection READ_WRITE = new Protection(true, true, false);
  private static final PinPurpose PURPOSE = new PinPurpose("test", "why", true);

  private final ShardFixture shard = new ShardFixture(8);
  private final long space = shard.createSpace();

  @Test
  void pinnedFrames_outliveTheirMapping_untilTheLastPinEnds() {
    shard.map(space, 0, 4, READ_WRITE);
    long first = pin(0, 2, true);
    long second = pin(1, 2, false);
    assertThat(shard.frames.left()).isEqualTo(8 - 3);
    shard.unmap(space, 0, 4, WaitPolicy.BLOCK);
    assertThat(shard.frames.left()).isEqualTo(8 - 3);
    assertThat(shard.engine.queries().keptFrames()).isEqualTo(3);
    assertThat(shard.engine.queries().pins())
        .extracting(Pin::unmappedPages)
        .containsExactly(2L, 2L);
    assertThat(unpin(first)).isEqualTo(2);
    assertThat(shard.frames.left()).isEqualTo(8 - 2);
    assertThat(unpin(second)).isEqualTo(2);
    assertThat(shard.frames.left()).isEqualTo(8);
    assertThat(shard.engine.queries().pins()).isEmpty();
    assertThat(refused(shard.submit(new SpaceOperation.Unpin(first), WaitPolicy.BLOCK)))
        .isEqualTo(Errno.ENOENT);
  }

  @Test
  void unpinnedWhileMapped_theFrameStaysWithItsPage() {
    shard.map(space, 0, 1, READ_WRITE);
    long pin = pin(0, 1, true);
    int frame = frame(0);
    unpin(pin);
    assertThat(frame(0)).isEqualTo(frame);
    assertThat(shard.frames.left()).isEqualTo(7);
    shard.unmap(space, 0, 1, WaitPolicy.BLOCK);
    assertThat(shard.frames.left()).isEqualTo(8);
  }

  @Test
  void readPinOfAZeroPage_givesItAFrame_soThatALaterWriteIsSeenThroughThePin() {
    shard.map(space, 0, 1, READ_WRITE);
    shard.open(1, "a", 1);
    shard.mirror(1, 1, space, 0, 0, 1);
    shard.fault(1, 1, 0, 1, Access.READ);
    assertThat(frame(0)).isEqualTo(Pte.ZERO_PAGE_FRAME);
    pin(0, 1, false);
    int pinned = frame(0);
    assertThat(pinned).isNotEqualTo(Pte.ZERO_PAGE_FRAME);
    shard.fault(1, 1, 0, 1, Access.WRITE);
    assertThat(frame(0)).isEqualTo(pinned);
  }

  @Test
  void discardedPage_getsAnotherFrame_thePinKeepsItsOwn() {
    shard.map(space, 0, 1, READ_WRITE);
    long pin = pin(0, 1, true);
    int pinned = frame(0);
    shard.submit(
        new SpaceOperation.Advise(
            space, ShardFixture.BASE, Pages.SIZE_BYTES, SpaceOperation.Advice.DONTNEED),
        WaitPolicy.BLOCK);
    pin(0, 1, true);
    assertThat(frame(0)).isNotEqualTo(pinned);
    unpin(pin);
    assertThat(shard.frames.left()).isEqualTo(7);
  }

  @Test
  void destroyedSpace_leavesItsPins() {
    shard.map(space, 0, 2, READ_WRITE);
    long pin = pin(0, 2, true);
    shard.submit(new SpaceOperation.Destroy(space), WaitPolicy.BLOCK);
    assertThat(shard.frames.left()).isEqualTo(6);
    unpin(pin);
    assertThat(shard.frames.left()).isEqualTo(8);
  }

  @Test
  void pin_waitsForAnInvalidationOfItsPages() {
    shard.map(space, 0, 1, READ_WRITE);
    shard.open(1, "a", 1);
    shard.mirror(1, 1, space, 0, 0, 1);
    shard.fault(1, 1, 0, 1, Access.WRITE);
    long invalidate = shard.invalidate(space, 0, 1, WaitPolicy.BLOCK);
    long pin = shard.submit(operation(0, 1, true), WaitPolicy.BLOCK);
    assertThat(shard.ended(pin)).isFalse();
    shard.ack(1, 0, shard.lastInvalidation());
    assertThat(shard.ended(invalidate)).isTrue();
    assertThat(shard.outcome(pin)).isInstanceOf(OperationOutcome.Done.class);
  }

  @Test
  void holesProtectionAndTooFewFrames_areRefused_andNothingIsTaken() {
    shard.map(space, 0, 2, READ_WRITE);
    shard.map(space, 3, 1, new Protection(true, false, false));
    assertThat(refused(shard.submit(operation(0, 4, false), WaitPolicy.BLOCK)))
        .isEqualTo(Errno.EFAULT);
    assertThat(refused(shard.submit(operation(3, 1, true), WaitPolicy.BLOCK)))
        .isEqualTo(Errno.EPERM);
    shard.map(space, 8, 9, READ_WRITE);
    assertThat(refused(shard.submit(operation(8, 9, true), WaitPolicy.BLOCK)))
        .isEqualTo(Errno.RESOURCE_EXHAUSTED);
    assertThat(shard.frames.left()).isEqualTo(8);
    assertThat(shard.engine.queries().pins()).isEmpty();
  }

  private SpaceOperation.Pin operation(long page, int pages, boolean write) {
    return new SpaceOperation.Pin(
        space, ShardFixture.BASE + Pages.address(page), Pages.address(pages), write, PURPOSE);
  }

  private long pin(long page, int pages, boolean write) {
    long request = shard.submit(operation(page, pages, write), WaitPolicy.BLOCK);
    return ((OperationOutcome.Done) shard.outcome(request)).value();
  }

  private long unpin(long pin) {
    long request = shard.submit(new SpaceOperation.Unpin(pin), WaitPolicy.BLOCK);
    return ((OperationOutcome.Done) shard.outcome(request)).value();
  }

  private Errno refused(long request) {
    return ((OperationOutcome.Refused) shard.outcome(request)).errno();
  }

  private int frame(long page) {
    AddressSpace found = shard.engine.queries().space(space);
    if (found == null) {
      throw new AssertionError();
    }
    return Pte.frame(found.memory().entry(Pages.number(ShardFixture.BASE) + page));
  }
}
