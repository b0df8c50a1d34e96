package dev.fenceline.testbed.catalogue;

import static dev.fenceline.testbed.catalogue.CatalogueRig.BUFFER_BYTES;
import static dev.fenceline.testbed.catalogue.CatalogueRig.HUGE_BYTES;
import static dev.fenceline.testbed.catalogue.CatalogueRig.done;
import static dev.fenceline.testbed.catalogue.CatalogueRig.map;
import static dev.fenceline.testbed.catalogue.Pattern.falling;
import static dev.fenceline.testbed.catalogue.Pattern.rising;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import dev.fenceline.space.v1.MigrationInfo;
import dev.fenceline.space.v1.SkippedPages;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Cases of the catalogue in which pages are on a device while something happens to them: 6, 17, 19,
 * 23, 25 to 29, 31, 33 and 38. A test's name begins with the number of its case.
 */
@ParameterizedClass
@EnumSource(Variant.class)
class DeviceMemoryCatalogueTest {
  private static final int PAGE_BYTES = 4096;
  private static final long HUGE_PAGES = HUGE_BYTES / PAGE_BYTES;
  private static final DeviceId FIRST = new DeviceId("agent-1", 0);
  private static final DeviceId SECOND = new DeviceId("agent-1", 1);

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

  private static long written(SpaceClient process, long length) {
    long address = map(process, Mapping.anywhere(length, Protection.READ_WRITE));
    Pattern.write(process, address, rising(length));
    return address;
  }

