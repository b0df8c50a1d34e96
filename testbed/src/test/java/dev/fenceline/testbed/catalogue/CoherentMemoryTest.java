package dev.fenceline.testbed.catalogue;

import static dev.fenceline.testbed.catalogue.CatalogueRig.done;
import static dev.fenceline.testbed.catalogue.CatalogueRig.map;
import static dev.fenceline.testbed.catalogue.Pattern.falling;
import static dev.fenceline.testbed.catalogue.Pattern.rising;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.client.Mapping;
import dev.fenceline.client.PinSpec;
import dev.fenceline.client.RefusedException;
import dev.fenceline.client.SpaceClient;
import dev.fenceline.device.v1.SnapshotReply.PageState;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The memory of coherent devices, used where it is by CPUs and devices alike. */
class CoherentMemoryTest {
  private static final int PAGE_BYTES = 4096;
  private static final int PAGES = 64;
  private static final long LENGTH = (long) PAGES * PAGE_BYTES;
  private static final DeviceId FIRST = new DeviceId("agent-1", 0);

  private static CatalogueRig rig;

  @BeforeAll
  static void start() throws IOException {
    rig = CatalogueRig.coherent(1024);
  }

  @AfterAll
  static void stop() {
    rig.close();
  }

  private static long migrated(SpaceClient process) {
    long address = map(process, Mapping.anywhere(LENGTH, Protection.READ_WRITE));
    Pattern.write(process, address, rising(LENGTH));
    assertThat(process.migrate(address, LENGTH, FIRST).getMovedPages()).isEqualTo(PAGES);
    return address;
  }

  private static void assertOnDevice(SpaceClient process, long address, long length) {
    assertThat(rig.open(0, process).snapshot(address, length))
        .containsOnly(PageState.PAGE_STATE_COHERENT_LOCAL_WRITE);
  }

  private static Errno refusal(Runnable call) {
    try {
      call.run();
    } catch (RefusedException refused) {
      return refused.errno();
    }
    throw new AssertionError("was not refused");
  }

  @Test
  void cpuAccess_readsAndWritesInPlace() {
    SpaceClient process = rig.process("coherent_cpu");
    long address = migrated(process);

    assertThat(Pattern.read(process, address, LENGTH)).isEqualTo(rising(LENGTH));
    Pattern.write(process, address, falling(LENGTH));

    assertThat(rig.open(0, process).read(address, LENGTH).mirror()).isEqualTo(falling(LENGTH));
    assertThat(Pattern.read(process, address, LENGTH)).isEqualTo(falling(LENGTH));
    assertOnDevice(process, address, LENGTH);
    done(process.destroy());
  }

  @Test
  void accessOverBothKindsOfMemory_isDoneInParts() {
    SpaceClient process = rig.process("coherent_mixed");
    long address = migrated(process);
    for (int page = 0; page < PAGES; page += 3) {
      process.migrate(address + (long) page * PAGE_BYTES, PAGE_BYTES, null);
    }

    assertThat(Pattern.read(process, address, LENGTH)).isEqualTo(rising(LENGTH));
    Pattern.write(process, address, falling(LENGTH));

    assertThat(rig.open(1, process).read(address, LENGTH).mirror()).isEqualTo(falling(LENGTH));
    done(process.destroy());
  }

  @Test
  void atomicsOfCpusAndDevices_loseNothingWhilePagesComeAndGo() throws Exception {
    SpaceClient process = rig.process("coherent_atomics");
    long address = migrated(process);
    process.write(address, new byte[8]);
    int times = 100;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> running = new ArrayList<>();
      for (int cpu = 0; cpu < 2; cpu++) {
        running.add(
            threads.submit(
                () -> IntStream.range(0, times).forEach(i -> process.atomicAdd(address, 1))));
      }
      for (int device = 0; device < 2; device++) {
        int index = device;
        running.add(threads.submit(() -> rig.open(index, process).add(address, times, 1)));
      }
      for (int round = 0; round < 5; round++) {
        process.migrate(address, PAGE_BYTES, null);
        process.migrate(address, PAGE_BYTES, FIRST);
        process.invalidate(address, PAGE_BYTES, WaitPolicy.BLOCK);
      }
      for (Future<?> each : running) {
        each.get();
      }
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    }

    assertThat(process.atomicAdd(address, 0)).isEqualTo(4L * times);
    done(process.destroy());
  }

  @Test
  void anotherDevice_ofAnotherOwnerGroup_usesThePageWhereItIs() {
    SpaceClient process = rig.process("coherent_remote");
    long address = migrated(process);

    assertThat(rig.open(1, process).read(address, LENGTH).mirror()).isEqualTo(rising(LENGTH));
    assertThat(rig.open(1, process).write(address, falling(LENGTH)).ok()).isTrue();

    assertOnDevice(process, address, LENGTH);
    assertThat(rig.open(1, process).snapshot(address, LENGTH))
        .containsOnly(PageState.PAGE_STATE_COHERENT_REMOTE_WRITE);
    assertThat(Pattern.read(process, address, LENGTH)).isEqualTo(falling(LENGTH));
    done(process.destroy());
  }

  @Test
  void refusals_areThoseOfAnyOtherMemory() {
    SpaceClient process = rig.process("coherent_refusals");
    long address = migrated(process);
    done(process.protect(address, PAGE_BYTES, Protection.READ, WaitPolicy.BLOCK));
    done(process.unmap(address + PAGE_BYTES, PAGE_BYTES, WaitPolicy.BLOCK));

    assertThat(refusal(() -> process.write(address, new byte[8]))).isEqualTo(Errno.EPERM);
    assertThat(refusal(() -> process.read(address + PAGE_BYTES, 8))).isEqualTo(Errno.EFAULT);

    assertThat(process.read(address + 8, 8)).isEqualTo(Arrays.copyOfRange(rising(LENGTH), 8, 16));
    done(process.destroy());
  }

  @Test
  void shortPin_holdsThePageOnItsDevice() {
    SpaceClient process = rig.process("coherent_pin");
    long address = migrated(process);
    long pin = process.pin(address, PAGE_BYTES, new PinSpec(true, false, "test", "direct I/O"));

    assertThat(process.migrate(address, 2 * PAGE_BYTES, null).getMovedPages()).isEqualTo(1);
    assertOnDevice(process, address, PAGE_BYTES);
    assertThatThrownBy(() -> process.fork("child")).isInstanceOf(RefusedException.class);
    assertThat(
            refusal(
                () ->
                    process.pin(address, PAGE_BYTES, new PinSpec(true, true, "test", "for long"))))
        .isEqualTo(Errno.EBUSY);
    Pattern.write(process, address, falling(PAGE_BYTES));

    rig.host().unpin(pin);
    assertThat(process.migrate(address, PAGE_BYTES, null).getMovedPages()).isEqualTo(1);
    assertThat(Pattern.read(process, address, PAGE_BYTES)).isEqualTo(falling(PAGE_BYTES));
    done(process.destroy());
  }

  @Test
  void shortPin_outlivesItsMapping() {
    SpaceClient process = rig.process("coherent_pin_outlives");
    rig.awaitHeldPages(0);
    long address = migrated(process);
    long pin = process.pin(address, PAGE_BYTES, new PinSpec(true, false, "test", "direct I/O"));

    done(process.destroy());
    rig.awaitHeldPages(1);

    rig.host().unpin(pin);
    rig.awaitHeldPages(0);
  }
}
