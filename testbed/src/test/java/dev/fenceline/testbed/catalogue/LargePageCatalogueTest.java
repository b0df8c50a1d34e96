package dev.fenceline.testbed.catalogue;

import static dev.fenceline.testbed.catalogue.CatalogueRig.HUGE_BYTES;
import static dev.fenceline.testbed.catalogue.CatalogueRig.done;
import static dev.fenceline.testbed.catalogue.CatalogueRig.map;
import static dev.fenceline.testbed.catalogue.Pattern.falling;
import static dev.fenceline.testbed.catalogue.Pattern.rising;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.client.Advice;
import dev.fenceline.client.Mapping;
import dev.fenceline.client.Move;
import dev.fenceline.client.RefusedException;
import dev.fenceline.client.SpaceClient;
import dev.fenceline.device.v1.SnapshotReply.PageState;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The 2 MiB form of the catalogue's cases: an aligned region with huge-page advice, which one
 * translation maps. A test's name begins with the number of its case.
 */
@ParameterizedClass
@EnumSource(Variant.class)
class LargePageCatalogueTest {
  private static final int PAGE_BYTES = 4096;
  private static final long HUGE_PAGES = HUGE_BYTES / PAGE_BYTES;
  private static final int LARGE = 9;
  private static final DeviceId DEVICE = new DeviceId("agent-1", 0);

  private static CatalogueRig rig;

  @Parameter Variant variant;

  @BeforeParameterizedClassInvocation
  static void start(Variant variant) throws IOException {
    rig = variant.rig();
  }

  @AfterParameterizedClassInvocation
  static void stop() {
    rig.close();
  }

  /** An aligned region of 2 MiB in a mapping of twice that, with huge-page advice. */
  private static long region(SpaceClient process, Protection protection) {
    long mapped = map(process, Mapping.anywhere(2 * HUGE_BYTES, protection));
    long address = (mapped + HUGE_BYTES - 1) & -HUGE_BYTES;
    done(process.advise(address, HUGE_BYTES, Advice.HUGEPAGE, WaitPolicy.BLOCK));
    return address;
  }

  private static long written(SpaceClient process) {
    long address = region(process, Protection.READ_WRITE);
    Pattern.write(process, address, rising(HUGE_BYTES));
    return address;
  }

  private long onDevice(SpaceClient process) {
    long address = written(process);
    assertThat(process.migrate(address, HUGE_BYTES, DEVICE).getMovedPages()).isEqualTo(HUGE_PAGES);
    assertLarge(process, address, variant.localWrite());
    return address;
  }

  private static void assertLarge(SpaceClient process, long address, PageState state) {
    TestDevice device = rig.open(0, process);
    assertThat(device.snapshot(address, HUGE_BYTES)).hasSize(512).containsOnly(state);
    assertThat(device.orders(address, HUGE_BYTES)).hasSize(512).containsOnly(LARGE);
  }

  private static void assertSmall(SpaceClient process, long address, PageState state) {
    TestDevice device = rig.open(0, process);
    assertThat(device.snapshot(address, HUGE_BYTES)).hasSize(512).containsOnly(state);
    assertThat(device.orders(address, HUGE_BYTES)).hasSize(512).containsOnly(0);
  }

  private static Errno refused(Runnable call) {
    try {
      call.run();
    } catch (RefusedException refusal) {
      return refusal.errno();
    }
    throw new AssertionError("was not refused");
  }

  @Test
  void case06_anonWriteChildHuge_theParentKeepsItsBytesAndItsLargePage() {
    for (boolean migrated : new boolean[] {false, true}) {
      SpaceClient parent = rig.process("anon_write_child_huge");
      long address = migrated ? onDevice(parent) : written(parent);

      SpaceClient child = parent.fork("child");
      assertThat(Pattern.read(child, address, HUGE_BYTES)).isEqualTo(rising(HUGE_BYTES));
      assertThat(rig.open(0, child).write(address, falling(HUGE_BYTES)).ok()).isTrue();

      assertThat(Pattern.read(child, address, HUGE_BYTES)).isEqualTo(falling(HUGE_BYTES));
      assertThat(Pattern.read(parent, address, HUGE_BYTES)).isEqualTo(rising(HUGE_BYTES));
      assertThat(rig.open(0, parent).orders(address, HUGE_BYTES)).containsOnly(LARGE);
      done(child.destroy());
      done(parent.destroy());
    }
  }

