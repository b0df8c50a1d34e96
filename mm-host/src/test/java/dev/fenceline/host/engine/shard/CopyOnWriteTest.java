package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.host.engine.space.SpaceOperation.PinPurpose;
import dev.fenceline.model.Access;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Fork shares frames until one side writes, and takes the right to write only at C (INV-4). */
class CopyOnWriteTest {
  private static final long VPN = Pages.number(ShardFixture.BASE);
  private static final Protection READ_WRITE = new Protection(true, true, false);

  private final ShardFixture shard = new ShardFixture(8);
  private final long parent = shard.createSpace();

  private void writtenPages(int pages) {
    shard.map(parent, 0, pages, READ_WRITE);
    shard.open(1, "a", 1);
    shard.mirror(1, 1, parent, 0, 0, pages);
    shard.fault(1, 1, 0, pages, Access.WRITE);
  }

  private long entry(long space, long page) {
    return shard.engine.queries().space(space).memory().entry(VPN + page);
  }

  private long fork() {
    return shard.submit(new SpaceOperation.Fork(parent, "child"), WaitPolicy.BLOCK);
  }

  private long forked() {
    long fork = fork();
    if (!shard.ended(fork)) {
      shard.ack(1, 0, shard.lastInvalidation());
    }
    return ((OperationOutcome.Done) shard.outcome(fork)).value();
  }

  private HostMessage.FaultReply write(long session, int mirror, long page) {
    return shard.reply(shard.fault(session, mirror, page, 1, Access.WRITE));
  }

  private List<ShardEffect.CopyFrame> copies() {
    return shard.effects.stream()
        .filter(ShardEffect.CopyFrame.class::isInstance)
        .map(ShardEffect.CopyFrame.class::cast)
        .toList();
  }

  @Test
  void fork_waitsForDevicesThatMayWrite_thenSharesEveryFrame() {
    writtenPages(2);
    long fork = fork();
    assertThat(shard.ended(fork)).isFalse();
    assertThat(shard.frames.left()).isEqualTo(6);
    shard.ack(1, 0, shard.lastInvalidation());
    long child = ((OperationOutcome.Done) shard.outcome(fork)).value();
    assertThat(shard.frames.left()).isEqualTo(6);
    assertThat(Pte.frame(entry(child, 0))).isEqualTo(Pte.frame(entry(parent, 0)));
    assertThat(Pte.writable(entry(child, 0))).isFalse();
    assertThat(Pte.writable(entry(parent, 0))).isFalse();
    assertThat(copies()).isEmpty();
  }

  @Test
  void writeOfEitherSide_copies_theOtherKeepsTheFrame() {
    writtenPages(1);
    long child = forked();
    int shared = Pte.frame(entry(parent, 0));
    assertThat(write(1, 1, 0).errno()).isNull();
    assertThat(Pte.frame(entry(parent, 0))).isNotEqualTo(shared);
    assertThat(Pte.writable(entry(parent, 0))).isTrue();
    assertThat(Pte.frame(entry(child, 0))).isEqualTo(shared);
    assertThat(copies()).hasSize(1);
    shard.open(2, "b", 1);
    shard.mirror(2, 1, child, 0, 0, 1);
    assertThat(write(2, 1, 0).errno()).isNull();
    assertThat(Pte.frame(entry(child, 0))).as("nobody shares it any more").isEqualTo(shared);
    assertThat(copies()).hasSize(1);
  }

  @Test
  void copy_waitsForDevicesThatReadTheSharedFrame() {
    writtenPages(1);
    long child = forked();
    shard.open(2, "b", 1);
    shard.mirror(2, 1, child, 0, 0, 1);
    shard.granted(2, 1, 0, 1, Access.READ);
    long fault = shard.fault(2, 1, 0, 1, Access.WRITE);
    assertThat(shard.replied(fault)).isFalse();
    assertThat(copies()).isEmpty();
    shard.ack(2, 0, shard.lastInvalidation());
    assertThat(shard.reply(fault).errno()).isNull();
    assertThat(copies()).hasSize(1);
  }

  @Test
  void endOfTheChild_leavesTheParentItsFrames_andTheRightToWrite() {
    writtenPages(2);
    long child = forked();
    shard.submit(new SpaceOperation.Destroy(child), WaitPolicy.BLOCK);
    assertThat(shard.frames.left()).isEqualTo(6);
    assertThat(write(1, 1, 0).errno()).isNull();
    assertThat(copies()).isEmpty();
    shard.unmap(parent, 0, 2, WaitPolicy.TRY);
    shard.ack(1, 0, shard.lastInvalidation());
    shard.unmap(parent, 0, 2, WaitPolicy.BLOCK);
    assertThat(shard.frames.left()).isEqualTo(8);
  }

  @Test
  void pinnedPage_isCopiedByTheFork_theParentKeepsIt() {
    writtenPages(1);
    PinPurpose purpose = new PinPurpose("test", "why", true);
    shard.submit(
        new SpaceOperation.Pin(parent, ShardFixture.BASE, Pages.SIZE_BYTES, true, purpose),
        WaitPolicy.BLOCK);
    int pinned = Pte.frame(entry(parent, 0));
    long child = forked();
    assertThat(Pte.frame(entry(parent, 0))).isEqualTo(pinned);
    assertThat(Pte.writable(entry(parent, 0))).isTrue();
    assertThat(Pte.frame(entry(child, 0))).isNotEqualTo(pinned);
    assertThat(copies()).hasSize(1);
  }

  @Test
  void pinOfASharedPage_unsharesItFirst() {
    writtenPages(1);
    long child = forked();
    PinPurpose purpose = new PinPurpose("test", "why", true);
    shard.submit(
        new SpaceOperation.Pin(child, ShardFixture.BASE, Pages.SIZE_BYTES, false, purpose),
        WaitPolicy.BLOCK);
    assertThat(Pte.frame(entry(child, 0))).isNotEqualTo(Pte.frame(entry(parent, 0)));
    assertThat(shard.engine.queries().pins()).hasSize(1);
  }

  @Test
  void copyWithoutAFrame_refusesTheFault_bothSidesKeepReading() {
    ShardFixture small = new ShardFixture(1);
    long space = small.createSpace();
    small.map(space, 0, 1, READ_WRITE);
    small.open(1, "a", 1);
    small.mirror(1, 1, space, 0, 0, 1);
    small.fault(1, 1, 0, 1, Access.WRITE);
    long fork = small.submit(new SpaceOperation.Fork(space, "child"), WaitPolicy.BLOCK);
    small.ack(1, 0, small.lastInvalidation());
    assertThat(small.outcome(fork)).isInstanceOf(OperationOutcome.Done.class);
    HostMessage.FaultReply refused = small.reply(small.fault(1, 1, 0, 1, Access.WRITE));
    assertThat(refused.errno()).isEqualTo(Errno.RESOURCE_EXHAUSTED);
    assertThat(small.reply(small.fault(1, 1, 0, 1, Access.READ)).errno()).isNull();
  }
}
