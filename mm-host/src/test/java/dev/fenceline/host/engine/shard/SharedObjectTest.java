package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.host.engine.space.SpaceOperation.Advice;
import dev.fenceline.host.engine.space.SpaceOperation.Placement;
import dev.fenceline.host.engine.space.SpaceOperation.Region;
import dev.fenceline.model.Access;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What mappings of one object show is the same memory, wherever they are. */
class SharedObjectTest {
  private static final long VPN = Pages.number(ShardFixture.BASE);
  private static final int PAGE = 4096;

  private final ShardFixture shard = new ShardFixture(8);
  private final long parent = shard.createSpace();

  private void map(long space, long page, int pages, Region region) {
    done(
        new SpaceOperation.Map(
            space, ShardFixture.BASE + page * PAGE, (long) pages * PAGE, Placement.FIXED, region));
  }

  private static Region shared(String name, long firstPage) {
    return new Region(Protection.READ_WRITE, true, name, firstPage * PAGE);
  }

  private static Region privately(String name) {
    return new Region(Protection.READ_WRITE, false, name, 0);
  }

  private long done(SpaceOperation operation) {
    long request = shard.submit(operation, WaitPolicy.BLOCK);
    return ((OperationOutcome.Done) shard.outcome(request)).value();
  }

  /** A device that mirrors so many pages of the space, as its session and mirror. */
  private void device(int id, long space, int pages) {
    shard.open(id, "agent-" + id, 1);
    shard.mirror(id, 1, space, 0, 0, pages);
  }

  private int frame(long space, long page) {
    return Pte.frame(entry(space, page));
  }

  private long entry(long space, long page) {
    return shard.engine.queries().space(space).memory().entry(VPN + page);
  }

  private Errno fault(int device, long page, Access access) {
    return shard.reply(shard.fault(device, 1, page, 1, access)).errno();
  }

  private List<ShardEffect> ofFiles() {
    return shard.effects.stream()
        .filter(
            effect ->
                effect instanceof ShardEffect.ReadFile || effect instanceof ShardEffect.WriteFile)
        .toList();
  }

  @Test
  void anonymousShared_isInheritedByFork_andNeverCopied() {
    map(parent, 0, 2, shared("", 0));
    device(1, parent, 2);
    assertThat(fault(1, 0, Access.WRITE)).isNull();
    long child = done(new SpaceOperation.Fork(parent, "child"));
    device(2, child, 2);
    assertThat(fault(2, 0, Access.WRITE)).isNull();
    assertThat(fault(2, 1, Access.WRITE)).isNull();
    assertThat(fault(1, 1, Access.READ)).isNull();
    assertThat(frame(child, 0)).isEqualTo(frame(parent, 0));
    assertThat(frame(child, 1)).isEqualTo(frame(parent, 1));
    assertThat(Pte.writable(entry(parent, 0))).isTrue();
    assertThat(shard.frames.left()).isEqualTo(6);
  }

  @Test
  void namedObject_isFoundByTheFamily_atAnyOffset_andByNobodyElse() {
    long child = done(new SpaceOperation.Fork(parent, "child"));
    long stranger = shard.createSpace();
    map(parent, 0, 2, shared("segment", 0));
    map(child, 0, 1, shared("segment", 1));
    map(stranger, 0, 2, shared("segment", 0));
    device(1, parent, 2);
    device(2, child, 1);
    device(3, stranger, 2);
    assertThat(fault(1, 1, Access.WRITE)).isNull();
    assertThat(fault(2, 0, Access.READ)).isNull();
    assertThat(fault(3, 1, Access.READ)).isNull();
    assertThat(frame(child, 0)).isEqualTo(frame(parent, 1));
    assertThat(frame(stranger, 1)).isNotEqualTo(frame(parent, 1));
  }

  @Test
  void discardedSharedPages_comeBackFromTheObject() {
    map(parent, 0, 1, shared("", 0));
    device(1, parent, 1);
    assertThat(fault(1, 0, Access.WRITE)).isNull();
    int frame = frame(parent, 0);
    long advise =
        shard.submit(
            new SpaceOperation.Advise(parent, ShardFixture.BASE, PAGE, Advice.DONTNEED),
            WaitPolicy.BLOCK);
    shard.ack(1, 0, shard.lastInvalidation());
    assertThat(shard.outcome(advise)).isInstanceOf(OperationOutcome.Done.class);
    assertThat(fault(1, 0, Access.READ)).isNull();
    assertThat(frame(parent, 0)).isEqualTo(frame);
  }

  @Test
  void objectGoes_withItsLastMapping() {
    map(parent, 0, 1, shared("segment", 0));
    long child = done(new SpaceOperation.Fork(parent, "child"));
    device(1, child, 1);
    assertThat(fault(1, 0, Access.WRITE)).isNull();
    done(new SpaceOperation.Unmap(parent, ShardFixture.BASE, PAGE));
    assertThat(shard.frames.left()).isEqualTo(7);
    long last =
        shard.submit(new SpaceOperation.Unmap(child, ShardFixture.BASE, PAGE), WaitPolicy.BLOCK);
    shard.ack(1, 0, shard.lastInvalidation());
    assertThat(shard.outcome(last)).isInstanceOf(OperationOutcome.Done.class);
    assertThat(shard.frames.left()).isEqualTo(8);
    assertThat(shard.engine.queries().objects()).isEmpty();
  }