  @Test
  void case08_anonWriteHuge_isOneFault() {
    SpaceClient process = rig.process("anon_write_huge");
    long address = region(process, Protection.READ_WRITE);

    TestDevice.Reply reply = rig.open(0, process).write(address, rising(HUGE_BYTES));

    assertThat(reply.ok()).isTrue();
    assertThat(reply.faults()).isOne();
    assertLarge(process, address, PageState.PAGE_STATE_WRITE);
    assertThat(Pattern.read(process, address, HUGE_BYTES)).isEqualTo(rising(HUGE_BYTES));
    done(process.destroy());
  }

  @Test
  void case09_anonWriteHugetlbfs_isOneFault_andItsPagesStayWhole() {
    SpaceClient process = rig.process("anon_write_hugetlbfs");
    long address = map(process, Mapping.anywhere(HUGE_BYTES, Protection.READ_WRITE).inHugePages());
    assertThat(address % HUGE_BYTES).isZero();

    TestDevice.Reply reply = rig.open(0, process).write(address, rising(HUGE_BYTES));

    assertThat(reply.ok()).isTrue();
    assertThat(reply.pages()).isEqualTo(HUGE_PAGES);
    assertThat(reply.faults()).isOne();
    assertThat(Pattern.read(process, address, HUGE_BYTES)).isEqualTo(rising(HUGE_BYTES));
    assertThat(refused(() -> process.unmap(address, PAGE_BYTES, WaitPolicy.BLOCK)))
        .isEqualTo(Errno.EINVAL);
    assertThat(
            refused(() -> process.protect(address, PAGE_BYTES, Protection.READ, WaitPolicy.BLOCK)))
        .isEqualTo(Errno.EINVAL);
    assertThat(refused(() -> process.migrate(address, HUGE_BYTES, DEVICE))).isEqualTo(Errno.EINVAL);
    assertLarge(process, address, PageState.PAGE_STATE_WRITE);
    SpaceClient child = process.fork("child");
    process.write(address, new byte[8]);
    assertThat(Pattern.read(child, address, HUGE_BYTES)).isEqualTo(rising(HUGE_BYTES));
    assertLarge(child, address, PageState.PAGE_STATE_WRITE);
    done(child.destroy());
    done(process.destroy());
  }

  @Test
  void case09_anonWriteHugetlbfs_withoutEnoughPagesNothingIsMapped() {
    SpaceClient process = rig.process("anon_write_hugetlbfs_enomem");
    Mapping most = Mapping.anywhere(64 * HUGE_BYTES, Protection.READ_WRITE).inHugePages();

    assertThat(refused(() -> map(process, most))).isEqualTo(Errno.ENOMEM);

    long address = map(process, Mapping.anywhere(HUGE_BYTES, Protection.READ).inHugePages());
    assertThat(rig.open(0, process).read(address, HUGE_BYTES).mirror()).containsOnly(0);
    done(process.unmap(address, HUGE_BYTES, WaitPolicy.BLOCK));
    done(process.destroy());
  }

  @Test
  void case21_migrateAnonHugeEmpty_goesAsOneLargePageOfZeros() {
    SpaceClient process = rig.process("migrate_anon_huge_empty");
    long address = region(process, Protection.READ);

    assertThat(process.migrate(address, HUGE_BYTES, DEVICE).getMovedPages()).isEqualTo(HUGE_PAGES);

    assertLarge(process, address, variant.localRead());
    assertThat(rig.open(0, process).read(address, HUGE_BYTES).mirror()).containsOnly(0);
    done(process.destroy());
  }

  @Test
  void case22_migrateAnonHugeZero_theHugeZeroPageGoesAndReadsZero() {
    SpaceClient process = rig.process("migrate_anon_huge_zero");
    long address = region(process, Protection.READ);
    process.read(address, 8);
    assertLarge(process, address, PageState.PAGE_STATE_ZERO);

    assertThat(process.migrate(address, HUGE_BYTES, DEVICE).getMovedPages()).isEqualTo(HUGE_PAGES);

    assertLarge(process, address, variant.localRead());
    assertThat(rig.open(0, process).read(address, HUGE_BYTES).mirror()).containsOnly(0);
    assertThat(Pattern.read(process, address, HUGE_BYTES)).containsOnly(0);
    done(process.destroy());
  }

