package dev.fenceline.host.engine.migration;

import dev.fenceline.model.AgentMessage.Hello;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.DeviceId;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The devices whose agents attached, by id, each as its last boot. Confined to the shard. */
public final class DeviceOwners {
  private final TreeMap<DeviceId, DeviceOwner> owners = new TreeMap<>();

  public @Nullable DeviceOwner owner(DeviceId device) {
    return owners.get(device);
  }

  public List<DeviceOwner> all() {
    return List.copyOf(owners.values());
  }

  /** Those that the session speaks for. */
  public List<DeviceOwner> of(long sessionId) {
    List<DeviceOwner> found = new ArrayList<>();
    for (DeviceOwner owner : owners.values()) {
      if (owner.attached() && owner.sessionId() == sessionId) {
        found.add(owner);
      }
    }
    return found;
  }

  /**
   * An agent attached: what an earlier boot of it held is lost.
   *
   * @return its devices
   */
  public List<DeviceOwner> opened(long sessionId, Hello hello) {
    for (DeviceOwner owner : all()) {
      if (owner.device().agentId().equals(hello.agentId())
          && owner.bootToken() != hello.bootToken()) {
        owner.lose();
        owners.remove(owner.device());
      }
    }
    List<DeviceOwner> opened = new ArrayList<>();
    for (DeviceDescription device : hello.devices()) {
      DeviceOwner owner =
          owners.computeIfAbsent(
              new DeviceId(hello.agentId(), device.index()),
              id -> new DeviceOwner(id, hello.bootToken(), device, hello.peerTarget()));
      if (owner.state() == DeviceOwner.State.LOST) {
        owner = new DeviceOwner(owner.device(), hello.bootToken(), device, hello.peerTarget());
        owners.put(owner.device(), owner);
      }
      owner.attach(sessionId);
      opened.add(owner);
    }
    return opened;
  }

  /** The session has gone; its devices may come back, unless they left. */
  public void ended(long sessionId, boolean left, long nowNanos) {
    for (DeviceOwner owner : of(sessionId)) {
      if (left || owner.pages().isEmpty()) {
        owner.lose();
        owners.remove(owner.device());
      } else {
        owner.orphan(nowNanos);
      }
    }
  }

  /** It did not come back in time. */
  public void lose(DeviceOwner owner) {
    owner.lose();
    owners.remove(owner.device(), owner);
  }

  /** Nobody's memory any more: what was in a page that its device no longer knows of. */
  public static DeviceOwner lostTwin(DeviceOwner owner) {
    DeviceOwner twin =
        new DeviceOwner(owner.device(), owner.bootToken(), owner.description(), owner.peerTarget());
    twin.lose();
    return twin;
  }
}
