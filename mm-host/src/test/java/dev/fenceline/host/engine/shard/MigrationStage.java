package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Access;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import java.util.List;

/** A shard with an address space, and an agent whose device has memory, for tests. */
class MigrationStage {
  static final long PAGE = ShardFixture.PAGE;
  static final DeviceId A = new DeviceId("a", 0);

  final ShardFixture shard;
  final long space;
  final FakeMemory memory;

  MigrationStage() {
    this(new ShardFixture());
  }

  MigrationStage(ShardFixture shard) {
    this(shard, false);
  }

  MigrationStage(ShardFixture shard, boolean coherent) {
    this.shard = shard;
    space = shard.createSpace();
    memory = new FakeMemory(shard, "a", new DeviceDescription(0, "a", 1, 64, "", coherent));
    shard.map(space, 0, 32, Protection.READ_WRITE);
    memory.attach(1);
    shard.mirror(1, 1, space, 0, 0, 32);
  }

  long entry(long page) {
    return shard.engine.queries().space(space).memory().entry(Pages.number(at(page)));
  }

  static long at(long page) {
    return ShardFixture.BASE + page * PAGE;
  }

  long migrate(long page, int pages) {
    return shard.submit(
        new SpaceOperation.MigrateToDevice(space, at(page), pages * PAGE, A, null),
        WaitPolicy.BLOCK);
  }

  /** Touches as a CPU does; the number of the last such fault. */
  void touch(long page, int pages, Access access) {
    shard.input(new ShardInput.CpuFault(9, space, at(page), pages, access));
    drainCpu();
  }

  void drainCpu() {
    for (ShardEffect.DropCpuEntries drop : shard.all(ShardEffect.DropCpuEntries.class)) {
      shard.input(new ShardInput.CpuDrained(drop.invalidationId()));
    }
  }

  List<ShardEffect.CpuFaultEnded> cpuFaults() {
    return shard.all(ShardEffect.CpuFaultEnded.class);
  }

  void toDevice(long page, int pages) {
    long request = migrate(page, pages);
    drainCpu();
    memory.reportIn();
    assertThat(shard.ended(request)).isTrue();
  }
}
