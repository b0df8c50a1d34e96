package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.host.engine.space.SpaceOperation.Advice;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.InvalidationKind;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import org.junit.jupiter.api.Test;

/** What operations do to pages and frames, and what bad ones are told. */
class MemoryOperationTest {
  private static final long ONE = 1;

  private final ShardFixture shard = new ShardFixture(64);

  private long mirroredSpace(Protection protection) {
    long space = shard.createSpace();
    shard.map(space, 0, 16, protection);
    shard.open(ONE, "a", 1);
    shard.mirror(ONE, 1, space, 0, 0, 64);
    return space;
  }

  @Test
  void readOfUntouchedPages_takesNoFrame_writeDoes() {
    mirroredSpace(Protection.READ_WRITE);

    PageRun read = shard.granted(ONE, 1, 0, 8, Access.READ);
    assertThat(read.state()).isEqualTo(PageRun.State.ZERO);
    assertThat(shard.frames.left()).isEqualTo(64);
    PageRun written = shard.granted(ONE, 1, 0, 8, Access.WRITE);
    assertThat(written.writable()).isTrue();
    assertThat(shard.frames.left()).isEqualTo(56);
  }

  @Test
  void faultOnHole_isEfault_onReadOnlyForWrite_isEperm_onNone_isEfault() {
    long space = mirroredSpace(Protection.READ);
    shard.map(space, 20, 1, Protection.NONE);

    assertThat(shard.reply(shard.fault(ONE, 1, 30, 1, Access.READ)).errno())
        .isEqualTo(Errno.EFAULT);
    assertThat(shard.reply(shard.fault(ONE, 1, 0, 1, Access.WRITE)).errno()).isEqualTo(Errno.EPERM);
    assertThat(shard.reply(shard.fault(ONE, 1, 20, 1, Access.READ)).errno())
        .isEqualTo(Errno.EFAULT);
  }

  @Test
  void faultPastTheMapping_servesTheValidPrefix() {
    mirroredSpace(Protection.READ_WRITE);

    PageRun run = shard.granted(ONE, 1, 12, 8, Access.READ);

    assertThat(run.pageCount()).isEqualTo(4);
  }

  @Test
  void malformedFaultsAndMirrors_areRefusedByName() {
    long space = mirroredSpace(Protection.READ_WRITE);

    shard.agent(ONE, new AgentMessage.FaultRequest(900, 1, ShardFixture.BASE + 5, 1, Access.READ));
    shard.agent(ONE, new AgentMessage.FaultRequest(901, 1, ShardFixture.BASE, 0, Access.READ));
    shard.agent(ONE, new AgentMessage.FaultRequest(902, 1, ShardFixture.BASE, 9_999, Access.READ));
    shard.agent(
        ONE, new AgentMessage.FaultRequest(903, 1, ShardFixture.BASE - 4096, 1, Access.READ));
    shard.agent(ONE, new AgentMessage.FaultRequest(904, 8, ShardFixture.BASE, 1, Access.READ));
    shard.agent(ONE, new AgentMessage.AddMirror(2, 999, 0, 0, 4096));
    shard.agent(ONE, new AgentMessage.AddMirror(3, space, 0, 4096, 4096));
    shard.agent(ONE, new AgentMessage.AddMirror(4, space, 0, 1, 4097));
    shard.agent(ONE, new AgentMessage.AddMirror(5, space, 3, 0, 4096));
    shard.agent(ONE, new AgentMessage.AddMirror(1, space, 0, 0, 4096));
    shard.agent(ONE, new AgentMessage.AddMirror(6, space, 0, 0, 1L << 48));

    for (long fault : new long[] {900, 901, 902, 903}) {
      assertThat(shard.reply(fault).errno()).isEqualTo(Errno.EINVAL);
    }
    assertThat(shard.reply(902).message()).contains("9999");
    assertThat(shard.reply(904).errno()).isEqualTo(Errno.ENOENT);
    assertThat(shard.sent(HostMessage.MirrorRefused.class).stream().map(r -> r.errno()))
        .containsExactly(
            Errno.ENOENT, Errno.EINVAL, Errno.EINVAL, Errno.EINVAL, Errno.EEXIST, Errno.EINVAL);
  }

