package dev.fenceline.host.engine.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.fenceline.host.engine.space.MapOperation.Advise;
import dev.fenceline.host.engine.space.MapOperation.MapAnywhere;
import dev.fenceline.host.engine.space.MapOperation.MapFixed;
import dev.fenceline.host.engine.space.MapOperation.MapFixedNoReplace;
import dev.fenceline.host.engine.space.MapOperation.Protect;
import dev.fenceline.host.engine.space.MapOperation.Remap;
import dev.fenceline.host.engine.space.MapOperation.RemapPlacement;
import dev.fenceline.host.engine.space.MapOperation.SetBreak;
import dev.fenceline.host.engine.space.MapOperation.Unmap;
import dev.fenceline.host.engine.space.MapOutcome.Done;
import dev.fenceline.host.engine.space.MapOutcome.PageMove;
import dev.fenceline.host.engine.space.MapOutcome.Refused;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import dev.fenceline.model.VirtualRange;
import java.util.List;
import org.junit.jupiter.api.Test;

class MappingTreeTest {
  private static final MappingAttributes WRITABLE =
      MappingAttributes.anonymous(Protection.READ_WRITE);
  private static final MappingAttributes READABLE = MappingAttributes.anonymous(Protection.READ);
  private static final MappingAttributes LIBRARY =
      MappingAttributes.file("lib.so", Protection.READ, false);
  private static final long BASE = MappingLimits.DEFAULT.mmapBase();

  private final MappingTree tree = new MappingTree(MappingLimits.DEFAULT);

  @Test
  void fixedMapping_replacesTheMiddleOfAnother() {
    done(new MapFixed(pages(100, 110), WRITABLE, 0));
    Done done = done(new MapFixed(pages(103, 105), READABLE, 0));
    assertThat(done.unmapped()).containsExactly(new Mapping(pages(103, 105), WRITABLE, 0));
    assertThat(ranges()).containsExactly(pages(100, 103), pages(103, 105), pages(105, 110));
    assertThat(tree.totalPages()).isEqualTo(10);
  }

  @Test
  void fixedNoReplace_isRefusedByTheNameOfWhatIsThere() {
    done(new MapFixed(pages(100, 110), WRITABLE, 0));
    assertThat(tree.apply(new MapFixedNoReplace(pages(109, 112), READABLE, 0)))
        .isEqualTo(new Refused(Errno.EEXIST, "[0x6d000, 0x70000) overlaps [0x64000, 0x6e000)"));
    assertThat(ranges()).containsExactly(pages(100, 110));
    done(new MapFixedNoReplace(pages(110, 112), READABLE, 0));
  }

  @Test
  void neighboursAlike_areOneMapping() {
    done(new MapFixed(pages(100, 110), WRITABLE, 0));
    done(new MapFixed(pages(120, 130), WRITABLE, 0));
    done(new MapFixed(pages(110, 120), WRITABLE, 0));
    assertThat(ranges()).containsExactly(pages(100, 130));
  }

  @Test
  void filePages_mergeOnlyIfTheOffsetsContinue() {
    done(new MapFixed(pages(100, 110), LIBRARY, 0));
    done(new MapFixed(pages(110, 115), LIBRARY, 10));
    done(new MapFixed(pages(115, 120), LIBRARY, 0));
    assertThat(ranges()).containsExactly(pages(100, 115), pages(115, 120));
  }

  @Test
  void sharedAnonymousObjects_stayApart() {
    MappingAttributes shared =
        new MappingAttributes(Protection.READ_WRITE, MappingKind.ANONYMOUS, true, "", 0);
    done(new MapFixed(pages(100, 110), shared, 0));
    done(new MapFixed(pages(110, 120), shared, 0));
    assertThat(tree.size()).isEqualTo(2);
  }

  @Test
  void unmappedMiddleOfFile_keepsTheOffsetsOfTheRest() {
    done(new MapFixed(pages(100, 110), LIBRARY, 7));
    done(new Unmap(pages(90, 104)));
    assertThat(tree.mappingsIn(0, Pages.ADDRESS_LIMIT))
        .containsExactly(new Mapping(pages(104, 110), LIBRARY, 11));
    assertThat(done(new Unmap(pages(200, 300))).unmapped()).isEmpty();
  }

  @Test
  void mappingAnywhere_goesTopDownBelowTheBase() {
    assertThat(anywhere(4, 0)).isEqualTo(BASE - 4 * 4096);
    assertThat(anywhere(2, 0)).isEqualTo(BASE - 6 * 4096);
    done(new Unmap(new VirtualRange(BASE - 3 * 4096, BASE - 2 * 4096)));
    assertThat(anywhere(1, 0)).isEqualTo(BASE - 3 * 4096);
  }

