package dev.fenceline.testbed.sim;

import dev.fenceline.agent.engine.AgentInput;
import dev.fenceline.agent.engine.LinkState;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The mirrors of one agent's devices: opens one of each space that there is, and now and then
 * closes one. Confined to the event loop.
 */
final class AgentMirrors {
  private record Mirrored(int device, long spaceId) {}

  private final SimWorld world;
  private final SimAgent agent;
  private final SplittableRandom random;

  /** By ticket: mirrors asked for. */
  private final Map<Long, Mirrored> opening = new TreeMap<>();

  /** By mirror id. */
  private final Map<Integer, Mirrored> mirrors = new TreeMap<>();

  AgentMirrors(SimWorld world, SimAgent agent, SplittableRandom random) {
    this.world = world;
    this.agent = agent;
    this.random = random;
  }

  void start() {
    agent.after(random.nextInt(500_000), "agent minds mirrors", this::mind);
  }

  /** The space of a mirror of a device of its own, or null. */
  @Nullable SimSpace spaceOf(int mirrorId) {
    Mirrored mirrored = mirrors.get(mirrorId);
    return mirrored == null ? null : new SimSpace(agent.hostEpoch(), mirrored.spaceId());
  }

  /** The device that has a mirror, or null. */
  @Nullable SimDevice deviceOf(int mirrorId) {
    Mirrored mirrored = mirrors.get(mirrorId);
    return mirrored == null ? null : agent.devices().get(mirrored.device());
  }

  /** A space that the device mirrors, seldom one that is gone; or null. */
  @Nullable SimSpace any(int device, SplittableRandom chooser) {
    List<Long> spaces = new ArrayList<>();
    for (Mirrored mirrored : mirrors.values()) {
      if (mirrored.device() == device) {
        spaces.add(mirrored.spaceId());
      }
    }
    if (spaces.isEmpty() || agent.hostEpoch() == 0) {
      return null;
    }
    SimSpace space = new SimSpace(agent.hostEpoch(), spaces.get(chooser.nextInt(spaces.size())));
    return world.spaces.contains(space) || chooser.nextInt(10) == 0 ? space : null;
  }

  /** One may be opened for a page that a peer wants; else it is only forgotten. */
  void expect(long ticket, int device, long spaceId) {
    opening.put(ticket, new Mirrored(device, spaceId));
  }

  void opened(long ticket, int mirrorId) {
    Mirrored mirrored = opening.remove(ticket);
    agent.faults().mirrorInstead(ticket);
    if (mirrored != null) {
      mirrors.put(mirrorId, mirrored);
    }
  }

  void refused(long ticket) {
    opening.remove(ticket);
    agent.faults().mirrorInstead(ticket);
  }

  void closed(int mirrorId) {
    mirrors.remove(mirrorId);
    world.count(Sometimes.MIRROR_REMOVED);
  }

  void spaceGone(long spaceId) {
    mirrors.values().removeIf(mirrored -> mirrored.spaceId() == spaceId);
  }

  private void mind() {
    agent.after(1_000_000 + random.nextInt(3_000_000), "agent minds mirrors", this::mind);
    if (agent.engine().state() != LinkState.ATTACHED || !world.working) {
      return;
    }
    long epoch = agent.hostEpoch();
    mirrors.values().removeIf(m -> !world.spaces.contains(new SimSpace(epoch, m.spaceId())));
    for (SimSpace space : List.copyOf(world.spaces)) {
      for (SimDevice device : agent.devices()) {
        Mirrored wanted = new Mirrored(device.index(), space.id());
        boolean has = mirrors.containsValue(wanted) || opening.containsValue(wanted);
        if (space.hostEpoch() == agent.hostEpoch() && (!has || random.nextInt(60) == 0)) {
          open(wanted, has);
        }
      }
    }
    if (!mirrors.isEmpty() && random.nextInt(25) == 0) {
      List<Integer> ids = List.copyOf(mirrors.keySet());
      int id = ids.get(random.nextInt(ids.size()));
      mirrors.remove(id);
      agent.step(new AgentInput.CloseMirror(world.nextId(), id));
    }
  }

  private void open(Mirrored wanted, boolean another) {
    long ticket = world.nextId();
    opening.put(ticket, wanted);
    boolean half = another || random.nextInt(6) == 0;
    long start = half ? Pages.address(SimSettings.HOT_VPN) : 0;
    long end = half ? start + Pages.address(SimSettings.HOT_PAGES / 2) : Pages.ADDRESS_LIMIT;
    agent.step(
        new AgentInput.OpenMirror(ticket, wanted.spaceId(), wanted.device(), start, end, !another));
  }
}
