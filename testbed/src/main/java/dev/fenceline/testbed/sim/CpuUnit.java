package dev.fenceline.testbed.sim;

import dev.fenceline.concurrent.MirrorAccess;
import dev.fenceline.concurrent.MirrorEntry;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Errno;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * One CPU of the host that reads and writes memory; announcing, looking up, accessing and
 * withdrawing are steps of their own. Confined to the event loop.
 */
final class CpuUnit {
  private static final int MAX_FAULTS = 40;
  private static final int ACTOR_BASE = 1000;

  private final SimWorld world;
  private final SimHost host;
  private final HostCpu cpu;
  private final int slot;
  private final SplittableRandom random;
  private @Nullable DataOperation operation;
  private int faults;
  private long served;

  CpuUnit(SimWorld world, SimHost host, HostCpu cpu, int slot, SplittableRandom random) {
    this.world = world;
    this.host = host;
    this.cpu = cpu;
    this.slot = slot;
    this.random = random;
  }

  void start() {
    host.after(random.nextInt(1_000_000), "cpu begins", this::begin);
  }

  boolean idle() {
    return operation == null;
  }

  /** Its host died: what it wrote to a device's memory may have been read there. */
  void died() {
    if (operation != null) {
      operation.abandon();
    }
  }

  /** Accesses that came to an end. */
  long served() {
    return served;
  }

  private void begin() {
    SimSpace space = world.anySpace(random);
    if (space == null || !world.working || space.hostEpoch() != host.epoch()) {
      pause();
      return;
    }
    DataOperation next = DataOperation.draw(world, space, ACTOR_BASE + slot, random);
    if (!next.hasSpace()) {
      pause();
      return;
    }
    operation = next;
    faults = 0;
    announce(next);
  }

  private void pause() {
    host.after(200_000 + random.nextInt(1_500_000), "cpu rests", this::begin);
  }

  private void announce(DataOperation wanted) {
    MirrorAccess table = cpu.table(wanted.space().id());
    table.slots().announceAt(slot, wanted.vpn(), wanted.pages());
    host.after(random.nextInt(3_000), "cpu looks up", () -> lookUp(wanted, table));
  }

  private void lookUp(DataOperation wanted, MirrorAccess table) {
    int pages = wanted.pages();
    int[] frames = new int[pages];
    int[] generations = new int[pages];
    long[] serials = new long[pages];
    long[] granted = new long[pages];
    long needed = wanted.writes() ? MirrorEntry.WRITE : MirrorEntry.READ;
    for (int i = 0; i < pages; i++) {
      long entry = table.table().get(wanted.vpn() + i);
      if (!MirrorEntry.grants(entry, needed)) {
        table.close(slot);
        miss(wanted, i);
        return;
      }
      frames[i] = MirrorEntry.frame(entry);
      generations[i] = MirrorEntry.generation(entry);
      serials[i] = SimPeers.isPeer(frames[i]) ? 0 : host.frames().serial(frames[i]);
      granted[i] =
          world.monitor.grantSequence(
              wanted.space(), 0, 0, wanted.vpn() + i, MirrorEntry.generation(entry));
      boolean written = world.memory.read(wanted.space(), Frames.address(wanted.vpn() + i, 0)) != 0;
      if (frames[i] == 0 && written) {
        throw new InvariantViolation("INV-13", "a CPU finds the zero page at " + wanted.describe());
      }
    }
    boolean remote = SimPeers.isPeer(frames[0]);
    if (frames[0] != frames[pages - 1] && (remote || SimPeers.isPeer(frames[pages - 1]))) {
      table.close(slot);
      wanted.abandon(); // a real CPU does such an access in two parts
      done();
      return;
    }
    Access access = new Access(host, wanted.space(), 0, 0, wanted.vpn(), granted, false);
    world.monitor.opened(access);
    if (remote) {
      new CpuRemote(host, this, wanted, table, access, random).ask(frames[0], generations);
      return;
    }
    long delay = random.nextInt(12) == 0 ? random.nextInt(2_000_000) : random.nextInt(4_000);
    host.after(delay, "cpu accesses", () -> access(wanted, table, access, frames, serials));
  }

  private void access(
      DataOperation wanted, MirrorAccess table, Access access, int[] frames, long[] serials) {
    for (int i = 0; i < frames.length; i++) {
      if (frames[i] != 0 && host.frames().serial(frames[i]) != serials[i]) {
        throw new InvariantViolation(
            "INV-3", "frame %d was freed under %s".formatted(frames[i], wanted.describe()));
      }
      world.monitor.accessed(wanted.space(), wanted.vpn() + i, access.grantSequences()[i], "a CPU");
      world.exclusives.accessed(wanted.space(), wanted.vpn() + i, DeviceId.CPU);
    }
    wanted.attempt();
    wanted.execute(host.frames(), frames, true);
    host.after(
        random.nextInt(3_000),
        "cpu withdraws",
        () -> {
          world.monitor.closed(access);
          table.close(slot);
          wanted.answered();
          served++;
          done();
        });
  }

  SimWorld world() {
    return world;
  }

  int slot() {
    return slot;
  }

  /** A device did it. */
  void remoteDone(DataOperation wanted) {
    wanted.answered();
    served++;
    done();
  }

  /** Nobody will hear whether a device did it. */
  void remoteLost(DataOperation wanted) {
    wanted.abandon();
    served++;
    done();
  }

  /** A device did not do it: the host may know more by now, that the page has moved or is lost. */
  void remoteStale(DataOperation wanted) {
    host.after(random.nextInt(1_000_000), "cpu asks again", () -> miss(wanted, 0));
  }

  private void miss(DataOperation wanted, int page) {
    if (++faults > MAX_FAULTS) {
      wanted.abandon();
      done();
    } else {
      cpu.fault(this, wanted, page);
    }
  }

  /** Its fault was answered. */
  void faultEnded(@Nullable Errno errno) {
    DataOperation wanted = operation;
    if (wanted == null) {
      throw new InvariantViolation("INV-6", "a CPU heard of a fault that it did not have");
    }
    if (errno != null) {
      if (errno == Errno.RESOURCE_EXHAUSTED) {
        world.count(Sometimes.FRAMES_EXHAUSTED);
      }
      wanted.abandon();
      served++;
      done();
      return;
    }
    host.after(random.nextInt(3_000), "cpu retries", () -> announce(wanted));
  }

  private void done() {
    operation = null;
    pause();
  }
}
