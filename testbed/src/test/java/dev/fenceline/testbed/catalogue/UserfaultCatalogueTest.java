package dev.fenceline.testbed.catalogue;

import static dev.fenceline.testbed.catalogue.CatalogueRig.done;
import static dev.fenceline.testbed.catalogue.CatalogueRig.map;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.client.Mapping;
import dev.fenceline.client.RefusedException;
import dev.fenceline.client.SpaceClient;
import dev.fenceline.common.v1.Errno;
import dev.fenceline.device.v1.ProgramResult;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Case 39 of the catalogue: pages that somebody supplies when they are touched. */
@ParameterizedClass
@EnumSource(Variant.class)
class UserfaultCatalogueTest {
  private static final int PAGE_BYTES = 4096;
  private static final long BYTES = 4 * PAGE_BYTES;

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

  private static long supplied(SpaceClient process) {
    long address = map(process, Mapping.anywhere(BYTES, Protection.READ_WRITE));
    done(process.handleMissing(address, BYTES, true));
    return address;
  }

  private static long awaitMissing(SpaceClient process) {
    while (process.missing().isEmpty()) {
      LockSupport.parkNanos(1_000_000); // the test's own time-out bounds it
    }
    return process.missing().getFirst();
  }

  @Test
  void case39_userfaultfdRead_theDeviceSeesWhatIsSupplied() {
    SpaceClient process = rig.process("userfaultfd_read");
    long address = supplied(process);
    TestDevice device = rig.open(0, process);
    CompletableFuture<TestDevice.Reply> read =
        CompletableFuture.supplyAsync(() -> device.read(address, BYTES));
    byte[] page = new byte[PAGE_BYTES];
    Arrays.fill(page, (byte) 0xAB);
    for (int i = 0; i < 4; i++) {
      long missing = address + (long) i * PAGE_BYTES;
      assertThat(awaitMissing(process)).isEqualTo(missing);
      done(process.supply(missing, page));
    }
    assertThat(read.join().mirror()).hasSize((int) BYTES).containsOnly(0xAB);
    assertThatThrownBy(() -> process.supply(address, page))
        .isInstanceOfSatisfying(
            RefusedException.class,
            refused -> assertThat(refused.errno()).isEqualTo(dev.fenceline.model.Errno.EEXIST));
    done(process.destroy());
  }

  @Test
  void case39_unmappedWhileItIsAwaited_theDeviceIsRefused() {
    SpaceClient process = rig.process("userfaultfd_unmap");
    long address = supplied(process);
    TestDevice device = rig.open(0, process);
    CompletableFuture<ProgramResult> read =
        CompletableFuture.supplyAsync(() -> device.sum(address, BYTES));
    awaitMissing(process);
    done(process.unmap(address, BYTES, WaitPolicy.BLOCK));
    assertThat(read.join().getErrno()).isEqualTo(Errno.ERRNO_EFAULT);
    assertThat(process.missing()).isEmpty();
    done(process.destroy());
  }

  @Test
  void case39_nothingIsSuppliedWhereNobodyAskedForIt() {
    SpaceClient process = rig.process("userfaultfd_none");
    long address = map(process, Mapping.anywhere(BYTES, Protection.READ_WRITE));
    assertThatThrownBy(() -> process.supply(address, new byte[PAGE_BYTES]))
        .isInstanceOfSatisfying(
            RefusedException.class,
            refused -> assertThat(refused.errno()).isEqualTo(dev.fenceline.model.Errno.ENOENT));
    done(process.destroy());
  }
}
