package dev.fenceline.agent.runtime;

import dev.fenceline.agent.engine.AgentInput;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Makes room in the memory of devices: picks pages that should go and tells the links that keep
 * them. Thread-safe.
 */
final class RoomMaker {
  /** As many pages at a time as one request to a host may name. */
  private static final int MAX_VICTIMS = 4_096;

  private final List<Device> devices;
  private final ConcurrentSkipListMap<Integer, HostLink> keepers = new ConcurrentSkipListMap<>();

  RoomMaker(List<Device> devices) {
    this.devices = devices;
  }

  void keeps(int keeper, HostLink link) {
    keepers.put(keeper, link);
  }

  /** So many pages found no room; what is leaving already counts as room. */
  void makeRoom(int deviceIndex, int missingPages) {
    devices
        .get(deviceIndex)
        .memory()
        .pickVictims(Math.min(MAX_VICTIMS, missingPages))
        .forEach((keeper, pages) -> evict(keeper, deviceIndex, pages));
  }

  /** This very page should go, whatever it is good for; false if it holds nothing that could. */
  boolean force(int deviceIndex, int localPage) {
    var picked = devices.get(deviceIndex).memory().pick(localPage);
    picked.forEach((keeper, pages) -> evict(keeper, deviceIndex, pages));
    return !picked.isEmpty();
  }

  private void evict(int keeper, int deviceIndex, List<Integer> pages) {
    HostLink link = keepers.get(keeper);
    if (link != null) {
      link.tell(new AgentInput.EvictPages(deviceIndex, pages));
    }
  }
}
