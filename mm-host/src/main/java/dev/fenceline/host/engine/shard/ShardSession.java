package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.DeviceView;
import dev.fenceline.host.engine.invalidation.Mirror;
import dev.fenceline.host.engine.invalidation.SessionLedger;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.DeviceId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a shard knows of a session; dies with it. Confined to the shard. */
public final class ShardSession {
  private final long sessionId;
  private final String agentId;
  private final List<DeviceDescription> devices;
  private final SessionLedger ledger;
  private final Map<Integer, Mirror> mirrors = new LinkedHashMap<>();
  private final Map<Integer, AddressSpace> spaceOfMirror = new LinkedHashMap<>();
  private final Map<Long, Map<Integer, DeviceView>> viewsBySpace = new LinkedHashMap<>();
  private int parkedFaults;

  ShardSession(long sessionId, String agentId, List<DeviceDescription> devices) {
    this.sessionId = sessionId;
    this.agentId = agentId;
    this.devices = devices;
    this.ledger = new SessionLedger(sessionId);
  }

  public long sessionId() {
    return sessionId;
  }

  public String agentId() {
    return agentId;
  }

  public List<DeviceDescription> devices() {
    return devices;
  }

  public SessionLedger ledger() {
    return ledger;
  }

  /** Mirrors by id. */
  public Map<Integer, Mirror> mirrors() {
    return mirrors;
  }

  /** Whether a mirror of the device touches the half-open interval of addresses. */
  boolean mirrorsAt(DeviceView view, long start, long end) {
    for (Mirror mirror : mirrors.values()) {
      if (mirror.view() == view && mirror.start() < end && start < mirror.end()) {
        return true;
      }
    }
    return false;
  }

  @Nullable AddressSpace spaceOf(int mirrorId) {
    return spaceOfMirror.get(mirrorId);
  }

  /** The device's view of the space, or null if it never mirrored it. */
  @Nullable DeviceView view(long spaceId, int deviceIndex) {
    Map<Integer, DeviceView> views = viewsBySpace.get(spaceId);
    return views == null ? null : views.get(deviceIndex);
  }

  DeviceView viewOrNew(long spaceId, int deviceIndex) {
    return viewsBySpace
        .computeIfAbsent(spaceId, id -> new TreeMap<>())
        .computeIfAbsent(
            deviceIndex,
            index ->
                new DeviceView(new DeviceId(agentId, index), devices.get(index).name(), ledger));
  }

  void addMirror(Mirror mirror, AddressSpace space) {
    mirrors.put(mirror.mirrorId(), mirror);
    spaceOfMirror.put(mirror.mirrorId(), space);
    space.mirrors().add(mirror);
  }

  /** Takes the mirror out; null if there is none of that id. */
  @Nullable Mirror removeMirror(int mirrorId) {
    Mirror mirror = mirrors.remove(mirrorId);
    AddressSpace space = spaceOfMirror.remove(mirrorId);
    if (mirror != null && space != null) {
      space.removeMirror(mirror);
    }
    return mirror;
  }

  /** The views of one space, by device. */
  Collection<DeviceView> viewsOf(long spaceId) {
    Map<Integer, DeviceView> views = viewsBySpace.get(spaceId);
    return views == null ? List.of() : views.values();
  }

  /** True if a device of the session ever mirrored the space. */
  boolean knows(long spaceId) {
    return viewsBySpace.containsKey(spaceId);
  }

  /** All views, of every space. */
  List<DeviceView> views() {
    List<DeviceView> all = new ArrayList<>();
    viewsBySpace.values().forEach(views -> all.addAll(views.values()));
    return all;
  }

  /** Forgets the space; true if the session knew it. */
  boolean forgetSpace(long spaceId) {
    List<Integer> gone = new ArrayList<>();
    spaceOfMirror.forEach(
        (mirrorId, space) -> {
          if (space.id() == spaceId) {
            gone.add(mirrorId);
          }
        });
    gone.forEach(this::removeMirror);
    return viewsBySpace.remove(spaceId) != null;
  }

  int parkedFaults() {
    return parkedFaults;
  }

  void parked(int change) {
    parkedFaults += change;
  }
}
