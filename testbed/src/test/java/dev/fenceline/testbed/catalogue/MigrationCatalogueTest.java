package dev.fenceline.testbed.catalogue;

import static dev.fenceline.testbed.catalogue.CatalogueRig.BUFFER_BYTES;
import static dev.fenceline.testbed.catalogue.CatalogueRig.HUGE_BYTES;
import static dev.fenceline.testbed.catalogue.CatalogueRig.map;
import static dev.fenceline.testbed.catalogue.Pattern.rising;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.client.Mapping;
import dev.fenceline.client.PinSpec;
import dev.fenceline.client.RefusedException;
import dev.fenceline.client.SpaceClient;
import dev.fenceline.device.v1.SnapshotReply.PageState;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Protection;
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
 * Cases 14 to 24 and 37 of the catalogue: migration to a device and home. A test's name begins with
 * the number of its case; what the driver answers with ENOENT is here a page that was skipped.
 */
@ParameterizedClass
@EnumSource(Variant.class)
class MigrationCatalogueTest {
  private static final int PAGE_BYTES = 4096;
  private static final long PAGES = BUFFER_BYTES / PAGE_BYTES;
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

  private static long buffer(SpaceClient process) {
    long address = map(process, Mapping.anywhere(BUFFER_BYTES, Protection.READ_WRITE));
    Pattern.write(process, address, rising(BUFFER_BYTES));
    return address;
  }

  private static long moved(SpaceClient process, long address, long length, DeviceId device) {
    return process.migrate(address, length, device).getMovedPages();
  }

  private void assertOnDevice(SpaceClient process, long address, long length) {
    assertThat(rig.open(0, process).snapshot(address, length)).containsOnly(variant.localWrite());
  }

  @Test
  void case14_migrate_theDeviceHasTheBytes() {
    SpaceClient process = rig.process("migrate");
    long address = buffer(process);

    assertThat(moved(process, address, BUFFER_BYTES, DEVICE)).isEqualTo(PAGES);

    assertOnDevice(process, address, BUFFER_BYTES);
    assertThat(rig.open(0, process).read(address, BUFFER_BYTES).mirror())
        .isEqualTo(rising(BUFFER_BYTES));
    process.destroy();
  }

  @Test
  void case15_migrateFilePrivate_whatWasWrittenMoves() throws IOException {
    rig.file("private", new byte[(int) HUGE_BYTES]);
    SpaceClient process = rig.process("migrate_file_private");
    long address =
        map(
            process,
            Mapping.anywhere(HUGE_BYTES, Protection.READ_WRITE).of("file:private", 0, false));
    byte[] written = rising(HUGE_BYTES - PAGE_BYTES);
    Pattern.write(process, address, written);

    MigrationInfo info = process.migrate(address, HUGE_BYTES, DEVICE);

    assertThat(info.getMovedPages()).isEqualTo(HUGE_BYTES / PAGE_BYTES - 1);
    assertThat(info.getSkippedList()).singleElement().matches(skipped -> skipped.getPages() == 1);
    assertThat(rig.open(0, process).read(address, written.length).mirror()).isEqualTo(written);
    assertThat(Pattern.read(process, address, written.length)).isEqualTo(written);
    process.destroy();
  }

  @Test
  void case16_migrateFault_halfComesHomeAndGoesAgain() {
    SpaceClient process = rig.process("migrate_fault");
    long address = buffer(process);
    moved(process, address, BUFFER_BYTES, DEVICE);

    assertThat(Pattern.read(process, address, BUFFER_BYTES / 2))
        .isEqualTo(rising(BUFFER_BYTES / 2));
    assertThat(moved(process, address, BUFFER_BYTES, DEVICE))
        .isEqualTo(variant == Variant.PRIVATE ? PAGES / 2 : 0);

    assertOnDevice(process, address, BUFFER_BYTES);
    assertThat(rig.open(0, process).read(address, BUFFER_BYTES).mirror())
        .isEqualTo(rising(BUFFER_BYTES));
    process.destroy();
  }

  @Test
  void case17_migrateRelease_everythingComesHomeAndTheDeviceGoesOn() {
    SpaceClient process = rig.process("migrate_release");
    long address = buffer(process);
    moved(process, address, BUFFER_BYTES, DEVICE);

    assertThat(moved(process, address, BUFFER_BYTES, null)).isEqualTo(PAGES);

    assertThat(rig.open(0, process).snapshot(address, BUFFER_BYTES))
        .containsOnly(PageState.PAGE_STATE_WRITE);
    assertThat(Pattern.read(process, address, BUFFER_BYTES)).isEqualTo(rising(BUFFER_BYTES));
    assertThat(moved(process, address, BUFFER_BYTES, DEVICE)).isEqualTo(PAGES);
    process.destroy();
  }

  @Test
  void case18_migrateShared_movesNothing() {
    SpaceClient process = rig.process("migrate_shared");
    long address =
        map(process, Mapping.anywhere(HUGE_BYTES, Protection.READ_WRITE).of("", 0, true));

    MigrationInfo info = process.migrate(address, HUGE_BYTES, DEVICE);

    assertThat(info.getMovedPages()).isZero();
    assertThat(info.getSkippedList())
        .containsExactly(
            SkippedPages.newBuilder()
                .setReason(SkippedPages.Reason.REASON_NOT_ANONYMOUS)
                .setPages(HUGE_BYTES / PAGE_BYTES)
                .build());
    process.destroy();
  }

