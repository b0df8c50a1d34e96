package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.LargePages;
import dev.fenceline.host.engine.space.LargeTally;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.PteType;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.host.engine.space.SpaceOperation.Advice;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage.FaultReply;
import dev.fenceline.model.HostMessage.Invalidate;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import dev.fenceline.model.RangeAttributes;
import dev.fenceline.model.RangeAttributes.AtomicMode;
import dev.fenceline.model.RangeAttributes.Granularity;
import dev.fenceline.model.RangeAttributes.MigrationPolicy;
import dev.fenceline.model.WaitPolicy;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Pages of 2 MiB: made by faults and by collapse, split by whatever concerns a part of one. */
class LargePageTest {
  private static final int BLOCK = Pages.PER_BLOCK;
  private static final long PAGE = ShardFixture.PAGE;

  private final ShardFixture shard = new ShardFixture(8 * BLOCK);
  private final long space = shard.createSpace();
  private long lastFault = 10_000;

  LargePageTest() {
    shard.map(space, 0, 4 * BLOCK, Protection.READ_WRITE);
    shard.open(1, "a", 1);
    shard.mirror(1, 1, space, 0, 0, 4 * BLOCK);
  }

  private static long at(long page) {
    return ShardFixture.BASE + page * PAGE;
  }

  private LargePages large(long id) {
    return shard.engine.queries().space(id).memory().large();
  }

  private static LargeTally.Counts counts(ShardFixture fixture) {
    return fixture.engine.queries().frameCounts().large();
  }

  private boolean isLarge(long page) {
    return large(space).isLarge(Pages.number(at(page)));
  }

  private long entry(long page) {
    return shard.engine.queries().space(space).memory().entry(Pages.number(at(page)));
  }

  private OperationOutcome submitted(SpaceOperation operation) {
    long request = shard.submit(operation, WaitPolicy.BLOCK);
    drain();
    return shard.outcome(request);
  }

  private OperationOutcome advise(long page, long pages, Advice advice) {
    return submitted(new SpaceOperation.Advise(space, at(page), pages * PAGE, advice));
  }

  private void wantLarge() {
    assertThat(advise(0, 4 * BLOCK, Advice.HUGEPAGE)).isInstanceOf(OperationOutcome.Done.class);
  }

  /** Everybody drains at once. */
  private void drain() {
    for (ShardEffect.DropCpuEntries drop : shard.all(ShardEffect.DropCpuEntries.class)) {
      shard.input(new ShardInput.CpuDrained(drop.invalidationId()));
    }
    for (Invalidate told :
        shard.broadcasts().stream().map(ShardEffect.Broadcast::message).toList()) {
      told.invalidationIds().forEach(id -> shard.ack(1, 0, id));
    }
  }

  private long ask(long page, int pages, Access access) {
    long id = ++lastFault;
    shard.agent(1, new AgentMessage.FaultRequest(id, 1, at(page), pages, access, 0, true));
    return id;
  }

  private FaultReply fault(long page, int pages, Access access) {
    FaultReply reply = shard.reply(ask(page, pages, access));
    assertThat(reply.errno()).isNull();
    return reply;
  }

  private void touch(long page, int pages, Access access) {
    shard.input(new ShardInput.CpuFault(9, space, at(page), pages, access));
    drain();
  }

  @Test
  void firstWriteOfADevice_mapsTheWholeBlock_inOneRun() {
    wantLarge();

    FaultReply reply = fault(BLOCK + 77, 1, Access.WRITE);

    assertThat(reply.pagesBefore()).isEqualTo(77);
    assertThat(reply.runs())
        .containsExactly(
            new PageRun(
                BLOCK,
                reply.runs().getFirst().generation(),
                true,
                PageRun.State.PRESENT,
                0,
                null,
                9));
    assertThat(Pte.frame(entry(BLOCK)) % BLOCK).isZero();
    assertThat(shard.all(ShardEffect.ZeroFrames.class))
        .containsExactly(new ShardEffect.ZeroFrames(Pte.frame(entry(BLOCK)), BLOCK));
    assertThat(Pte.isNone(entry(0))).isTrue();
    assertThat(Pte.isNone(entry(2 * BLOCK))).isTrue();
  }