  @Test
  void case23_migrateAnonHugeFree_freesTheLargePageOnTheDevice() {
    SpaceClient process = rig.process("migrate_anon_huge_free");
    long address = onDevice(process);
    assertThat(rig.open(0, process).read(address, HUGE_BYTES).mirror())
        .isEqualTo(rising(HUGE_BYTES));

    done(process.advise(address, HUGE_BYTES, Advice.FREE, WaitPolicy.BLOCK));

    assertThat(Pattern.read(process, address, HUGE_BYTES)).containsOnly(0);
    done(process.destroy());
  }

  @Test
  void case24_migrateAnonHugeFault_oneTouchBringsTheLargePageHome_unlessItIsCoherent() {
    SpaceClient process = rig.process("migrate_anon_huge_fault");
    long address = onDevice(process);

    assertThat(process.read(address + 77 * PAGE_BYTES, 8)).hasSize(8);

    assertLarge(process, address, variant.touched());
    assertThat(Pattern.read(process, address, HUGE_BYTES)).isEqualTo(rising(HUGE_BYTES));
    done(process.destroy());
  }

  @Test
  void case25_migratePartialUnmapFault_splitsTheLargePageAndTheRestComesHome() {
    for (long cut = 0; cut < HUGE_BYTES; cut += HUGE_BYTES / 4) {
      SpaceClient process = rig.process("migrate_partial_unmap_fault");
      long address = onDevice(process);
      long length = HUGE_BYTES / 4;

      done(process.unmap(address + cut, length, WaitPolicy.BLOCK));

      byte[] bytes = rising(HUGE_BYTES);
      long behind = cut + length;
      assertThat(Pattern.read(process, address, cut)).isEqualTo(Arrays.copyOf(bytes, (int) cut));
      assertThat(Pattern.read(process, address + behind, HUGE_BYTES - behind))
          .isEqualTo(Arrays.copyOfRange(bytes, (int) behind, (int) HUGE_BYTES));
      assertThat(rig.open(0, process).orders(address, HUGE_BYTES)).containsOnly(0);
      done(process.destroy());
    }
  }

  @Test
  void case26_migrateRemapFault_theLargePageIsFoundAtItsNewPlace_orInPieces() {
    for (long shift : new long[] {0, PAGE_BYTES}) {
      SpaceClient process = rig.process("migrate_remap_fault");
      long address = onDevice(process);
      long target = map(process, Mapping.anywhere(4 * HUGE_BYTES, Protection.NONE));
      long aligned = ((target + HUGE_BYTES - 1) & -HUGE_BYTES) + shift;

      done(process.remap(Move.to(address, HUGE_BYTES, HUGE_BYTES, aligned), WaitPolicy.BLOCK));

      assertThat(rig.open(0, process).snapshot(aligned, HUGE_BYTES))
          .containsOnly(variant.localWrite());
      assertThat(rig.open(0, process).orders(aligned, HUGE_BYTES))
          .containsOnly(shift == 0 ? LARGE : 0);
      assertThat(Pattern.read(process, aligned, HUGE_BYTES)).isEqualTo(rising(HUGE_BYTES));
      assertThat(refused(() -> process.read(address, 8))).isEqualTo(Errno.EFAULT);
      done(process.destroy());
    }
  }

  @Test
  void case27_migrateAnonHugeErr_withoutALargePage512SmallOnesDo() {
    SpaceClient process = rig.process("migrate_anon_huge_err");
    long address = written(process);
    rig.failNextAllocation(0);

    assertThat(process.migrate(address, HUGE_BYTES, DEVICE).getMovedPages()).isEqualTo(HUGE_PAGES);

    assertThat(rig.open(0, process).read(address, HUGE_BYTES).mirror())
        .isEqualTo(rising(HUGE_BYTES));
    assertThat(Pattern.read(process, address + 2048 * Integer.BYTES, Integer.BYTES))
        .isEqualTo(Arrays.copyOfRange(rising(HUGE_BYTES), 2048 * 4, 2048 * 4 + 4));
    done(process.destroy());
  }