  @Test
  void freeHint_isHonouredAndTakenHintIsNot() {
    assertThat(anywhere(4, 0x5000_0123)).isEqualTo(0x5000_0000);
    assertThat(anywhere(4, 0x5000_0000)).isEqualTo(BASE - 4 * 4096);
    assertThat(anywhere(1, 0x2000)).isEqualTo(MappingLimits.MIN_ADDRESS);
    assertThat(anywhere(1, Pages.ADDRESS_LIMIT)).isEqualTo(BASE - 5 * 4096);
    assertThat(anywhere(1, -4096)).isEqualTo(BASE - 6 * 4096);
  }

  @Test
  void roomBelowStack_isKeptAsGuard() {
    long stack = BASE - 4096;
    VirtualRange top = new VirtualRange(stack, BASE);
    done(new MapFixed(top, WRITABLE.withKind(MappingKind.STACK), 0));
    assertThat(anywhere(1, stack - 4096)).isEqualTo(stack - MappingLimits.STACK_GUARD_BYTES - 4096);
    done(new MapFixed(new VirtualRange(stack - 4096, stack), READABLE, 0));
  }

  @Test
  void fullLowerSpace_isContinuedFromTheBottomUpBase() {
    done(new MapFixed(new VirtualRange(MappingLimits.MIN_ADDRESS, BASE), LIBRARY, 0));
    assertThat(anywhere(1, 0)).isEqualTo(BASE);
    assertThat(tree.plan(new MapAnywhere(1L << 46, 0, WRITABLE, 0)))
        .isEqualTo(new Refused(Errno.ENOMEM, "no free room of 70368744177664 bytes"));
  }

  @Test
  void lengthThatIsNoNumberOfPages_isNamed() {
    for (long length : new long[] {0, -4096, 4097}) {
      assertThat(tree.plan(new MapAnywhere(length, 0, WRITABLE, 0)))
          .isEqualTo(new Refused(Errno.EINVAL, "length " + length + " is not a number of pages"));
    }
    assertThat(tree.plan(new MapAnywhere(Long.MAX_VALUE - 4095, 0, WRITABLE, 0)))
        .isInstanceOfSatisfying(
            Refused.class, refused -> assertThat(refused.errno()).isEqualTo(Errno.ENOMEM));
  }

  @Test
  void backingOffset_mustFitTheRange() {
    assertRefused(new MapFixed(pages(16, 17), LIBRARY, -1), Errno.EINVAL, "-1 pages");
    assertRefused(
        new MapFixed(pages(16, 18), LIBRARY, Long.MAX_VALUE >>> 12), Errno.EINVAL, "offset");
    done(new MapFixed(pages(16, 17), WRITABLE, 77));
    assertThat(ranges()).containsExactly(pages(16, 17));
  }

  @Test
  void protectionOverHole_changesNothingAtAll() {
    done(new MapFixed(pages(100, 110), WRITABLE, 0));
    done(new MapFixed(pages(111, 120), WRITABLE, 0));
    assertThat(tree.apply(new Protect(pages(105, 115), Protection.READ)))
        .isEqualTo(new Refused(Errno.ENOMEM, "0x6e000 in [0x69000, 0x73000) is not mapped"));
    assertThat(ranges()).containsExactly(pages(100, 110), pages(111, 120));
  }

  @Test
  void protection_splitsAndMergesBack() {
    done(new MapFixed(pages(100, 110), WRITABLE, 0));
    Done done = done(new Protect(pages(102, 104), Protection.READ));
    assertThat(done.altered()).containsExactly(new Mapping(pages(102, 104), WRITABLE, 0));
    assertThat(tree.size()).isEqualTo(3);
    assertThat(done(new Protect(pages(102, 104), Protection.READ)).altered()).isEmpty();
    done(new Protect(pages(100, 110), Protection.READ_WRITE));
    assertThat(ranges()).containsExactly(pages(100, 110));
  }

  @Test
  void dontForkPages_areMissingInTheChildOnly() {
    done(new MapFixed(pages(100, 110), WRITABLE, 0));
    done(new Advise(pages(105, 110), 0, MappingAdvice.DONT_FORK.flag()));
    assertThat(tree.fork().totalPages()).isEqualTo(5);
    assertThat(tree.totalPages()).isEqualTo(10);
  }