  @Test
  void fullFramePool_isResourceExhaustedUntilMemoryIsGivenBack() {
    long space = shard.createSpace();
    shard.map(space, 0, 100, Protection.READ_WRITE);
    shard.open(ONE, "a", 1);
    shard.mirror(ONE, 1, space, 0, 0, 100);

    PageRun served = shard.granted(ONE, 1, 0, 100, Access.WRITE);
    assertThat(served.pageCount()).isEqualTo(64);
    HostMessage.FaultReply full = shard.reply(shard.fault(ONE, 1, 64, 1, Access.WRITE));
    assertThat(full.errno()).isEqualTo(Errno.RESOURCE_EXHAUSTED);
    shard.unmap(space, 0, 1, WaitPolicy.BLOCK);
    shard.ack(ONE, 0, shard.lastInvalidation());
    assertThat(shard.granted(ONE, 1, 64, 1, Access.WRITE).writable()).isTrue();
  }

  @Test
  void protectionThatTakesRights_invalidates_thatGivesRights_doesNot() {
    long space = mirroredSpace(Protection.READ_WRITE);
    shard.granted(ONE, 1, 0, 4, Access.WRITE);
    long down =
        shard.submit(
            new SpaceOperation.Protect(space, ShardFixture.BASE, 16 * 4096, Protection.READ),
            WaitPolicy.BLOCK);

    assertThat(shard.broadcasts().getLast().message().kind())
        .isEqualTo(InvalidationKind.PROTECTION);
    assertThat(shard.ended(down)).isFalse();
    shard.ack(ONE, 0, shard.lastInvalidation());
    assertThat(shard.ended(down)).isTrue();
    assertThat(shard.reply(shard.fault(ONE, 1, 0, 1, Access.WRITE)).errno()).isEqualTo(Errno.EPERM);
    assertThat(shard.granted(ONE, 1, 0, 1, Access.READ).writable()).isFalse();
    int before = shard.broadcasts().size();
    shard.submit(
        new SpaceOperation.Protect(space, ShardFixture.BASE, 16 * 4096, Protection.READ_WRITE),
        WaitPolicy.BLOCK);
    assertThat(shard.broadcasts()).hasSize(before);
    assertThat(shard.granted(ONE, 1, 0, 1, Access.WRITE).writable()).isTrue();
  }

  @Test
  void movedPages_keepTheirFrames_andOldTranslationsAreStale() {
    long space = mirroredSpace(Protection.READ_WRITE);
    int generation = shard.granted(ONE, 1, 0, 4, Access.WRITE).generation();
    int frame = Pte.frame(entry(space, 0));
    long target = ShardFixture.BASE + 40 * 4096;
    long move =
        shard.submit(
            new SpaceOperation.Remap(space, ShardFixture.BASE, 16 * 4096, 16 * 4096, true, target),
            WaitPolicy.BLOCK);
    shard.ack(ONE, 0, shard.lastInvalidation());

    assertThat(shard.outcome(move))
        .isInstanceOfSatisfying(
            OperationOutcome.Done.class, done -> assertThat(done.value()).isEqualTo(target));
    assertThat(Pte.frame(entry(space, 40))).isEqualTo(frame);
    assertThat(shard.dma(ONE, space, 0, 0, generation, false)).isFalse();
    assertThat(shard.granted(ONE, 1, 40, 1, Access.READ).pageCount()).isEqualTo(1);
    assertThat(shard.reply(shard.fault(ONE, 1, 0, 1, Access.READ)).errno()).isEqualTo(Errno.EFAULT);
  }