  @Test
  void withoutTheAdvice_pagesAreSmall() {
    FaultReply reply = fault(5, 1, Access.WRITE);

    assertThat(reply.pagesBefore()).isZero();
    assertThat(reply.runs().getFirst().pageCount()).isOne();
    assertThat(reply.runs().getFirst().order()).isZero();
    assertThat(Pte.isNone(entry(6))).isTrue();
  }

  @Test
  void whoDoesNotAskForMore_getsExactlyThePagesAskedFor() {
    wantLarge();

    PageRun run = shard.granted(1, 1, 5, 3, Access.WRITE);

    assertThat(run.pageCount()).isEqualTo(3);
    assertThat(run.order()).isEqualTo(9);
    assertThat(isLarge(511)).isTrue();
  }

  @Test
  void read_mapsTheZeroPageLarge_andAWriteGivesTheBlockAFrame() {
    wantLarge();
    int left = shard.frames.left();
    FaultReply read = fault(3, 1, Access.READ);
    assertThat(read.runs().getFirst().state()).isEqualTo(PageRun.State.ZERO);
    assertThat(read.runs().getFirst().order()).isEqualTo(9);
    assertThat(shard.frames.left()).isEqualTo(left);
    touch(9, 1, Access.READ);

    FaultReply written = fault(3, 1, Access.WRITE);

    assertThat(written.runs()).singleElement().matches(run -> run.writable() && run.order() == 9);
    assertThat(shard.frames.left()).isEqualTo(left - BLOCK);
    assertThat(shard.all(ShardEffect.DropCpuZeroEntries.class)).hasSize(1);
  }

  @Test
  void zeroPagesOfSeveralGenerations_stayWhatTheirHoldersWereTold() {
    fault(3, 1, Access.READ);
    fault(4, 1, Access.READ);
    submitted(new SpaceOperation.Invalidate(space, at(3), PAGE));
    fault(3, 1, Access.READ);
    long told = entry(3);
    assertThat(Pte.generation(told)).isNotEqualTo(Pte.generation(entry(4)));
    wantLarge();

    fault(10, 1, Access.READ);
    fault(11, 1, Access.WRITE);

    assertThat(entry(3)).isEqualTo(told);
  }

  @Test
  void cpu_mapsTheWholeBlockAsWell() {
    wantLarge();

    touch(20, 1, Access.WRITE);

    ShardEffect.CpuFaultEnded ended = shard.all(ShardEffect.CpuFaultEnded.class).getLast();
    assertThat(ended.entries()).hasSize(BLOCK);
    assertThat(ended.vpn()).isEqualTo(Pages.number(at(0)));
  }

  @Test
  void mappingThatEndsWithinTheBlock_hasSmallPagesThere() {
    submitted(new SpaceOperation.Unmap(space, at(BLOCK - 1), PAGE));
    wantLargeIn(0, BLOCK - 1);

    fault(0, 1, Access.WRITE);

    assertThat(Pte.isNone(entry(1))).isTrue();
    assertThat(isLarge(0)).isFalse();
  }

  private void wantLargeIn(long page, long pages) {
    assertThat(advise(page, pages, Advice.HUGEPAGE)).isInstanceOf(OperationOutcome.Done.class);
  }