  @Test
  void fork_isIndependentOfItsParent() {
    done(new MapFixed(pages(100, 110), WRITABLE, 0));
    MappingTree child = tree.fork();
    child.apply(new Unmap(pages(100, 105)));
    assertThat(tree.totalPages()).isEqualTo(10);
    assertThat(child.totalPages()).isEqualTo(5);
  }

  @Test
  void shrinkingRemap_unmapsTheTail() {
    done(new MapFixed(pages(100, 110), WRITABLE, 0));
    Done done = done(new Remap(pages(100, 110), 3 * 4096, new RemapPlacement.InPlace()));
    assertThat(done.address()).isEqualTo(100 * 4096);
    assertThat(done.unmapped()).containsExactly(new Mapping(pages(103, 110), WRITABLE, 0));
    assertThat(done.moved()).isNull();
    assertThat(ranges()).containsExactly(pages(100, 103));
  }

  @Test
  void growingRemap_staysIfThereIsRoom() {
    done(new MapFixed(pages(100, 110), LIBRARY, 0));
    done(new Remap(pages(105, 110), 9 * 4096, new RemapPlacement.MayMove()));
    assertThat(ranges()).containsExactly(pages(100, 114));
  }

  @Test
  void growingRemapWithoutRoom_needsLeaveToMove() {
    done(new MapFixed(pages(100, 110), LIBRARY, 5));
    done(new MapFixed(pages(110, 111), READABLE, 0));
    assertRefused(
        new Remap(pages(108, 110), 3 * 4096, new RemapPlacement.InPlace()),
        Errno.ENOMEM,
        "[0x6c000, 0x6e000) cannot grow to 12288 bytes");
    Done done = done(new Remap(pages(108, 110), 3 * 4096, new RemapPlacement.MayMove()));
    assertThat(done.address()).isEqualTo(BASE - 3 * 4096);
    assertThat(done.moved()).isEqualTo(new PageMove(pages(108, 110), BASE - 3 * 4096));
    assertThat(done.unmapped()).isEmpty();
    assertThat(tree.mapping(BASE - 1))
        .isEqualTo(new Mapping(new VirtualRange(BASE - 3 * 4096, BASE), LIBRARY, 13));
    assertThat(tree.isFree(108 * 4096, 110 * 4096)).isTrue();
  }

  @Test
  void fixedRemap_unmapsTargetAndTail() {
    done(new MapFixed(pages(100, 110), WRITABLE, 0));
    done(new MapFixed(pages(200, 210), READABLE, 0));
    Done done = done(new Remap(pages(100, 110), 4 * 4096, new RemapPlacement.Fixed(203 * 4096)));
    assertThat(done.unmapped())
        .containsExactly(
            new Mapping(pages(203, 207), READABLE, 0), new Mapping(pages(104, 110), WRITABLE, 0));
    assertThat(done.moved()).isEqualTo(new PageMove(pages(100, 104), 203 * 4096));
    assertThat(ranges()).containsExactly(pages(200, 203), pages(203, 207), pages(207, 210));
  }

  @Test
  void wrongRemaps_areRefusedOneByOne() {
    done(new MapFixed(pages(100, 110), WRITABLE, 0));
    done(new MapFixed(pages(110, 120), READABLE, 0));
    RemapPlacement mayMove = new RemapPlacement.MayMove();
    assertRefused(new Remap(pages(99, 105), 4096, mayMove), Errno.EFAULT, "0x63000 is not mapped");
    assertRefused(new Remap(pages(105, 115), 4096, mayMove), Errno.EFAULT, "not inside one");
    assertRefused(new Remap(pages(100, 110), 0, mayMove), Errno.EINVAL, "new length 0");
    assertRefused(new Remap(pages(100, 110), 5000, mayMove), Errno.EINVAL, "5000");
    assertRefused(
        new Remap(pages(100, 110), 8192, new RemapPlacement.Fixed(109 * 4096)),
        Errno.EINVAL,
        "[0x6d000, 0x6f000) overlaps the old one");
    assertRefused(
        new Remap(pages(100, 110), 8192, new RemapPlacement.Fixed(4097)), Errno.EINVAL, "0x1001");
    assertRefused(
        new Remap(pages(100, 110), 8192, new RemapPlacement.Fixed(Pages.ADDRESS_LIMIT - 4096)),
        Errno.EINVAL,
        "2^47");
    assertRefused(new Remap(pages(100, 110), 1L << 60, mayMove), Errno.ENOMEM, "no free room");
    assertThat(ranges()).containsExactly(pages(100, 110), pages(110, 120));
  }

