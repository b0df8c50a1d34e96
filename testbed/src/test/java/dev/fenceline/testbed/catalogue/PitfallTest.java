package dev.fenceline.testbed.catalogue;

import static dev.fenceline.testbed.catalogue.CatalogueRig.HUGE_BYTES;
import static dev.fenceline.testbed.catalogue.CatalogueRig.done;
import static dev.fenceline.testbed.catalogue.CatalogueRig.map;
import static dev.fenceline.testbed.catalogue.Pattern.rising;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.client.Advice;
import dev.fenceline.client.Mapping;
import dev.fenceline.client.Move;
import dev.fenceline.client.RefusedException;
import dev.fenceline.client.SpaceClient;
import dev.fenceline.common.v1.Errno;
import dev.fenceline.device.v1.ProgramResult;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import java.io.IOException;
import java.util.Arrays;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Races and traps that Linux's drivers have met, by the number that they have in our list. */
class PitfallTest {
  private static final int PAGE_BYTES = 4096;

  private static CatalogueRig rig;

  @BeforeAll
  static void start() throws IOException {
    rig = new CatalogueRig();
  }

  @AfterAll
  static void stop() {
    rig.close();
  }

  private static long writtenHuge(SpaceClient process) {
    long mapped = map(process, Mapping.anywhere(2 * HUGE_BYTES, Protection.READ_WRITE));
    long address = (mapped + HUGE_BYTES - 1) & -HUGE_BYTES;
    Pattern.write(process, address, rising(HUGE_BYTES));
    return address;
  }

  @Test
  void pitfall09_afterTheEndOfASpace_aFaultIsAnErrorAndResurrectsNothing() {
    SpaceClient process = rig.process("exit");
    long address = writtenHuge(process);
    TestDevice device = rig.open(0, process);
    assertThat(device.read(address, HUGE_BYTES).ok()).isTrue();
    done(process.destroy());
    assertThat(device.sum(address, PAGE_BYTES).getErrno())
        .isIn(Errno.ERRNO_ENOENT, Errno.ERRNO_EFAULT);
    assertThatThrownBy(() -> process.read(address, 8)).isInstanceOf(RefusedException.class);
    assertThatThrownBy(() -> process.fork("late")).isInstanceOf(RefusedException.class);
  }

  @Test
  void pitfall18_aMappingThatShrinksUnderAReader_isReadUpToItsEndOrRefused()
      throws InterruptedException {
    SpaceClient process = rig.process("shrinks");
    TestDevice device = rig.open(0, process);
    for (int round = 0; round < 5; round++) {
      long address = writtenHuge(process);
      Thread shrinking =
          Thread.ofVirtual()
              .start(
                  () ->
                      done(
                          process.remap(
                              new Move(
                                  address, HUGE_BYTES, PAGE_BYTES, false, OptionalLong.empty()),
                              WaitPolicy.BLOCK)));
      ProgramResult result = device.sum(address, HUGE_BYTES);
      shrinking.join();
      if (result.getErrno() != Errno.ERRNO_UNSPECIFIED) {
        assertThat(result.getErrno()).isEqualTo(Errno.ERRNO_EFAULT);
        assertThat(result.getFaultAddress()).isGreaterThanOrEqualTo(address + PAGE_BYTES);
      }
      assertThat(device.read(address, PAGE_BYTES).mirror())
          .isEqualTo(Arrays.copyOf(rising(HUGE_BYTES), PAGE_BYTES));
    }
    done(process.destroy());
  }

  @Test
  void pitfall19_aMovedRange_isFoundAtItsNewPlaceAndNowhereElse() {
    SpaceClient process = rig.process("moved");
    TestDevice device = rig.open(0, process);
    long address = writtenHuge(process);
    assertThat(device.read(address, HUGE_BYTES).ok()).isTrue();
    long target = map(process, Mapping.anywhere(HUGE_BYTES, Protection.READ));
    done(process.remap(Move.to(address, HUGE_BYTES, HUGE_BYTES, target), WaitPolicy.BLOCK));
    assertThat(device.read(target, HUGE_BYTES).mirror()).isEqualTo(rising(HUGE_BYTES));
    assertThat(device.sum(address, PAGE_BYTES).getErrno()).isEqualTo(Errno.ERRNO_EFAULT);
    assertThat(device.write(target, new byte[PAGE_BYTES]).ok()).isTrue();
    done(process.destroy());
  }

  @Test
  void pitfall29_aHugeRangeThatDevicesHold_isCutMovedDiscardedAndForked() {
    SpaceClient process = rig.process("cut");
    TestDevice device = rig.open(0, process);
    long address = writtenHuge(process);
    byte[] bytes = rising(HUGE_BYTES);
    assertThat(device.write(address, bytes).ok()).isTrue();

    SpaceClient child = process.fork("child");
    long half = HUGE_BYTES / 2;
    done(process.unmap(address + half, PAGE_BYTES, WaitPolicy.BLOCK));
    done(process.advise(address, PAGE_BYTES, Advice.DONTNEED, WaitPolicy.BLOCK));
    long target = map(process, Mapping.anywhere(half, Protection.READ));
    done(
        process.remap(
            new Move(
                address + half + PAGE_BYTES,
                half - PAGE_BYTES,
                half - PAGE_BYTES,
                true,
                OptionalLong.of(target)),
            WaitPolicy.BLOCK));

    Arrays.fill(bytes, 0, PAGE_BYTES, (byte) 0);
    assertThat(device.read(address, half).mirror()).isEqualTo(Arrays.copyOf(bytes, (int) half));
    assertThat(device.sum(address + half, PAGE_BYTES).getErrno()).isEqualTo(Errno.ERRNO_EFAULT);
    assertThat(device.read(target, half - PAGE_BYTES).mirror())
        .isEqualTo(Arrays.copyOfRange(bytes, (int) half + PAGE_BYTES, (int) HUGE_BYTES));
    assertThat(rig.open(1, child).read(address, HUGE_BYTES).mirror()).isEqualTo(rising(HUGE_BYTES));
    done(child.destroy());
    done(process.destroy());
  }
}
