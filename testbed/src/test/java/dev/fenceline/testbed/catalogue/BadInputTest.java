package dev.fenceline.testbed.catalogue;

import static dev.fenceline.testbed.catalogue.CatalogueRig.done;
import static dev.fenceline.testbed.catalogue.CatalogueRig.map;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.agent.engine.memory.MigrationPolicy;
import dev.fenceline.client.Advice;
import dev.fenceline.client.Mapping;
import dev.fenceline.client.PinSpec;
import dev.fenceline.client.RefusedException;
import dev.fenceline.client.SpaceClient;
import dev.fenceline.device.v1.Access;
import dev.fenceline.device.v1.RunProgramRequest;
import dev.fenceline.device.v1.SyncPoint;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import dev.fenceline.space.v1.MigrationInfo;
import dev.fenceline.space.v1.SkippedPages;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What cannot be, asked for over the public API: typed errors as Linux gives them. */
class BadInputTest {
  private static final int PAGE = 4096;
  private static final DeviceId DEVICE = new DeviceId("agent-1", 0);
  private static final PinSpec PIN = new PinSpec(true, true, "test", "bad input");

  private static CatalogueRig rig;
  private SpaceClient process;
  private long address;

  @BeforeAll
  static void start() throws IOException {
    rig = CatalogueRig.withDeviceMemory(64, MigrationPolicy.NEVER);
  }

  @AfterAll
  static void stop() {
    rig.close();
  }

  /** Four pages, of which the third is a hole. */
  @BeforeEach
  void mapWithAHole() {
    process = rig.process("bad_input");
    address = map(process, Mapping.anywhere(4 * PAGE, Protection.READ_WRITE));
    done(process.unmap(address + 2 * PAGE, PAGE, WaitPolicy.BLOCK));
  }

  @AfterEach
  void end() {
    done(process.destroy());
  }

  private static Errno refused(Runnable call) {
    try {
      call.run();
    } catch (RefusedException refusal) {
      assertThat(refusal.getMessage()).isNotBlank();
      return refusal.errno();
    }
    throw new AssertionError("was not refused");
  }

  @Test
  void holes_areRefusedByWhateverNeedsPages() {
    assertThat(refused(() -> process.migrate(address, 4 * PAGE, DEVICE))).isEqualTo(Errno.EINVAL);
    assertThat(refused(() -> process.migrate(address, 4 * PAGE, null))).isEqualTo(Errno.EINVAL);
    assertThat(refused(() -> process.pin(address, 4 * PAGE, PIN))).isEqualTo(Errno.EFAULT);
    for (Advice advice : Advice.values()) {
      assertThat(refused(() -> process.advise(address, 4 * PAGE, advice, WaitPolicy.BLOCK)))
          .as(advice.name())
          .isEqualTo(Errno.ENOMEM);
    }
    assertThat(rig.open(0, process).exclusive(address + 2 * PAGE, PAGE).errno())
        .isEqualTo(dev.fenceline.common.v1.Errno.ERRNO_EFAULT);
  }

  @Test
  void devicesThatAreNotThere_areUnavailable() {
    assertThat(refused(() -> process.migrate(address, PAGE, new DeviceId("nobody", 0))))
        .isEqualTo(Errno.UNAVAILABLE);
    assertThat(refused(() -> process.migrate(address, PAGE, new DeviceId("agent-1", 7))))
        .isEqualTo(Errno.UNAVAILABLE);
  }

  @Test
  void addressesAndSpacesThatCannotBe_areRefused() {
    assertThat(refused(() -> process.migrate(address + 1, PAGE, DEVICE))).isEqualTo(Errno.EINVAL);
    assertThat(refused(() -> process.migrate(address, 0, DEVICE))).isEqualTo(Errno.EINVAL);
    assertThat(refused(() -> process.migrate(address, 1L << 46, DEVICE))).isEqualTo(Errno.EINVAL);
    assertThat(refused(() -> process.pin(address, (1L << 30) + PAGE, PIN))).isEqualTo(Errno.EINVAL);
    SpaceClient nobody = rig.host().space(4_711);
    assertThat(refused(() -> nobody.migrate(address, PAGE, DEVICE))).isEqualTo(Errno.ENOENT);
    assertThat(refused(() -> nobody.pin(address, PAGE, PIN))).isEqualTo(Errno.ENOENT);
    assertThat(refused(() -> nobody.advise(address, PAGE, Advice.FREE, WaitPolicy.BLOCK)))
        .isEqualTo(Errno.ENOENT);
    assertThat(refused(() -> rig.host().unpin(4_711))).isEqualTo(Errno.ENOENT);
  }

