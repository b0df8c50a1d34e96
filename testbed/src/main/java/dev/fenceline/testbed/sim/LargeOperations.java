package dev.fenceline.testbed.sim;

import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.host.engine.space.SpaceOperation.Advice;
import dev.fenceline.host.engine.space.SpaceOperation.Placement;
import dev.fenceline.host.engine.space.SpaceOperation.Region;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import java.util.SplittableRandom;

/** What clients do to a whole block of 2 MiB, in which the pages that everybody wants lie. Pure. */
final class LargeOperations {
  private static final long BLOCK = Pages.address(SimSettings.HOT_VPN);
  private static final long LENGTH = Pages.address(Pages.PER_BLOCK);

  private LargeOperations() {}

  static SpaceOperation draw(SimWorld world, long space, SplittableRandom random) {
    return switch (random.nextInt(16)) {
      case 0, 1, 2, 3 ->
          new SpaceOperation.Map(
              space,
              BLOCK,
              LENGTH,
              random.nextInt(3) == 0 ? Placement.FIXED_NOREPLACE : Placement.FIXED,
              new Region(Protection.READ_WRITE, false, "", 0));
      case 4, 5, 6 -> new SpaceOperation.Advise(space, BLOCK, LENGTH, Advice.HUGEPAGE);
      case 7, 8 -> new SpaceOperation.Advise(space, BLOCK, LENGTH, Advice.COLLAPSE);
      case 9 -> new SpaceOperation.Advise(space, BLOCK, LENGTH, Advice.DONTNEED);
      case 10, 11 ->
          world.settings.memoryPages() > 0
              ? migrate(world, space, random)
              : new SpaceOperation.Invalidate(space, BLOCK, LENGTH);
      case 12 -> new SpaceOperation.MigrateToHost(space, BLOCK, LENGTH);
      case 13 ->
          new SpaceOperation.Protect(
              space, BLOCK, LENGTH, random.nextBoolean() ? Protection.READ : Protection.READ_WRITE);
      case 14 -> moved(space, random);
      default -> new SpaceOperation.Invalidate(space, BLOCK, LENGTH);
    };
  }

  private static SpaceOperation migrate(SimWorld world, long space, SplittableRandom random) {
    DeviceId device =
        new DeviceId(
            "agent-" + random.nextInt(world.settings.agents()),
            random.nextInt(world.settings.devicesPerAgent()));
    boolean direct = world.settings.reachesPeers() && random.nextBoolean();
    return new SpaceOperation.MigrateToDevice(space, BLOCK, LENGTH, device, null, direct);
  }

  /** There and back. */
  private static SpaceOperation moved(long space, SplittableRandom random) {
    long elsewhere = BLOCK + 4 * LENGTH;
    boolean there = random.nextBoolean();
    return new SpaceOperation.Remap(
        space, there ? BLOCK : elsewhere, LENGTH, LENGTH, true, there ? elsewhere : BLOCK);
  }
}