  @Test
  void case28_migrateAnonHugeZeroErr_smallPagesReadZeroToo() {
    SpaceClient process = rig.process("migrate_anon_huge_zero_err");
    for (boolean touched : new boolean[] {false, true}) {
      long address = region(process, Protection.READ);
      if (touched) {
        process.read(address, 8);
      }
      rig.failNextAllocation(0);

      assertThat(process.migrate(address, HUGE_BYTES, DEVICE).getMovedPages())
          .isEqualTo(HUGE_PAGES);

      assertThat(rig.open(0, process).read(address, HUGE_BYTES).mirror()).containsOnly(0);
      assertThat(Pattern.read(process, address, HUGE_BYTES)).containsOnly(0);
    }
    done(process.destroy());
  }

  @Test
  void case29_benchmarkThpMigration_everySizeGoesAndComesLarge() {
    SpaceClient process = rig.process("benchmark_thp_migration");
    for (long length = HUGE_BYTES / 4; length <= 8 * HUGE_BYTES; length *= 2) {
      long mapped = map(process, Mapping.anywhere(length + HUGE_BYTES, Protection.READ_WRITE));
      long address = (mapped + HUGE_BYTES - 1) & -HUGE_BYTES;
      done(process.advise(address, length, Advice.HUGEPAGE, WaitPolicy.BLOCK));
      Pattern.write(process, address, rising(length));
      int order = length < HUGE_BYTES ? 0 : LARGE;
      for (int round = 0; round < 3; round++) {
        assertThat(process.migrate(address, length, DEVICE).getMovedPages())
            .isEqualTo(length / PAGE_BYTES);
        assertThat(rig.open(0, process).orders(address, length)).containsOnly(order);
        assertThat(process.migrate(address, length, null).getMovedPages())
            .isEqualTo(length / PAGE_BYTES);
        assertThat(rig.open(0, process).orders(address, length)).containsOnly(order);
      }
      assertThat(Pattern.read(process, address, PAGE_BYTES)).isEqualTo(rising(PAGE_BYTES));
      done(process.unmap(mapped, length + HUGE_BYTES, WaitPolicy.BLOCK));
    }
    done(process.destroy());
  }

  @Test
  void case32_compound_everyEntryIsLargeAndWritableThenReadOnly() {
    SpaceClient process = rig.process("compound");
    long address = written(process);
    assertLarge(process, address, PageState.PAGE_STATE_WRITE);

    done(process.protect(address, HUGE_BYTES, Protection.READ, WaitPolicy.BLOCK));

    assertLarge(process, address, PageState.PAGE_STATE_READ);
    long hugetlb = map(process, Mapping.anywhere(HUGE_BYTES, Protection.READ_WRITE).inHugePages());
    assertLarge(process, hugetlb, PageState.PAGE_STATE_WRITE);
    done(process.protect(hugetlb, HUGE_BYTES, Protection.READ, WaitPolicy.BLOCK));
    assertLarge(process, hugetlb, PageState.PAGE_STATE_READ);
    done(process.destroy());
  }

  @Test
  void exclusiveAccess_splitsTheLargePage() {
    SpaceClient process = rig.process("exclusive_huge");
    long address = written(process);

    assertThat(rig.open(0, process).exclusive(address, PAGE_BYTES).ok()).isTrue();

    assertThat(rig.open(0, process).orders(address, HUGE_BYTES)).containsOnly(0);
    assertThat(Pattern.read(process, address, HUGE_BYTES)).isEqualTo(rising(HUGE_BYTES));
    done(process.destroy());
  }

  @Test
  void collapse_makesALargePageOfSmallOnes_alsoUnderADevice() {
    SpaceClient process = rig.process("collapse");
    long mapped = map(process, Mapping.anywhere(2 * HUGE_BYTES, Protection.READ_WRITE));
    long address = (mapped + HUGE_BYTES - 1) & -HUGE_BYTES;
    Pattern.write(process, address, rising(HUGE_BYTES));
    assertThat(rig.open(0, process).read(address, HUGE_BYTES).ok()).isTrue();
    assertSmall(process, address, PageState.PAGE_STATE_WRITE);

    done(process.advise(address, HUGE_BYTES, Advice.COLLAPSE, WaitPolicy.BLOCK));

    assertLarge(process, address, PageState.PAGE_STATE_WRITE);
    assertThat(rig.open(0, process).read(address, HUGE_BYTES).mirror())
        .isEqualTo(rising(HUGE_BYTES));
    done(process.destroy());
  }
}
