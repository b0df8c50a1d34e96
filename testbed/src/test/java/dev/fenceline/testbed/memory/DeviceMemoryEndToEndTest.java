package dev.fenceline.testbed.memory;

import static dev.fenceline.testbed.catalogue.CatalogueRig.map;
import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.agent.engine.memory.MigrationPolicy;
import dev.fenceline.agent.engine.memory.PagePool;
import dev.fenceline.agent.runtime.Device;
import dev.fenceline.agent.runtime.HostLink;
import dev.fenceline.agent.runtime.program.Program;
import dev.fenceline.agent.runtime.program.ProgramReport;
import dev.fenceline.client.Mapping;
import dev.fenceline.client.SpaceClient;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import dev.fenceline.testbed.catalogue.CatalogueRig;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Waits are for conditions; the time-out of a test bounds them. */
class DeviceMemoryEndToEndTest {
  private static final int MEMORY_PAGES = 64;
  private static final int PAGE = Pages.SIZE_BYTES;
  private static final long BOUND_NANOS = TimeUnit.SECONDS.toNanos(50);

  private CatalogueRig rig;

  private void start(MigrationPolicy policy, String groupOfBoth) throws Exception {
    rig =
        new CatalogueRig(
            List.of(
                new DeviceDescription(0, "device-0", 2, MEMORY_PAGES, groupOfBoth, false),
                new DeviceDescription(1, "device-1", 2, MEMORY_PAGES, groupOfBoth, false)),
            policy);
  }

  @AfterEach
  void stop() {
    rig.close();
  }

  private Device device(int index) {
    return rig.agent().devices().get(index);
  }

  private int used(int device) {
    return device(device).memory().count(PagePool.State.USED);
  }

  private ProgramReport run(int device, SpaceClient space, Program program) throws Exception {
    HostLink link = rig.agent().links().getFirst();
    ProgramReport report =
        rig.agent()
            .run(link, device(device), space.id(), program, BOUND_NANOS)
            .get(2 * BOUND_NANOS, TimeUnit.NANOSECONDS);
    assertThat(report.failure()).isNull();
    return report;
  }

  private static void await(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      LockSupport.parkNanos(2_000_000);
    }
  }

  private static long word(SpaceClient space, long address) {
    return ByteBuffer.wrap(space.read(address, Long.BYTES))
        .order(ByteOrder.LITTLE_ENDIAN)
        .getLong();
  }

  private long buffer(SpaceClient space, int pages) {
    return map(space, Mapping.anywhere((long) pages * PAGE, Protection.READ_WRITE));
  }

  @Test
  void firstTouch_bringsPagesToTheDevice_aCpuTouchTakesThemBack() throws Exception {
    start(MigrationPolicy.FIRST_TOUCH, "");
    SpaceClient space = rig.process("first touch");
    long address = buffer(space, 32);

    run(0, space, new Program.Fill(address, 32L * PAGE, 5));
    await(() -> used(0) == 32);
    run(0, space, new Program.Fill(address + PAGE, PAGE, 9));
    assertThat(device(0).counters().localBytes.sum()).isPositive();

    assertThat(word(space, address + PAGE)).isEqualTo(9);
    assertThat(word(space, address + 31 * PAGE + 8)).isEqualTo(5);
    await(() -> used(0) < 32);
    assertThat(run(0, space, new Program.Checksum(address, 32L * PAGE)).sum())
        .isEqualTo(31L * 512 * 5 + 512 * 9);
  }

  @Test
  void workingSetTwiceTheMemory_computesRight() throws Exception {
    start(MigrationPolicy.PREFERRED, "");
    SpaceClient space = rig.process("oversubscription");
    int pages = 2 * MEMORY_PAGES;
    long address = buffer(space, pages);
    long target = buffer(space, pages);

    run(0, space, new Program.Fill(address, (long) pages * PAGE, 3));
    run(0, space, new Program.Fill(target, (long) pages * PAGE, 1));
    for (int round = 1; round <= 4; round++) {
      run(0, space, new Program.Add(address, target, target, (long) pages * PAGE));
      assertThat(run(0, space, new Program.Checksum(target, (long) pages * PAGE)).sum())
          .isEqualTo((1L + 3 * round) * pages * 512);
    }

    assertThat(device(0).memory().allocations()).as("pages came").isPositive();
    for (int page = 0; page < pages; page++) {
      assertThat(word(space, target + (long) page * PAGE)).isEqualTo(13);
    }
  }

  @Test
  void devicesOfOneGroup_useAPageWhereItIs() throws Exception {
    start(MigrationPolicy.FIRST_TOUCH, "group");
    SpaceClient space = rig.process("one group");
    long address = buffer(space, 4);
    run(0, space, new Program.Fill(address, 4L * PAGE, 5));
    await(() -> used(0) == 4);

    run(1, space, new Program.AtomicAdd(address, 10, 1));
    run(0, space, new Program.AtomicAdd(address, 10, 1));

    assertThat(used(0)).isEqualTo(4);
    assertThat(device(1).counters().peerBytes.sum()).isPositive();
    assertThat(word(space, address)).isEqualTo(25);
  }

  @Test
  void devicesOfTwoGroups_thePageComesHomeInBetween() throws Exception {
    start(MigrationPolicy.FIRST_TOUCH, "");
    SpaceClient space = rig.process("two groups");
    long address = buffer(space, 4);
    run(0, space, new Program.Fill(address, 4L * PAGE, 5));
    await(() -> used(0) == 4);

    run(1, space, new Program.AtomicAdd(address, 10, 1));

    assertThat(used(0)).isLessThan(4);
    assertThat(word(space, address)).isEqualTo(15);
  }

  /** Pitfall 30: no new allocations first, then everything comes home. */
  @Test
  void drainedDevice_holdsNothing_andItsBytesAreHome() throws Exception {
    start(MigrationPolicy.FIRST_TOUCH, "");
    SpaceClient space = rig.process("drain");
    long address = buffer(space, 16);
    run(0, space, new Program.Fill(address, 16L * PAGE, 7));
    await(() -> used(0) == 16);

    rig.agent().drains().drain(List.of(device(0)), "test", BOUND_NANOS);
    await(() -> rig.agent().drains().drained() == 1);

    assertThat(device(0).memory().held()).isZero();
    for (int page = 0; page < 16; page++) {
      assertThat(word(space, address + (long) page * PAGE)).isEqualTo(7);
    }
  }
}