  @Test
  void dontneed_dropsPagesAndKeepsTheMapping() {
    long space = mirroredSpace(Protection.READ_WRITE);
    shard.granted(ONE, 1, 0, 4, Access.WRITE);
    shard.submit(
        new SpaceOperation.Advise(space, ShardFixture.BASE, 4 * 4096, Advice.DONTNEED),
        WaitPolicy.BLOCK);
    shard.ack(ONE, 0, shard.lastInvalidation());

    assertThat(shard.frames.left()).isEqualTo(64);
    assertThat(shard.granted(ONE, 1, 0, 4, Access.READ).state()).isEqualTo(PageRun.State.ZERO);
  }

  @Test
  void shrinkInPlace_dropsTheTailOnly() {
    long space = mirroredSpace(Protection.READ_WRITE);
    shard.granted(ONE, 1, 0, 16, Access.WRITE);
    shard.submit(
        new SpaceOperation.Remap(space, ShardFixture.BASE, 16 * 4096, 4 * 4096, false, null),
        WaitPolicy.BLOCK);
    shard.ack(ONE, 0, shard.lastInvalidation());

    assertThat(shard.frames.left()).isEqualTo(60);
    assertThat(Pte.isPresent(entry(space, 3))).isTrue();
    assertThat(Pte.isNone(entry(space, 4))).isTrue();
  }

  @Test
  void heap_growsAndShrinks() {
    long space = mirroredSpace(Protection.READ_WRITE);
    long base = ShardFixture.BASE + 64 * 4096;
    shard.mirror(ONE, 2, space, 0, 64, 64);
    brk(space, base);
    brk(space, base + 8 * 4096);
    shard.granted(ONE, 2, 64, 8, Access.WRITE);
    long shrink = shard.submit(new SpaceOperation.Brk(space, base + 4096), WaitPolicy.BLOCK);
    shard.ack(ONE, 0, shard.lastInvalidation());

    assertThat(shard.outcome(shrink)).isInstanceOf(OperationOutcome.Done.class);
    assertThat(shard.frames.left()).isEqualTo(63);
    assertThat(brk(space, 0)).isEqualTo(base + 4096);
  }

  @Test
  void badArguments_areRefusedWithTheValueAndNothingChanges() {
    long space = mirroredSpace(Protection.READ_WRITE);

    refused(new SpaceOperation.Unmap(space, 5, 4096), Errno.EINVAL, "0x5");
    refused(new SpaceOperation.Unmap(space, 0, 0), Errno.EINVAL, "0");
    refused(new SpaceOperation.Unmap(space, 1L << 47, 4096), Errno.EINVAL, "800000000000");
    refused(new SpaceOperation.Unmap(999, 0, 4096), Errno.ENOENT, "999");
    refused(new SpaceOperation.Unmap(space, Long.MAX_VALUE - 4095, 1L << 40), Errno.EINVAL, "0x7f");
    refused(
        new SpaceOperation.Protect(space, ShardFixture.BASE + 14 * 4096, 4 * 4096, Protection.READ),
        Errno.ENOMEM,
        "");
    refused(
        new SpaceOperation.Advise(space, ShardFixture.BASE + 14 * 4096, 4 * 4096, Advice.DONTNEED),
        Errno.ENOMEM,
        "1000010000");
    refused(
        new SpaceOperation.Remap(space, ShardFixture.BASE, 4096, 4096, false, 0L),
        Errno.EINVAL,
        "may_move");
    assertThat(shard.broadcasts()).isEmpty();
  }

  private void refused(SpaceOperation operation, Errno errno, String value) {
    long request = shard.submit(operation, WaitPolicy.BLOCK);
    assertThat(shard.outcome(request))
        .isInstanceOfSatisfying(
            OperationOutcome.Refused.class,
            refused -> {
              assertThat(refused.errno()).as(operation.toString()).isEqualTo(errno);
              assertThat(refused.message()).contains(value);
            });
  }

  private long brk(long space, long end) {
    long request = shard.submit(new SpaceOperation.Brk(space, end), WaitPolicy.BLOCK);
    return ((OperationOutcome.Done) shard.outcome(request)).value();
  }

  private long entry(long space, long page) {
    return shard.engine.queries().space(space).memory().entry((ShardFixture.BASE >>> 12) + page);
  }
}