  @Test
  void noLargeFrameFree_smallPagesDo_andItIsCounted() {
    ShardFixture tight = new ShardFixture(BLOCK + BLOCK / 2);
    long id = tight.createSpace();
    tight.map(id, 0, BLOCK, Protection.READ_WRITE);
    tight.submit(
        new SpaceOperation.Advise(id, at(0), BLOCK * PAGE, Advice.HUGEPAGE), WaitPolicy.BLOCK);
    tight.open(1, "a", 1);
    tight.mirror(1, 1, id, 0, 0, BLOCK);

    PageRun run = tight.granted(1, 1, 0, 4, Access.WRITE);

    assertThat(run.pageCount()).isEqualTo(4);
    assertThat(run.order()).isZero();
    assertThat(counts(tight).fellBack()).isPositive();
  }

  @Test
  void protectionOfTheWholeBlock_keepsItLarge_andAWriteUpgradesAllOfIt() {
    wantLarge();
    fault(0, 1, Access.WRITE);
    submitted(new SpaceOperation.Protect(space, at(0), BLOCK * PAGE, Protection.READ));
    assertThat(isLarge(0)).isTrue();
    FaultReply read = fault(100, 1, Access.READ);
    assertThat(read.runs()).singleElement().matches(run -> !run.writable() && run.order() == 9);

    submitted(new SpaceOperation.Protect(space, at(0), BLOCK * PAGE, Protection.READ_WRITE));
    FaultReply written = fault(100, 1, Access.WRITE);

    assertThat(written.runs()).singleElement().matches(run -> run.writable() && run.order() == 9);
    assertThat(counts(shard).split()).isZero();
  }

  @Test
  void protectionOfAPart_splits() {
    wantLarge();
    fault(0, 1, Access.WRITE);

    submitted(new SpaceOperation.Protect(space, at(8), PAGE, Protection.READ));

    assertThat(isLarge(0)).isFalse();
    assertThat(counts(shard)).isEqualTo(new LargeTally.Counts(0, 1, 0, 0, 1));
    assertThat(fault(0, 1, Access.READ).runs().getFirst().order()).isZero();
  }

  @Test
  void unmapOfAPart_splits_andTheRestStays() {
    wantLarge();
    fault(0, 1, Access.WRITE);
    int left = shard.frames.left();

    submitted(new SpaceOperation.Unmap(space, at(0), BLOCK / 2 * PAGE));

    assertThat(shard.frames.left()).isEqualTo(left + BLOCK / 2);
    assertThat(isLarge(BLOCK - 1)).isFalse();
    assertThat(Pte.isPresent(entry(BLOCK - 1))).isTrue();
  }

  @Test
  void unmapOfAll_isNoSplit_andGivesTheFrameBackWhole() {
    wantLarge();
    fault(0, 1, Access.WRITE);

    submitted(new SpaceOperation.Unmap(space, at(0), BLOCK * PAGE));

    assertThat(counts(shard)).isEqualTo(new LargeTally.Counts(0, 1, 0, 0, 0));
    assertThat(shard.all(ShardEffect.FreeFrames.class).getLast().frames()).hasSize(BLOCK);
  }

  @Test
  void alignedMove_staysLarge_anotherOneDoesNot() {
    wantLarge();
    fault(0, 1, Access.WRITE);
    fault(BLOCK, 1, Access.WRITE);

    submitted(
        new SpaceOperation.Remap(space, at(0), BLOCK * PAGE, BLOCK * PAGE, true, at(8 * BLOCK)));
    submitted(
        new SpaceOperation.Remap(
            space, at(BLOCK), BLOCK * PAGE, BLOCK * PAGE, true, at(10 * BLOCK + 1)));

    assertThat(isLarge(8 * BLOCK)).isTrue();
    assertThat(isLarge(10 * BLOCK + 1)).isFalse();
    assertThat(Pte.isPresent(entry(10 * BLOCK + 1))).isTrue();
  }