  @Test
  void mappingsOfTheWrongKind_areRefusedOrSkipped() {
    long shared = map(process, Mapping.anywhere(PAGE, Protection.READ_WRITE).of("", 0, true));
    long readOnly = map(process, Mapping.anywhere(PAGE, Protection.READ));
    long none = map(process, Mapping.anywhere(PAGE, Protection.NONE));
    TestDevice device = rig.open(0, process);

    assertThat(process.migrate(shared, PAGE, DEVICE).getSkippedList())
        .extracting(SkippedPages::getReason)
        .containsExactly(SkippedPages.Reason.REASON_NOT_ANONYMOUS);
    assertThat(refused(() -> process.migrate(none, PAGE, DEVICE))).isEqualTo(Errno.EINVAL);
    assertThat(refused(() -> process.advise(shared, PAGE, Advice.FREE, WaitPolicy.BLOCK)))
        .isEqualTo(Errno.EINVAL);
    assertThat(refused(() -> process.pin(readOnly, PAGE, PIN))).isEqualTo(Errno.EPERM);
    assertThat(refused(() -> process.pin(none, PAGE, PIN))).isEqualTo(Errno.EFAULT);
    assertThat(device.exclusive(shared, PAGE).errno())
        .isEqualTo(dev.fenceline.common.v1.Errno.ERRNO_EINVAL);
    assertThat(device.exclusive(readOnly, PAGE).errno())
        .isEqualTo(dev.fenceline.common.v1.Errno.ERRNO_EPERM);
  }

  @Test
  void moreThanTheDeviceHas_isMovedAsFarAsThereIsRoom() {
    long large = map(process, Mapping.anywhere(128 * PAGE, Protection.READ_WRITE));

    MigrationInfo info = process.migrate(large, 128 * PAGE, DEVICE);

    assertThat(info.getMovedPages()).isLessThanOrEqualTo(64).isPositive();
    assertThat(info.getSkippedList())
        .extracting(SkippedPages::getReason)
        .contains(SkippedPages.Reason.REASON_NO_MEMORY);
  }

  @Test
  void deviceThatIsUnplugged_takesNothing_untilItIsReturned() {
    DeviceId second = new DeviceId("agent-1", 1);
    assertThat(rig.open(1, process).read(address, PAGE).ok()).isTrue();
    rig.unplug(1);
    assertThat(refused(() -> process.migrate(address, PAGE, second))).isEqualTo(Errno.EAGAIN);
    assertThat(rig.open(1, process).read(address, PAGE).ok()).isFalse();

    rig.plugIn(1);
    assertThat(rig.open(1, process).read(address, PAGE).ok()).isTrue();
    assertThat(process.migrate(address, PAGE, second).getMovedPages()).isEqualTo(1);
  }

  @Test
  void exclusiveAccessToAPinnedPage_waitsNoLongerThanItsProgram() {
    process.write(address, new byte[8]);
    long pin = process.pin(address, PAGE, PIN);
    RunProgramRequest exclusive =
        RunProgramRequest.newBuilder()
            .setSpaceId(process.id())
            .setAccess(Access.newBuilder().setAddress(address).setLength(8))
            .setExclusive(true)
            .setDeadlineNanos(Duration.ofMillis(300).toNanos())
            .build();

    assertThat(rig.devices().run(exclusive).getErrno())
        .isEqualTo(dev.fenceline.common.v1.Errno.ERRNO_ETIME);
    rig.host().unpin(pin);
    assertThat(rig.devices().run(exclusive.toBuilder().setDeadlineNanos(0).build()).getErrno())
        .isEqualTo(dev.fenceline.common.v1.Errno.ERRNO_UNSPECIFIED);
  }

  @Test
  void programThatWaitsForItself_isRefused() {
    RunProgramRequest request =
        RunProgramRequest.newBuilder()
            .setSpaceId(process.id())
            .setAccess(Access.newBuilder().setAddress(address).setLength(8))
            .setSignals("me")
            .addWaitsFor(SyncPoint.newBuilder().setName("me"))
            .build();
    assertThat(rig.devices().run(request).getErrno())
        .isEqualTo(dev.fenceline.common.v1.Errno.ERRNO_EINVAL);
  }
}