  @Test
  void brk_growsAndShrinksByTheByte() {
    assertThat(done(new SetBreak(0)).address()).isZero();
    assertThat(done(new SetBreak(0x40_0000)).address()).isEqualTo(0x40_0000);
    assertThat(tree.size()).isZero();
    assertThat(done(new SetBreak(0x40_0001)).address()).isEqualTo(0x40_0001);
    assertThat(tree.totalPages()).isOne();
    done(new SetBreak(0x40_5000));
    assertThat(ranges()).containsExactly(new VirtualRange(0x40_0000, 0x40_5000));
    Done done = done(new SetBreak(0x40_1800));
    assertThat(done.unmapped())
        .extracting(Mapping::range)
        .containsExactly(new VirtualRange(0x40_2000, 0x40_5000));
    assertThat(done(new SetBreak(0)).address()).isEqualTo(0x40_1800);
    done(new SetBreak(0x40_0000));
    assertThat(tree.size()).isZero();
  }

  @Test
  void brkThatRunsIntoSomething_isRefused() {
    done(new SetBreak(0x40_0000));
    done(new MapFixed(new VirtualRange(0x40_4000, 0x40_5000), WRITABLE, 0));
    assertRefused(new SetBreak(0x40_3001), Errno.ENOMEM, "0x403001 runs into");
    done(new SetBreak(0x40_3000));
    assertRefused(new SetBreak(0x3f_ffff), Errno.ENOMEM, "0x3fffff is below 0x400000");
    assertRefused(new SetBreak(-1), Errno.ENOMEM, "not in [0, 2^47]");
    assertThat(done(new SetBreak(0)).address()).isEqualTo(0x40_3000);
  }

  @Test
  void mappingBeyondTheLimit_isRefusedAndMergingOneIsNot() {
    MappingTree small = new MappingTree(new MappingLimits(BASE, 2));
    small.apply(new MapFixed(pages(100, 110), WRITABLE, 0));
    small.apply(new MapFixed(pages(120, 130), WRITABLE, 0));
    assertThat(small.apply(new MapFixed(pages(140, 150), WRITABLE, 0)))
        .isEqualTo(new Refused(Errno.ENOMEM, "3 mappings, at most 2"));
    assertThat(small.apply(new Unmap(pages(103, 105))))
        .isEqualTo(new Refused(Errno.ENOMEM, "3 mappings, at most 2"));
    assertThat(small.apply(new MapFixed(pages(110, 120), WRITABLE, 0))).isInstanceOf(Done.class);
    assertThat(small.size()).isOne();
  }

  @Test
  void allMappingsOfLinux_areReachedAndSearched() {
    for (int i = 0; i < 65_530; i++) {
      done(new MapFixed(pages(100 + 2 * i, 101 + 2 * i), WRITABLE, 0));
    }
    assertRefused(new MapFixed(pages(10, 11), WRITABLE, 0), Errno.ENOMEM, "65531");
    assertThat(tree.mapping(pages(100_100, 100_101).start())).isNotNull();
    assertThat(tree.findFree(4096, 0)).hasValue(BASE - 4096);
  }

  @Test
  void limitsThatMakeNoSense_areRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> new MappingLimits(4097, 5));
    assertThatIllegalArgumentException().isThrownBy(() -> new MappingLimits(BASE, 0));
  }

  private Done done(MapOperation operation) {
    MapOutcome outcome = tree.apply(operation);
    assertThat(outcome).isInstanceOf(Done.class);
    return (Done) outcome;
  }

  private void assertRefused(MapOperation operation, Errno errno, String detail) {
    List<Mapping> before = tree.mappingsIn(0, Pages.ADDRESS_LIMIT);
    MapOutcome outcome = tree.apply(operation);
    assertThat(outcome)
        .isInstanceOfSatisfying(
            Refused.class,
            refused -> {
              assertThat(refused.errno()).isEqualTo(errno);
              assertThat(refused.detail()).contains(detail);
            });
    assertThat(tree.mappingsIn(0, Pages.ADDRESS_LIMIT)).isEqualTo(before);
  }

  private long anywhere(int pages, long hint) {
    return done(new MapAnywhere(4096L * pages, hint, LIBRARY, 0)).address();
  }

  private List<VirtualRange> ranges() {
    return tree.mappingsIn(0, Pages.ADDRESS_LIMIT).stream().map(Mapping::range).toList();
  }

  private static VirtualRange pages(long first, long end) {
    return new VirtualRange(Pages.address(first), Pages.address(end));
  }
}