  @Test
  void moveOfAPart_leavesTheRestOfTheTargetsBlockAlone() {
    wantLarge();
    fault(0, 1, Access.WRITE);
    shard.map(space, 8 * BLOCK + BLOCK / 2, BLOCK / 2, Protection.READ_WRITE);
    touch(9 * BLOCK - 1, 1, Access.WRITE);
    int generation = Pte.generation(entry(9 * BLOCK - 1));
    long half = BLOCK / 2 * PAGE;

    submitted(new SpaceOperation.Remap(space, at(0), half, half, true, at(8 * BLOCK)));

    assertThat(Pte.isPresent(entry(8 * BLOCK))).isTrue();
    assertThat(Pte.generation(entry(9 * BLOCK - 1))).isEqualTo(generation);
  }

  @Test
  void fork_sharesTheLargePage_andAWriteSplitsTheWritersOnly() {
    wantLarge();
    fault(0, 1, Access.WRITE);
    long child =
        ((OperationOutcome.Done) submitted(new SpaceOperation.Fork(space, "child"))).value();
    assertThat(large(child).isLarge(Pages.number(at(0)))).isTrue();
    assertThat(isLarge(0)).isTrue();

    shard.input(new ShardInput.CpuFault(9, child, at(3), 1, Access.WRITE));
    drain();

    assertThat(large(child).isLarge(Pages.number(at(0)))).isFalse();
    assertThat(isLarge(0)).isTrue();
  }

  @Test
  void operationOverAPartOfTheBlock_nobodyIsToldOfThatPart() {
    wantLarge();
    fault(0, 1, Access.WRITE);
    shard.manualPhases();
    shard.submit(new SpaceOperation.Unmap(space, at(500), PAGE), WaitPolicy.BLOCK);

    FaultReply reply = fault(3, 1, Access.READ);

    assertThat(reply.pagesBefore()).isEqualTo(3);
    assertThat(reply.runs().stream().mapToInt(PageRun::pageCount).sum()).isEqualTo(500);
  }

  @Test
  void operationOverAnUntouchedPartOfTheBlock_thePageIsSmall() {
    wantLarge();
    shard.manualPhases();
    shard.submit(new SpaceOperation.Unmap(space, at(500), PAGE), WaitPolicy.BLOCK);

    fault(3, 1, Access.WRITE);

    assertThat(Pte.isNone(entry(4))).isTrue();
  }

  @Test
  void invalidationOfTheWholeBlock_backedOff_leavesItLarge() {
    wantLarge();
    fault(0, 1, Access.WRITE);
    touch(0, 1, Access.READ);
    int generation = Pte.generation(entry(0));

    shard.invalidate(space, 0, BLOCK, WaitPolicy.TRY);

    assertThat(Pte.generation(entry(0))).isNotEqualTo(generation);
    assertThat(isLarge(0)).isTrue();
  }

  @Test
  void collapse_bringsScatteredPagesTogether_behindTheirInvalidation() {
    for (int page : new int[] {9, 3, 500}) {
      fault(page, 1, Access.WRITE);
    }
    int left = shard.frames.left();
    int frame = Pte.frame(entry(9));

    OperationOutcome outcome = advise(0, BLOCK, Advice.COLLAPSE);

    assertThat(outcome).isInstanceOf(OperationOutcome.Done.class);
    assertThat(isLarge(0)).isTrue();
    assertThat(shard.all(ShardEffect.CopyFrame.class))
        .contains(new ShardEffect.CopyFrame(frame, Pte.frame(entry(9))));
    assertThat(shard.frames.left()).isEqualTo(left + 3 - BLOCK);
    assertThat(shard.broadcasts()).hasSize(1);
    assertThat(fault(0, 1, Access.WRITE).runs()).singleElement().matches(run -> run.order() == 9);
  }

  @Test
  void collapse_ofWhatIsLarge_disturbsNobody() {
    wantLarge();
    fault(0, 1, Access.WRITE);

    assertThat(advise(0, BLOCK, Advice.COLLAPSE)).isInstanceOf(OperationOutcome.Done.class);

    assertThat(shard.broadcasts()).isEmpty();
  }

