package dev.fenceline.testbed.sim;

import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.host.engine.space.SpaceOperation.Advice;
import dev.fenceline.host.engine.space.SpaceOperation.Placement;
import dev.fenceline.host.engine.space.SpaceOperation.Region;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import java.util.SplittableRandom;

/** A caller of the host's API that changes address spaces at random. Confined to the event loop. */
final class SimClient {
  private static final int MAX_IN_FLIGHT = 4;
  private static final int MAX_SPACES = 4;

  private final SimWorld world;
  private final SplittableRandom random;
  private int inFlight;

  SimClient(SimWorld world, SplittableRandom random) {
    this.world = world;
    this.random = random;
  }

  void start() {
    world.loop.after(random.nextInt(300_000), "client", this::act);
  }

  boolean idle() {
    return inFlight == 0;
  }

  void answered() {
    inFlight--;
  }

  private void act() {
    world.loop.after(200_000 + random.nextInt(2_200_000), "client", this::act);
    SimHost host = world.host;
    if (host == null || !host.alive() || !world.working || inFlight >= MAX_IN_FLIGHT) {
      return;
    }
    // A process that stands still hears nothing; what was sent to it waits.
    SpaceOperation operation = draw();
    WaitPolicy policy = policy();
    inFlight++;
    host.afterArrival(
        random.nextInt(20_000), () -> host.operations().submit(this, operation, policy), this);
  }

  private WaitPolicy policy() {
    return switch (random.nextInt(6)) {
      case 0 -> WaitPolicy.TRY;
      case 1 -> new WaitPolicy.Deadline(1 + random.nextInt(8_000_000));
      default -> WaitPolicy.BLOCK;
    };
  }

  private SpaceOperation draw() {
    SimSpace space = world.anySpace(random);
    if (space == null || (world.spaces.size() < MAX_SPACES && random.nextInt(25) == 0)) {
      NotificationMode mode =
          random.nextInt(4) == 0 ? NotificationMode.SEQUENTIAL : NotificationMode.SPLIT;
      return new SpaceOperation.Create("space", mode);
    }
    long id = space.id();
    if (world.settings.large() && random.nextInt(4) == 0) {
      return LargeOperations.draw(world, id, random);
    }
    int seldom = world.settings.reachesPeers() ? 3 : 8;
    if (world.settings.memoryPages() > 0 && random.nextInt(seldom) == 0) {
      return migrate(id);
    }
    return switch (random.nextInt(40)) {
      case 38, 39 -> pin(id);
      case 0 ->
          random.nextInt(3) == 0
              ? new SpaceOperation.Destroy(id)
              : new SpaceOperation.Invalidate(id, hot(), length(16));
      case 1 ->
          world.spaces.size() < MAX_SPACES
              ? new SpaceOperation.Fork(id, "child")
              : new SpaceOperation.Invalidate(id, hot(), length(2));
      case 2 ->
          new SpaceOperation.SetMode(
              id, random.nextBoolean() ? NotificationMode.SPLIT : NotificationMode.SEQUENTIAL);
      case 3, 4 -> new SpaceOperation.Unmap(id, hot(), length(6));
      case 5, 6, 7, 8 ->
          new SpaceOperation.Protect(
              id,
              hot(),
              length(8),
              random.nextInt(3) == 0 ? Protection.READ : Protection.READ_WRITE);
      case 9, 10, 11, 12 -> new SpaceOperation.Advise(id, hot(), length(6), advice());
      case 13, 14, 15, 16 -> new SpaceOperation.Invalidate(id, hot(), length(8));
      case 17, 18, 19, 20 ->
          new SpaceOperation.Brk(
              id, SimSettings.HEAP_START + Pages.address(random.nextInt(5)) + random.nextInt(2));
      case 21, 22, 23, 24 -> remap(id);
      case 25 -> new SpaceOperation.Protect(id, hot(), length(2), Protection.NONE);
      case 26 -> anywhere(id);
      default ->
          new SpaceOperation.Map(
              id,
              hot(),
              length(12),
              random.nextInt(5) == 0 ? Placement.FIXED : Placement.FIXED_NOREPLACE,
              region());
    };
  }

  /** Mostly private; what is shared is anonymous, or a part of what the family knows by name. */
  private Region region() {
    boolean shared = random.nextInt(4) == 0;
    boolean named = shared && random.nextBoolean();
    return new Region(
        Protection.READ_WRITE,
        shared,
        named ? "common" : "",
        named ? Pages.address(random.nextInt(4)) : 0);
  }

  private SpaceOperation migrate(long id) {
    if (random.nextInt(3) == 0) {
      return new SpaceOperation.MigrateToHost(id, hot(), length(8));
    }
    DeviceId device =
        new DeviceId(
            "agent-" + random.nextInt(world.settings.agents()),
            random.nextInt(world.settings.devicesPerAgent()));
    boolean direct = world.settings.reachesPeers() && random.nextInt(2) == 0;
    return new SpaceOperation.MigrateToDevice(
        id, hot(), length(direct ? 1 : 4), device, null, direct);
  }

  private SpaceOperation pin(long id) {
    return new SpaceOperation.Pin(
        id,
        hot(),
        length(4),
        random.nextBoolean(),
        new SpaceOperation.PinPurpose("simulation", "", random.nextBoolean()));
  }

  private SpaceOperation anywhere(long id) {
    return new SpaceOperation.Map(
        id, random.nextBoolean() ? 0 : hot(), length(4), Placement.ANYWHERE, region());
  }

  private SpaceOperation remap(long id) {
    boolean fixed = random.nextInt(3) == 0;
    return new SpaceOperation.Remap(
        id, hot(), length(4), length(5), fixed || random.nextBoolean(), fixed ? hot() : null);
  }

  private Advice advice() {
    return switch (random.nextInt(4)) {
      case 0 -> Advice.WILLNEED;
      case 1 -> Advice.NORMAL;
      default -> Advice.DONTNEED;
    };
  }

  private long hot() {
    return Pages.address(SimSettings.HOT_VPN + random.nextInt(SimSettings.HOT_PAGES));
  }

  private long length(int pages) {
    return Pages.address(1 + random.nextInt(pages));
  }
}