  @Test
  void replacingTheLastMappingOfAnObject_keepsItsBytes() {
    map(parent, 0, 1, shared("segment", 0));
    device(1, parent, 1);
    assertThat(fault(1, 0, Access.WRITE)).isNull();
    int frame = frame(parent, 0);
    long again =
        shard.submit(
            new SpaceOperation.Map(
                parent, ShardFixture.BASE, PAGE, Placement.FIXED, shared("segment", 0)),
            WaitPolicy.BLOCK);
    shard.ack(1, 0, shard.lastInvalidation());
    assertThat(shard.outcome(again)).isInstanceOf(OperationOutcome.Done.class);
    assertThat(fault(1, 0, Access.READ)).isNull();
    assertThat(frame(parent, 0)).isEqualTo(frame);
  }

  @Test
  void privateFile_isReadFromTheCache_andCopiedWhenWritten() {
    map(parent, 0, 1, privately("file:data"));
    device(1, parent, 1);
    assertThat(fault(1, 0, Access.READ)).isNull();
    int cached = frame(parent, 0);
    assertThat(Pte.writable(entry(parent, 0))).isFalse();
    long write = shard.fault(1, 1, 0, 1, Access.WRITE);
    shard.ack(1, 0, shard.lastInvalidation());
    assertThat(shard.reply(write).errno()).isNull();
    assertThat(frame(parent, 0)).isNotEqualTo(cached);
    assertThat(shard.effects).contains(new ShardEffect.CopyFrame(cached, frame(parent, 0)));
    assertThat(ofFiles()).containsExactly(new ShardEffect.ReadFile("data", 0, cached));
  }

  @Test
  void sharedFile_isWrittenBackWhenAskedAndWhenUnmapped_onlyWhatWasWritten() {
    map(parent, 0, 2, shared("file:data", 3));
    device(1, parent, 2);
    assertThat(fault(1, 0, Access.READ)).isNull();
    assertThat(fault(1, 1, Access.WRITE)).isNull();
    int written = frame(parent, 1);
    done(new SpaceOperation.Sync(parent, ShardFixture.BASE, 2 * PAGE));
    assertThat(ofFiles()).last().isEqualTo(new ShardEffect.WriteFile(written, "data", 4));
    long unmap =
        shard.submit(
            new SpaceOperation.Unmap(parent, ShardFixture.BASE, 2 * PAGE), WaitPolicy.BLOCK);
    assertThat(ofFiles()).hasSize(3);
    shard.ack(1, 0, shard.lastInvalidation());
    assertThat(shard.outcome(unmap)).isInstanceOf(OperationOutcome.Done.class);
    assertThat(ofFiles()).hasSize(4);
    assertThat(shard.frames.left()).isEqualTo(8);
  }

  @Test
  void copyThatWaitedBehindANewSharedMapping_copiesNothing() {
    map(parent, 0, 1, shared("", 0));
    device(1, parent, 1);
    assertThat(fault(1, 0, Access.WRITE)).isNull();
    int frame = frame(parent, 0);
    // Asked for when the page was private, and carried out now.
    shard.submit(new SpaceOperation.BreakCow(parent, VPN), WaitPolicy.BLOCK);
    shard.ack(1, 0, shard.lastInvalidation());
    assertThat(frame(parent, 0)).isEqualTo(frame);
    assertThat(Pte.writable(entry(parent, 0))).isTrue();
  }

  @Test
  void adviceAboutForks_isKept() {
    map(parent, 0, 1, privately(""));
    map(parent, 1, 1, privately(""));
    device(1, parent, 2);
    assertThat(fault(1, 0, Access.WRITE)).isNull();
    assertThat(fault(1, 1, Access.WRITE)).isNull();
    done(new SpaceOperation.Advise(parent, ShardFixture.BASE, PAGE, Advice.DONTFORK));
    done(new SpaceOperation.Advise(parent, ShardFixture.BASE + PAGE, PAGE, Advice.WIPEONFORK));
    long fork = shard.submit(new SpaceOperation.Fork(parent, "child"), WaitPolicy.BLOCK);
    shard.ack(1, 0, shard.lastInvalidation());
    long child = ((OperationOutcome.Done) shard.outcome(fork)).value();
    device(2, child, 2);
    assertThat(fault(2, 0, Access.READ)).isEqualTo(Errno.EFAULT);
    assertThat(fault(2, 1, Access.READ)).isNull();
    assertThat(Pte.isZero(entry(child, 1))).isTrue();
  }

  @Test
  void sync_overAHole_isRefused() {
    map(parent, 0, 1, shared("file:data", 0));
    long sync =
        shard.submit(
            new SpaceOperation.Sync(parent, ShardFixture.BASE, 2 * PAGE), WaitPolicy.BLOCK);
    assertThat(shard.outcome(sync))
        .isInstanceOfSatisfying(
            OperationOutcome.Refused.class,
            refused -> assertThat(refused.errno()).isEqualTo(Errno.ENOMEM));
  }
}