  @Test
  void collapse_ofPinnedPages_isBusy_andEverythingIsAsBefore() {
    fault(3, 1, Access.WRITE);
    submitted(
        new SpaceOperation.Pin(
            space, at(3), PAGE, true, new SpaceOperation.PinPurpose("o", "r", true)));
    int frame = Pte.frame(entry(3));

    OperationOutcome outcome = advise(0, BLOCK, Advice.COLLAPSE);

    assertThat(((OperationOutcome.Refused) outcome).errno()).isEqualTo(Errno.EBUSY);
    assertThat(Pte.isPresent(entry(3))).isTrue();
    assertThat(Pte.frame(entry(3))).isEqualTo(frame);
  }

  @Test
  void collapse_overTwoMappings_isRefused() {
    fault(3, 1, Access.WRITE);
    submitted(new SpaceOperation.Protect(space, at(8), PAGE, Protection.READ));

    OperationOutcome outcome = advise(0, BLOCK, Advice.COLLAPSE);

    assertThat(((OperationOutcome.Refused) outcome).errno()).isEqualTo(Errno.EINVAL);
  }

  @Test
  void granuleOf64KiB_isFaultedAndToldOfAsAWhole() {
    submitted(
        new SpaceOperation.SetAttributes(
            space,
            at(0),
            BLOCK * PAGE,
            new RangeAttributes(
                null,
                List.<DeviceId>of(),
                false,
                Granularity.PAGE_64K,
                MigrationPolicy.ALLOWED,
                AtomicMode.UNSPECIFIED)));

    FaultReply reply = fault(37, 1, Access.WRITE);

    assertThat(reply.pagesBefore()).isEqualTo(5);
    assertThat(reply.runs().stream().mapToInt(PageRun::pageCount).sum()).isEqualTo(16);
    assertThat(Pte.isNone(entry(31))).isTrue();
    assertThat(Pte.isNone(entry(48))).isTrue();
  }

  @Test
  void granuleOf4KiB_tellsOfAPageAlone_thoughItIsLarge() {
    wantLarge();
    submitted(
        new SpaceOperation.SetAttributes(
            space,
            at(0),
            BLOCK * PAGE,
            new RangeAttributes(
                null,
                List.<DeviceId>of(),
                false,
                Granularity.PAGE_4K,
                MigrationPolicy.ALLOWED,
                AtomicMode.UNSPECIFIED)));

    FaultReply reply = fault(37, 1, Access.WRITE);

    assertThat(reply.runs()).singleElement().matches(r -> r.pageCount() == 1 && r.order() == 0);
    assertThat(isLarge(37)).isTrue();
  }

  @Test
  void migration_thereAndBack_keepsItLarge() {
    FakeMemory memory = new FakeMemory(shard, "m", 2 * BLOCK, "");
    memory.attach(2);
    wantLarge();
    fault(0, 1, Access.WRITE);
    int left = shard.frames.left();

    long request =
        shard.submit(
            new SpaceOperation.MigrateToDevice(
                space, at(0), BLOCK * PAGE, new DeviceId("m", 0), null),
            WaitPolicy.BLOCK);
    drain();
    memory.reportIn();

    assertThat(shard.outcome(request)).isInstanceOf(OperationOutcome.Done.class);
    assertThat(Pte.type(entry(0))).isEqualTo(PteType.DEVICE_PRIVATE);
    assertThat(isLarge(0)).isTrue();
    assertThat(shard.frames.left()).isEqualTo(left + BLOCK);

    touch(44, 1, Access.READ);
    assertThat(memory.lastOut().runs().getFirst().pageCount()).isEqualTo(BLOCK);
    memory.reportOut();

    assertThat(isLarge(0)).isTrue();
    assertThat(Pte.frame(entry(0)) % BLOCK).isZero();
    assertThat(shard.frames.left()).isEqualTo(left);
  }
}