  @Test
  void case20_migrateMultiple_thereAndBackTenTimes() {
    for (int round = 0; round < 10; round++) {
      SpaceClient process = rig.process("migrate_multiple");
      long address = map(process, Mapping.anywhere(HUGE_BYTES, Protection.READ_WRITE));
      Pattern.write(process, address, rising(HUGE_BYTES, round));

      assertThat(moved(process, address, HUGE_BYTES, DEVICE)).isEqualTo(HUGE_BYTES / PAGE_BYTES);
      if (variant == Variant.COHERENT) {
        assertThat(moved(process, address, HUGE_BYTES, null)).isEqualTo(HUGE_BYTES / PAGE_BYTES);
      }
      assertThat(Pattern.read(process, address, HUGE_BYTES)).isEqualTo(rising(HUGE_BYTES, round));
      process.destroy();
    }
  }

  @Test
  void case21_migrateEmpty_goesAsZeros() {
    SpaceClient process = rig.process("migrate_anon_huge_empty");
    long address = map(process, Mapping.anywhere(HUGE_BYTES, Protection.READ));

    assertThat(moved(process, address, HUGE_BYTES, DEVICE)).isEqualTo(HUGE_BYTES / PAGE_BYTES);

    assertThat(rig.open(0, process).read(address, HUGE_BYTES).mirror())
        .isEqualTo(new byte[(int) HUGE_BYTES]);
    assertThat(rig.open(0, process).snapshot(address, HUGE_BYTES))
        .containsOnly(variant.localRead());
    process.destroy();
  }

  @Test
  void case22_migrateZeroPages_goAsZerosAndComeBackSo() {
    SpaceClient process = rig.process("migrate_anon_huge_zero");
    long address = map(process, Mapping.anywhere(HUGE_BYTES, Protection.READ));
    byte[] zeros = new byte[(int) HUGE_BYTES];
    assertThat(Pattern.read(process, address, HUGE_BYTES)).isEqualTo(zeros);

    assertThat(moved(process, address, HUGE_BYTES, DEVICE)).isEqualTo(HUGE_BYTES / PAGE_BYTES);

    assertThat(rig.open(0, process).read(address, HUGE_BYTES).mirror()).isEqualTo(zeros);
    assertThat(Pattern.read(process, address, HUGE_BYTES)).isEqualTo(zeros);
    process.destroy();
  }

  @Test
  void case24_writesOfTheDevice_comeHomeWithTheirPages() {
    SpaceClient process = rig.process("migrate_anon_huge_fault");
    long address = buffer(process);
    moved(process, address, HUGE_BYTES, DEVICE);
    byte[] written = rising(HUGE_BYTES, 77);
    rig.open(0, process).write(address, written);

    assertThat(Pattern.read(process, address, HUGE_BYTES)).isEqualTo(written);
    assertThat(rig.open(1, process).read(address, HUGE_BYTES).mirror()).isEqualTo(written);
    process.destroy();
  }

  @Test
  void case37_pinsOfDevicePages_bringThemHomeUnlessEverybodyMayUseThemThere() {
    SpaceClient process = rig.process("hmm_gup_test");
    long address = map(process, Mapping.anywhere(4 * PAGE_BYTES, Protection.READ_WRITE));
    byte[] bytes = rising(4 * PAGE_BYTES);
    Pattern.write(process, address, bytes);
    assertThat(moved(process, address, 4 * PAGE_BYTES, DEVICE)).isEqualTo(4);
    PinSpec shortly = new PinSpec(true, false, "test", "gup");
    PinSpec longTerm = new PinSpec(true, true, "test", "gup long-term");

    long[] pins = {
      process.pin(address, PAGE_BYTES, shortly),
      process.pin(address + PAGE_BYTES, PAGE_BYTES, shortly),
      process.pin(address + 2 * PAGE_BYTES, PAGE_BYTES, longTerm),
      process.pin(address + 3 * PAGE_BYTES, PAGE_BYTES, longTerm)
    };

    assertThat(rig.open(0, process).snapshot(address, 4 * PAGE_BYTES))
        .containsExactly(
            variant.touched(),
            variant.touched(),
            PageState.PAGE_STATE_WRITE,
            PageState.PAGE_STATE_WRITE);
    assertThat(moved(process, address, 4 * PAGE_BYTES, DEVICE)).isZero();
    assertThat(Pattern.read(process, address, 4 * PAGE_BYTES)).isEqualTo(bytes);
    for (long pin : pins) {
      rig.host().unpin(pin);
    }
    process.destroy();
  }

  @Test
  void rangeThatIsNotMapped_isRefused() {
    SpaceClient process = rig.process("migrate_unmapped");
    long address = map(process, Mapping.anywhere(HUGE_BYTES, Protection.READ_WRITE));

    assertThatThrownBy(() -> process.migrate(address, 2 * HUGE_BYTES, DEVICE))
        .isInstanceOf(RefusedException.class);
    process.destroy();
  }

  @Test
  void pagesOnAnotherDevice_goByWayOfTheHost() {
    SpaceClient process = rig.process("device_to_device");
    long address = buffer(process);
    moved(process, address, HUGE_BYTES, DEVICE);
    byte[] written = rising(HUGE_BYTES, 5);
    rig.open(0, process).write(address, written);

    assertThat(moved(process, address, HUGE_BYTES, new DeviceId("agent-1", 1)))
        .isEqualTo(HUGE_BYTES / PAGE_BYTES);

    assertThat(rig.open(1, process).read(address, HUGE_BYTES).mirror()).isEqualTo(written);
    assertThat(Pattern.read(process, address, PAGE_BYTES))
        .isEqualTo(Arrays.copyOf(written, PAGE_BYTES));
    process.destroy();
  }
}
