package dev.fenceline.testbed.sim;

import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** What the components of one run share. Confined to the event loop. */
final class SimWorld {
  final SimSettings settings;
  final Breakage breakage;
  final EventLoop loop;
  final ReferenceMemory memory;
  final Monitor monitor = new Monitor();
  final ExclusiveWatch exclusives = new ExclusiveWatch(this);
  final Network network;
  final Programs programs;
  final List<SimAgent> agents = new ArrayList<>();
  final List<SimClient> clients = new ArrayList<>();

  /** Address spaces that exist, of the host that runs. */
  final List<SimSpace> spaces = new ArrayList<>();

  private final long[] counters = new long[Sometimes.values().length];
  @Nullable SimHost host;
  @Nullable SimCoordinator coordinator;
  long dataOperations;
  long spaceOperations;
  long faultsInjected;
  private long lastId;

  /** False once everybody is to come to rest. */
  boolean working = true;

  /** False in the healing phase. */
  boolean faulty = true;

  /** From when on what was broken has healed, and all are attached again. */
  long settledNanos = Long.MAX_VALUE;

  SimWorld(SimSettings settings, Breakage breakage, EventLoop loop, SplittableRandom random) {
    this.settings = settings;
    this.breakage = breakage;
    this.loop = loop;
    this.memory = new ReferenceMemory(loop);
    this.network = new Network(this, random);
    this.programs = new Programs(this, random.split());
  }

  /** All but those that never come back; some of them may be down at the moment. */
  List<SimAgent> lastingAgents() {
    return agents.stream().filter(agent -> !agent.gone()).toList();
  }

  boolean broken(Breakage by) {
    return breakage == by;
  }

  void count(Sometimes what) {
    counters[what.ordinal()]++;
  }

  long[] counters() {
    return counters;
  }

  boolean settled(long sinceNanos) {
    return sinceNanos >= settledNanos;
  }

  /** Unique over the run. */
  long nextId() {
    return ++lastId;
  }

  /** A page worth accessing: mostly one of the hot ones, sometimes of the heap. */
  long interestingPage(SimSpace space, SplittableRandom random) {
    if (random.nextInt(8) == 0) {
      return Pages.number(SimSettings.HEAP_START) + random.nextInt(3);
    }
    int hot =
        Math.min(random.nextInt(SimSettings.HOT_PAGES), random.nextInt(SimSettings.HOT_PAGES));
    return SimSettings.HOT_VPN + hot;
  }

  /** One of the spaces that exist, or null. */
  @Nullable SimSpace anySpace(SplittableRandom random) {
    return spaces.isEmpty() ? null : spaces.get(random.nextInt(spaces.size()));
  }

  void trace(String who, Object what) {
    if (loop.tracing()) {
      loop.trace(() -> who + "  " + what);
    }
  }

  /** Whether that start of the host still lives: the truth about its memory dies with it. */
  boolean hasMemoryOf(long hostEpoch) {
    SimHost now = host;
    return now != null && now.alive() && now.epoch() == hostEpoch;
  }
}