  private static long writtenAndMigrated(SpaceClient process, long length) {
    long address = written(process, length);
    assertThat(process.migrate(address, length, FIRST).getMovedPages())
        .isEqualTo(length / PAGE_BYTES);
    return address;
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
  void case06_anonWriteChildMigrated_theParentKeepsItsBytes() {
    SpaceClient parent = rig.process("anon_write_child_migrated");
    long address = writtenAndMigrated(parent, BUFFER_BYTES);

    SpaceClient child = parent.fork("child");
    assertThat(Pattern.read(child, address, BUFFER_BYTES)).isEqualTo(rising(BUFFER_BYTES));
    assertThat(rig.open(0, child).write(address, falling(BUFFER_BYTES)).ok()).isTrue();

    assertThat(Pattern.read(child, address, BUFFER_BYTES)).isEqualTo(falling(BUFFER_BYTES));
    done(child.destroy());
    assertThat(Pattern.read(parent, address, BUFFER_BYTES)).isEqualTo(rising(BUFFER_BYTES));
    done(parent.destroy());
  }

  @Test
  void case17_migrateRelease_aDeviceThatGoesGivesEverythingBackAndReturns() {
    SpaceClient process = rig.process("release");
    long address = written(process, HUGE_BYTES);
    assertThat(process.migrate(address, HUGE_BYTES, SECOND).getMovedPages()).isEqualTo(HUGE_PAGES);

    rig.unplug(1);
    assertThat(Pattern.read(process, address, HUGE_BYTES / 2)).isEqualTo(rising(HUGE_BYTES / 2));
    rig.plugIn(1);

    assertThat(rig.open(1, process).read(address, HUGE_BYTES).mirror())
        .isEqualTo(rising(HUGE_BYTES));
    assertThat(process.migrate(address, HUGE_BYTES, SECOND).getMovedPages()).isEqualTo(HUGE_PAGES);
    done(process.destroy());
  }

  @Test
  void case19_migrateMixed_everyKindOfPageGoesOrIsRefused() {
    SpaceClient process = rig.process("migrate_mixed");
    long address = map(process, Mapping.anywhere(6 * PAGE_BYTES, Protection.NONE));
    assertThat(refused(() -> process.migrate(address, 6 * PAGE_BYTES, SECOND)))
        .isEqualTo(Errno.EINVAL);
    done(process.unmap(address + PAGE_BYTES, PAGE_BYTES, WaitPolicy.BLOCK));
    assertThat(refused(() -> process.migrate(address, 3 * PAGE_BYTES, SECOND)))
        .isEqualTo(Errno.EINVAL);
    byte[] expected = mixed(process, address);

    assertThat(process.migrate(address + 2 * PAGE_BYTES, 4 * PAGE_BYTES, SECOND).getMovedPages())
        .isEqualTo(4);
    assertThat(rig.open(1, process).read(address + 2 * PAGE_BYTES, 4 * PAGE_BYTES).mirror())
        .isEqualTo(expected);
    // Linux leaves a page of another device where it is; here it goes by way of the host.
    assertThat(process.migrate(address + 5 * PAGE_BYTES, PAGE_BYTES, FIRST).getMovedPages())
        .isEqualTo(1);
    assertThat(Pattern.read(process, address + 2 * PAGE_BYTES, 4 * PAGE_BYTES)).isEqualTo(expected);
    done(process.destroy());
  }

  /** Page 2 is a read-only zero page, page 3 read-only, pages 4 and 5 are written to. */
  private static byte[] mixed(SpaceClient process, long address) {
    long second = address + 2 * PAGE_BYTES;
    done(process.protect(second, PAGE_BYTES, Protection.READ, WaitPolicy.BLOCK));
    process.read(second, 8);
    long third = address + 3 * PAGE_BYTES;
    done(process.protect(third, 3 * PAGE_BYTES, Protection.READ_WRITE, WaitPolicy.BLOCK));
    Pattern.write(process, third, rising(3 * PAGE_BYTES, 7));
    done(process.protect(third, PAGE_BYTES, Protection.READ, WaitPolicy.BLOCK));
    byte[] expected = new byte[4 * PAGE_BYTES];
    System.arraycopy(rising(3 * PAGE_BYTES, 7), 0, expected, PAGE_BYTES, 3 * PAGE_BYTES);
    return expected;
  }

  @Test
  void case23_migrateFree_freesWhatIsOnTheDevice() {
    SpaceClient process = rig.process("migrate_anon_huge_free");
    long address = writtenAndMigrated(process, HUGE_BYTES);

    done(process.advise(address, HUGE_BYTES, Advice.FREE, WaitPolicy.BLOCK));

    assertThat(Pattern.read(process, address, HUGE_BYTES)).containsOnly(0);
    Pattern.write(process, address, rising(HUGE_BYTES, 3));
    assertThat(process.migrate(address, HUGE_BYTES, FIRST).getMovedPages()).isEqualTo(HUGE_PAGES);
    assertThat(rig.open(0, process).read(address, HUGE_BYTES).mirror())
        .isEqualTo(rising(HUGE_BYTES, 3));
    done(process.destroy());
  }

  @Test
  void case25_migratePartialUnmapFault_theRestComesHome() {
    for (long cut = 0; cut < HUGE_BYTES; cut += HUGE_BYTES / 4) {
      SpaceClient process = rig.process("migrate_partial_unmap_fault");
      long address = writtenAndMigrated(process, HUGE_BYTES);
      long length = HUGE_BYTES / 4;

      done(process.unmap(address + cut, length, WaitPolicy.BLOCK));

      byte[] bytes = rising(HUGE_BYTES);
      assertThat(Pattern.read(process, address, cut)).isEqualTo(Arrays.copyOf(bytes, (int) cut));
      long behind = cut + length;
      assertThat(Pattern.read(process, address + behind, HUGE_BYTES - behind))
          .isEqualTo(Arrays.copyOfRange(bytes, (int) behind, (int) HUGE_BYTES));
      long hole = address + cut;
      assertThat(refused(() -> process.read(hole, 8))).isEqualTo(Errno.EFAULT);
      done(process.destroy());
    }
  }

  @Test
  void case26_migrateRemapFault_pagesAreFoundAtTheirNewPlace() {
    SpaceClient process = rig.process("migrate_remap_fault");
    long address = writtenAndMigrated(process, HUGE_BYTES);
    long target = map(process, Mapping.anywhere(HUGE_BYTES, Protection.READ_WRITE));

    done(process.remap(Move.to(address, HUGE_BYTES, HUGE_BYTES, target), WaitPolicy.BLOCK));

    assertThat(rig.open(0, process).snapshot(target, HUGE_BYTES))
        .containsOnly(variant.localWrite());
    assertThat(Pattern.read(process, target, HUGE_BYTES)).isEqualTo(rising(HUGE_BYTES));
    assertThat(refused(() -> process.read(address, 8))).isEqualTo(Errno.EFAULT);
    done(process.destroy());
  }

  private static void assertOneWithoutMemory(MigrationInfo info, long moved) {
    assertThat(info.getMovedPages()).isEqualTo(moved);
    assertThat(info.getSkippedList())
        .containsExactly(
            SkippedPages.newBuilder()
                .setReason(SkippedPages.Reason.REASON_NO_MEMORY)
                .setPages(1)
                .build());
  }

  @Test
  void case27_migrateErr_thePageForWhichThereWasNoRoomStays() {
    SpaceClient process = rig.process("migrate_anon_huge_err");
    long address = written(process, HUGE_BYTES);
    rig.failNextAllocation(0);

    assertOneWithoutMemory(process.migrate(address, HUGE_BYTES, FIRST), HUGE_PAGES - 1);

    assertThat(rig.open(0, process).read(address, HUGE_BYTES).mirror())
        .isEqualTo(rising(HUGE_BYTES));
    assertThat(process.migrate(address, HUGE_BYTES, null).getMovedPages())
        .isEqualTo(HUGE_PAGES - 1);
    assertThat(Pattern.read(process, address, HUGE_BYTES)).isEqualTo(rising(HUGE_BYTES));
    done(process.destroy());
  }

  @Test
  void case28_migrateZeroErr_holesAndZeroPagesReadZeroWhereverTheyAre() {
    SpaceClient process = rig.process("migrate_anon_huge_zero_err");
    for (boolean touched : new boolean[] {false, true}) {
      long address = map(process, Mapping.anywhere(HUGE_BYTES, Protection.READ));
      if (touched) {
        Pattern.read(process, address, HUGE_BYTES);
      }
      rig.failNextAllocation(0);

      assertOneWithoutMemory(process.migrate(address, HUGE_BYTES, FIRST), HUGE_PAGES - 1);

      assertThat(rig.open(0, process).read(address, HUGE_BYTES).mirror()).containsOnly(0);
      assertThat(Pattern.read(process, address, HUGE_BYTES)).containsOnly(0);
      done(process.unmap(address, HUGE_BYTES, WaitPolicy.BLOCK));
    }
    done(process.destroy());
  }

  @Test
  void case29_benchmarkMigration_everySizeGoesAndComes() {
    SpaceClient process = rig.process("benchmark_thp_migration");
    for (long length = HUGE_BYTES / 4; length <= 8 * HUGE_BYTES; length *= 2) {
      long address = written(process, length);
      for (int round = 0; round < 3; round++) {
        assertThat(process.migrate(address, length, FIRST).getMovedPages())
            .isEqualTo(length / PAGE_BYTES);
        assertThat(process.migrate(address, length, null).getMovedPages())
            .isEqualTo(length / PAGE_BYTES);
      }
      assertThat(Pattern.read(process, address, PAGE_BYTES)).isEqualTo(rising(PAGE_BYTES));
      done(process.unmap(address, length, WaitPolicy.BLOCK));
    }
    done(process.destroy());
  }

  @Test
  void case31_snapshot_tellsEveryKindOfPageApart() {
    SpaceClient process = rig.process("snapshot");
    long address = map(process, Mapping.anywhere(7 * PAGE_BYTES, Protection.NONE));
    done(process.unmap(address + PAGE_BYTES, PAGE_BYTES, WaitPolicy.BLOCK));
    mixed(process, address);
    long last = address + 6 * PAGE_BYTES;
    done(process.protect(last, PAGE_BYTES, Protection.READ_WRITE, WaitPolicy.BLOCK));
    process.write(last, new byte[8]);
    process.migrate(address + 5 * PAGE_BYTES, PAGE_BYTES, FIRST);
    process.migrate(last, PAGE_BYTES, SECOND);

    assertThat(rig.open(0, process).snapshot(address, 7 * PAGE_BYTES))
        .containsExactly(
            PageState.PAGE_STATE_ERROR,
            PageState.PAGE_STATE_ERROR,
            PageState.PAGE_STATE_ZERO,
            PageState.PAGE_STATE_READ,
            PageState.PAGE_STATE_WRITE,
            variant.localWrite(),
            variant.remoteWrite());
    done(process.destroy());
  }

  @Test
  void case33_doubleMap_bothDevicesReadWhatOneOfThemHas() {
    SpaceClient process = rig.process("double_map");
    long address = written(process, HUGE_BYTES);
    done(process.protect(address, HUGE_BYTES, Protection.READ, WaitPolicy.BLOCK));
    for (int device = 0; device < 2; device++) {
      assertThat(rig.open(device, process).read(address, HUGE_BYTES).mirror())
          .isEqualTo(rising(HUGE_BYTES));
    }

    assertThat(process.migrate(address, HUGE_BYTES, SECOND).getMovedPages()).isEqualTo(HUGE_PAGES);

    for (int device = 1; device >= 0; device--) {
      assertThat(rig.open(device, process).read(address, HUGE_BYTES).mirror())
          .isEqualTo(rising(HUGE_BYTES));
    }
    done(process.destroy());
  }

  @Test
  void case38_cowInDevice_afterTheForkBothSidesAreAtHome() {
    SpaceClient process = rig.process("hmm_cow_in_device");
    long address = writtenAndMigrated(process, 4 * PAGE_BYTES);

    SpaceClient child = process.fork("cow_child");
    assertThat(Pattern.read(child, address, 4 * PAGE_BYTES)).isEqualTo(rising(4 * PAGE_BYTES));
    done(child.destroy());
    Pattern.write(process, address, rising(4 * PAGE_BYTES, 1));

    assertThat(rig.open(0, process).snapshot(address, 4 * PAGE_BYTES))
        .containsOnly(PageState.PAGE_STATE_WRITE);
    assertThatThrownBy(() -> child.read(address, 8)).isInstanceOf(RefusedException.class);
    done(process.destroy());
  }
}
