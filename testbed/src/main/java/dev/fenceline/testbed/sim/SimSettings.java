package dev.fenceline.testbed.sim;

import dev.fenceline.agent.engine.memory.MigrationPolicy;
import dev.fenceline.host.engine.frame.Watermarks;
import dev.fenceline.host.engine.session.HostPolicy;
import dev.fenceline.host.engine.session.LeasePolicy;
import dev.fenceline.host.engine.shard.MigrationConfig;
import dev.fenceline.host.engine.shard.OomConfig;
import dev.fenceline.host.engine.shard.ReclaimConfig;
import dev.fenceline.host.engine.thrash.ThrashPolicy;
import dev.fenceline.host.engine.turn.TurnPolicy;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.Pages;
import java.util.SplittableRandom;

/**
 * The dimensions of one run, drawn from its seed; immutable. Times are virtual nanoseconds.
 *
 * @param faultGapNanos mean time between two faults
 * @param tailPercent messages out of a hundred that take long
 * @param frames frames of the host
 */
record SimSettings(
    int agents,
    int devicesPerAgent,
    int unitsPerDevice,
    int cpuUnits,
    int clients,
    int frames,
    long faultGapNanos,
    int tailPercent,
    boolean extremeClocks) {
  static final long MICRO = 1_000;
  static final long MILLI = 1_000_000;

  static final int SHARDS = 2;

  /** Accesses of peers that a device's mirror of a space can serve at a time. */
  static final int PEER_SLOTS = 3;

  static final int DRIFT_PPM = 50_000;
  static final LeasePolicy LEASES = new LeasePolicy(20 * MILLI, DRIFT_PPM, MILLI, MILLI, 5 * MILLI);

  /** How late a timer may be: with mailboxes in the way, well within the policy's tick. */
  static final int TIMER_LATENESS_NANOS = (int) (MILLI / 4);

  /** Seldom a policy that quarantines soon; holds are short against the time to heal. */
  static HostPolicy quarantines(SplittableRandom random) {
    int strikes = random.nextInt(3) == 0 ? 1 + random.nextInt(3) : 0;
    return new HostPolicy(strikes, 60 * MILLI, 5 * MILLI, 20 * MILLI, NotificationMode.SPLIT);
  }

  /** Quarantines nobody by itself. */
  static final HostPolicy FORGIVING =
      new HostPolicy(0, 60 * MILLI, 5 * MILLI, 20 * MILLI, NotificationMode.SPLIT);

  /**
   * A frozen agent is given up now and then, and one that comes back seldom finds its pages lost.
   */
  static final MigrationConfig MIGRATIONS = new MigrationConfig(30 * MILLI, 40 * MILLI);

  /** Short against leases, and against the bound of programs, as the real ones are. */
  static final TurnPolicy TURNS = new TurnPolicy(3, MILLI / 4, 4 * MILLI, 100 * MILLI);

  /** Pages are pinned soon, and not for long: both are to happen. */
  static final ThrashPolicy THRASHING = new ThrashPolicy(3, MILLI / 2, 2, 40, 400);

  /** How long faults go on. */
  static final long SAFETY_NANOS = 700 * MILLI;

  /** By when everything must have healed, from then on. */
  static final long HEALING_NANOS = 300 * MILLI;

  /** First page of the pages that everybody wants. */
  static final long HOT_VPN = 0x10_0000;

  static final int HOT_PAGES = 16;

  /** Where the heap of a space begins. */
  static final long HEAP_START = 0x8000_0000L;

  static SimSettings draw(SplittableRandom random) {
    int agents = 1 + random.nextInt(4);
    return new SimSettings(
        agents,
        1 + random.nextInt(agents > 2 ? 2 : 3),
        1 + random.nextInt(2),
        1 + random.nextInt(3),
        1 + random.nextInt(3),
        FRAMES[random.nextInt(FRAMES.length)],
        (long) (1.2 * MILLI + random.nextDouble() * 4 * MILLI),
        random.nextInt(10) < 3 ? 15 : 3,
        random.nextInt(10) < 4);
  }

  /** Few enough that there are never enough, some, and plenty. */
  private static final int[] FRAMES = {12, 24, 24, 160, 160, 160};

  /**
   * With few frames, what is cold is swapped out, but for every other run with the fewest; in some
   * runs before anybody starves.
   */
  ReclaimConfig reclaim() {
    boolean swaps = frames == 24 || (frames == 12 && faultGapNanos % 2 == 0);
    boolean ahead = frames == 24 && faultGapNanos % 2 == 0;
    return new ReclaimConfig(swaps ? 96 : 0, 2 * MILLI, 60 * MILLI, false)
        .withWatermarks(ahead ? new Watermarks(2, 4, 6) : Watermarks.NONE)
        .withPinAgeLimit(4 * MILLI);
  }

  /** Whether the pages that everybody wants lie in a block that may be one page of 2 MiB. */
  boolean large() {
    return frames == 160 && faultGapNanos % 8 == 7;
  }

  /** With large pages as many as four blocks, and some. */
  int frameCount() {
    return large() ? 5 * Pages.PER_BLOCK + frames : frames;
  }

  /**
   * Of the runs with the fewest frames, every other kills; where nothing is swapped out, sooner.
   */
  OomConfig oom() {
    boolean kills = frames == 12 && faultGapNanos / 2 % 2 == 0;
    return kills
        ? new OomConfig(OomConfig.Policy.KILL, frames + reclaim().swapSlots())
        : OomConfig.REFUSE;
  }

  /**
   * Pages of each device's own memory: none, or too few for what everybody wants, or for two large
   * pages.
   */
  int memoryPages() {
    if (faultGapNanos % 3 == 0) {
      return 0;
    }
    return large() ? 2 * Pages.PER_BLOCK : 6;
  }

  /** In half of the runs with memory all devices use each other's where it is. */
  String ownerGroup() {
    return faultGapNanos % 4 < 2 ? "group" : "";
  }

  /** Whether pages may go from device to device past the host. */
  boolean reachesPeers() {
    return memoryPages() > 0 && (!ownerGroup().isEmpty() || coherent());
  }

  /**
   * Whether each agent's first device is coherent: in a third of the runs with memory, with an
   * owner group and without.
   */
  boolean coherent() {
    return memoryPages() > 0 && faultGapNanos / 16 % 3 == 0;
  }

  /** Apart from all others, so that a run without memory goes as it always went. */
  SplittableRandom memoryRandom(int agent) {
    return new SplittableRandom(31 * faultGapNanos + agent);
  }

  /** With memory, devices ask for what they fault on. */
  MigrationPolicy migration() {
    return faultGapNanos % 2 == 0 ? MigrationPolicy.FIRST_TOUCH : MigrationPolicy.PREFERRED;
  }

  /** The rate of a process's clock, within the drift that leases allow for. */
  double clockRate(SplittableRandom random) {
    double bound = DRIFT_PPM / 1e6;
    if (extremeClocks) {
      return random.nextBoolean() ? 1 + bound : 1 - bound;
    }
    return 1 - bound + 2 * bound * random.nextDouble();
  }
}
