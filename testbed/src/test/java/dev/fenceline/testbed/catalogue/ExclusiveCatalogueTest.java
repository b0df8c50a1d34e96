package dev.fenceline.testbed.catalogue;

import static dev.fenceline.testbed.catalogue.CatalogueRig.BUFFER_BYTES;
import static dev.fenceline.testbed.catalogue.CatalogueRig.done;
import static dev.fenceline.testbed.catalogue.CatalogueRig.map;
import static dev.fenceline.testbed.catalogue.Pattern.rising;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.client.Mapping;
import dev.fenceline.client.SpaceClient;
import dev.fenceline.common.v1.Errno;
import dev.fenceline.device.v1.ProgramResult;
import dev.fenceline.device.v1.SnapshotReply.PageState;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Cases 34 to 36 of the catalogue: device-exclusive access. That no page is exclusive any more
 * (CHECK_EXCLUSIVE) is what a snapshot says: it shows exclusive pages as holes, as Linux does.
 */
@ParameterizedClass
@EnumSource(Variant.class)
class ExclusiveCatalogueTest {
  private static final int PAGE_BYTES = 4096;

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

  private static void takeAll(SpaceClient process, long address) {
    TestDevice device = rig.open(0, process);
    TestDevice.Reply taken = device.exclusive(address, BUFFER_BYTES);
    assertThat(taken.errno()).isEqualTo(Errno.ERRNO_UNSPECIFIED);
    assertThat(taken.mirror()).isEqualTo(rising(BUFFER_BYTES));
    assertThat(device.snapshot(address, BUFFER_BYTES)).containsOnly(PageState.PAGE_STATE_NONE);
  }

  @Test
  void case34_exclusive_theCpuTakesEveryPageBack() {
    SpaceClient process = rig.process("exclusive");
    long address = buffer(process);
    takeAll(process, address);

    assertThat(Pattern.read(process, address, BUFFER_BYTES)).isEqualTo(rising(BUFFER_BYTES));
    byte[] more = rising(BUFFER_BYTES, 1);
    Pattern.write(process, address, more);
    assertThat(Pattern.read(process, address, BUFFER_BYTES)).isEqualTo(more);

    assertThat(rig.open(0, process).snapshot(address, BUFFER_BYTES))
        .containsOnly(PageState.PAGE_STATE_WRITE);
    done(process.destroy());
  }

  @Test
  void case34_exclusiveAtomicsOfTwoDevicesAndTheCpu_loseNoAddition() {
    SpaceClient process = rig.process("exclusive_atomics");
    long address = map(process, Mapping.anywhere(PAGE_BYTES, Protection.READ_WRITE));
    int times = 200;
    CompletableFuture<ProgramResult> first =
        CompletableFuture.supplyAsync(() -> rig.open(0, process).exclusiveAdd(address, times, 1));
    CompletableFuture<ProgramResult> second =
        CompletableFuture.supplyAsync(() -> rig.open(1, process).exclusiveAdd(address, times, 1));
    for (int i = 0; i < times; i++) {
      process.atomicAdd(address, 1);
    }

    assertThat(first.join().getErrno()).isEqualTo(Errno.ERRNO_UNSPECIFIED);
    assertThat(second.join().getErrno()).isEqualTo(Errno.ERRNO_UNSPECIFIED);
    assertThat(process.atomicAdd(address, 0)).isEqualTo(3L * times);
    done(process.destroy());
  }

  @Test
  void case35_exclusiveMprotect_theDeviceMayNotWriteAnyMore() {
    SpaceClient process = rig.process("exclusive_mprotect");
    long address = buffer(process);
    takeAll(process, address);

    done(process.protect(address, BUFFER_BYTES, Protection.READ, WaitPolicy.BLOCK));

    TestDevice device = rig.open(0, process);
    assertThat(device.write(address, rising(PAGE_BYTES, 9)).errno()).isEqualTo(Errno.ERRNO_EPERM);
    assertThat(device.exclusive(address, PAGE_BYTES).errno()).isEqualTo(Errno.ERRNO_EPERM);
    assertThat(Pattern.read(process, address, BUFFER_BYTES)).isEqualTo(rising(BUFFER_BYTES));
    done(process.destroy());
  }

  @Test
  void case36_exclusiveCow_parentAndChildWriteEachTheirOwn() {
    SpaceClient process = rig.process("exclusive_cow");
    long address = buffer(process);
    takeAll(process, address);

    SpaceClient child = process.fork("exclusive_cow_child");
    Pattern.write(child, address, rising(BUFFER_BYTES, 2));
    Pattern.write(process, address, rising(BUFFER_BYTES, 1));

    assertThat(Pattern.read(process, address, BUFFER_BYTES)).isEqualTo(rising(BUFFER_BYTES, 1));
    assertThat(Pattern.read(child, address, BUFFER_BYTES)).isEqualTo(rising(BUFFER_BYTES, 2));
    assertThat(rig.open(0, process).snapshot(address, BUFFER_BYTES))
        .containsOnly(PageState.PAGE_STATE_WRITE);
    done(child.destroy());
    done(process.destroy());
  }
}
