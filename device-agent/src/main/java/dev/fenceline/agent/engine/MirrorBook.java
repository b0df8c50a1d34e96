package dev.fenceline.agent.engine;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The mirrors of one link. It knows every mirror that the host may know of, so whoever the host may
 * notify is found here. Confined to its engine.
 */
final class MirrorBook {
  private final TreeMap<Integer, Mirror> byId = new TreeMap<>();
  private final TreeMap<DeviceSpace, List<Mirror>> byView = new TreeMap<>();
  private int lastId;

  Mirror open(DeviceSpace view, long start, long end) {
    lastId++;
    Mirror mirror = new Mirror(lastId, view, start, end);
    byId.put(mirror.id, mirror);
    byView.computeIfAbsent(view, key -> new ArrayList<>()).add(mirror);
    return mirror;
  }

  void remove(Mirror mirror) {
    byId.remove(mirror.id);
    List<Mirror> siblings = byView.get(mirror.view);
    if (siblings != null) {
      siblings.remove(mirror);
      if (siblings.isEmpty()) {
        byView.remove(mirror.view);
      }
    }
  }

  @Nullable Mirror get(int id) {
    return byId.get(id);
  }

  int size() {
    return byId.size();
  }

  /** In the order in which they were opened; a copy. */
  List<Mirror> all() {
    return new ArrayList<>(byId.values());
  }

  List<Mirror> of(DeviceSpace view) {
    return byView.getOrDefault(view, List.of());
  }

  /** A copy. */
  List<Mirror> ofSpace(long spaceId) {
    List<Mirror> found = new ArrayList<>();
    for (List<Mirror> mirrors : viewsOf(spaceId)) {
      found.addAll(mirrors);
    }
    return found;
  }

  boolean knowsSpace(long spaceId) {
    return !viewsOf(spaceId).isEmpty();
  }

  /** Devices with a mirror, in whichever state, that overlaps the addresses [start, end). */
  List<Integer> devicesAt(long spaceId, long start, long end) {
    TreeSet<Integer> devices = new TreeSet<>();
    for (List<Mirror> mirrors : viewsOf(spaceId)) {
      for (Mirror mirror : mirrors) {
        if (mirror.overlaps(start, end)) {
          devices.add(mirror.view.deviceIndex());
        }
      }
    }
    return List.copyOf(devices);
  }

  /** A mirror through which the address can be faulted now or soon; an open one if there is one. */
  @Nullable Mirror covering(DeviceSpace view, long address) {
    Mirror found = null;
    for (Mirror mirror : of(view)) {
      if (mirror.isUsable() && mirror.covers(address)) {
        if (mirror.state == Mirror.State.OPEN) {
          return mirror;
        }
        found = mirror;
      }
    }
    return found;
  }

  /** Whether the device hears of what happens to a translation of the address. */
  boolean hears(DeviceSpace view, long address) {
    Mirror mirror = covering(view, address);
    return mirror != null && mirror.state == Mirror.State.OPEN;
  }

  private Collection<List<Mirror>> viewsOf(long spaceId) {
    return byView
        .subMap(
            new DeviceSpace(spaceId, 0), true, new DeviceSpace(spaceId, Integer.MAX_VALUE), true)
        .values();
  }
}
