package dev.fenceline.testbed.catalogue;

import static dev.fenceline.testbed.catalogue.CatalogueRig.HUGE_BYTES;
import static dev.fenceline.testbed.catalogue.CatalogueRig.done;
import static dev.fenceline.testbed.catalogue.CatalogueRig.map;
import static dev.fenceline.testbed.catalogue.Pattern.rising;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.agent.engine.memory.MigrationPolicy;
import dev.fenceline.client.Mapping;
import dev.fenceline.client.SpaceClient;
import dev.fenceline.common.v1.Errno;
import dev.fenceline.control.v1.SetMemoryFaultsRequest;
import dev.fenceline.device.v1.AtomicAdd;
import dev.fenceline.device.v1.ProgramResult;
import dev.fenceline.device.v1.RunProgramRequest;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Protection;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Pitfalls of device memory over the public API, by the number that they have in our list. */
class PitfallDeviceMemoryTest {
  private static final int PAGE_BYTES = 4096;
  private static final DeviceId FIRST = new DeviceId("agent-1", 0);
  private static final DeviceId SECOND = new DeviceId("agent-1", 1);

  /** Its devices ask for whatever they fault on. */
  private static CatalogueRig rig;

  @BeforeAll
  static void start() throws IOException {
    rig = CatalogueRig.withDeviceMemory(1024, MigrationPolicy.PREFERRED);
  }

  @AfterAll
  static void stop() {
    rig.close();
  }

  private static long written(SpaceClient process, long length) {
    long address = map(process, Mapping.anywhere(length, Protection.READ_WRITE));
    Pattern.write(process, address, rising(length));
    return address;
  }

  private static CompletableFuture<ProgramResult> adding(
      SpaceClient process, int device, long address, int times) {
    return CompletableFuture.supplyAsync(
        () ->
            rig.devices()
                .run(
                    RunProgramRequest.newBuilder()
                        .setDeviceIndex(device)
                        .setSpaceId(process.id())
                        .setAtomicAdd(
                            AtomicAdd.newBuilder()
                                .setAddress(address)
                                .setTimes(times)
                                .setOperand(1))
                        .build()),
        Executors.newVirtualThreadPerTaskExecutor());
  }

  @Test
  void pitfall20_twoDevicesAndTheCpuPullAtOnePage_everyoneGetsOnAndNothingIsLost() {
    SpaceClient process = rig.process("tug_of_war");
    long address = map(process, Mapping.anywhere(PAGE_BYTES, Protection.READ_WRITE));
    CompletableFuture<ProgramResult> first = adding(process, 0, address, 500);
    CompletableFuture<ProgramResult> second = adding(process, 1, address, 500);
    int cpu = 0;
    while (!first.isDone() || !second.isDone() || cpu < 100) {
      process.atomicAdd(address, 1);
      cpu++;
    }
    assertThat(first.join().getErrno()).isEqualTo(Errno.ERRNO_UNSPECIFIED);
    assertThat(second.join().getErrno()).isEqualTo(Errno.ERRNO_UNSPECIFIED);
    assertThat(process.atomicAdd(address, 0)).isEqualTo(1000L + cpu);
    done(process.destroy());
  }

  @Test
  void pitfall21_manyThreadsTouchAMigratedRange_allReadTheSameBytes() {
    SpaceClient process = rig.process("many_threads");
    long address = written(process, 16 * PAGE_BYTES);
    for (int round = 0; round < 5; round++) {
      process.migrate(address, 16 * PAGE_BYTES, FIRST);
      List<CompletableFuture<byte[]>> readers = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        readers.add(
            CompletableFuture.supplyAsync(
                () -> process.read(address, 16 * PAGE_BYTES),
                Executors.newVirtualThreadPerTaskExecutor()));
      }
      readers.forEach(reader -> assertThat(reader.join()).isEqualTo(rising(16 * PAGE_BYTES)));
    }
    done(process.destroy());
  }

  @Test
  void pitfall22_twoDevicesMigrateOverlappingRangesAtOnce_noDeadlockAndNothingIsLost() {
    SpaceClient process = rig.process("overlapping");
    long address = written(process, HUGE_BYTES);
    long half = HUGE_BYTES / 2;
    for (int round = 0; round < 5; round++) {
      CompletableFuture<Long> first =
          CompletableFuture.supplyAsync(
              () -> process.migrate(address, half + 64 * PAGE_BYTES, FIRST).getMovedPages());
      CompletableFuture<Long> second =
          CompletableFuture.supplyAsync(
              () -> process.migrate(address + half, half, SECOND).getMovedPages());
      assertThat(first.join() + second.join()).isPositive();
      assertThat(Pattern.read(process, address, HUGE_BYTES)).isEqualTo(rising(HUGE_BYTES));
    }
    done(process.destroy());
  }

  @Test
  void pitfall33_whatADeviceWrote_comesHomeByTouchEvictionAndRevocation() {
    SpaceClient process = rig.process("dirty");
    long address = written(process, 8 * PAGE_BYTES);
    TestDevice device = rig.open(0, process);

    process.migrate(address, 8 * PAGE_BYTES, FIRST);
    assertThat(device.write(address, rising(8 * PAGE_BYTES, 1)).ok()).isTrue();
    assertThat(Pattern.read(process, address, 8 * PAGE_BYTES))
        .as("touched")
        .isEqualTo(rising(8 * PAGE_BYTES, 1));

    process.migrate(address, 8 * PAGE_BYTES, FIRST);
    assertThat(device.write(address, rising(8 * PAGE_BYTES, 2)).ok()).isTrue();
    evictAll();
    assertThat(Pattern.read(process, address, 8 * PAGE_BYTES))
        .as("evicted")
        .isEqualTo(rising(8 * PAGE_BYTES, 2));

    assertThat(device.exclusive(address, 8 * PAGE_BYTES).ok()).isTrue();
    assertThat(device.exclusiveAdd(address, 3, 1).getErrno()).isEqualTo(Errno.ERRNO_UNSPECIFIED);
    byte[] expected = rising(8 * PAGE_BYTES, 2);
    expected[0] = (byte) (expected[0] + 3);
    assertThat(Pattern.read(process, address, 8 * PAGE_BYTES)).as("revoked").isEqualTo(expected);
    done(process.destroy());
  }

  /** Waits until the first device's memory is empty. */
  private static void evictAll() {
    while (rig.devices().agent().getDevices(0).getMemoryUsedPages() > 0) {
      rig.control()
          .setMemoryFaults(
              SetMemoryFaultsRequest.newBuilder().setDeviceIndex(0).setEvictPages(1024).build());
      LockSupport.parkNanos(5_000_000); // the test's own time-out bounds it
    }
  }
}
