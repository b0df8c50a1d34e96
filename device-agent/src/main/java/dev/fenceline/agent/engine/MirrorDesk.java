package dev.fenceline.agent.engine;

import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Opens and closes mirrors: what programs ask for, what the host answers, and what each new session
 * has to be told. Confined to its engine.
 */
final class MirrorDesk {
  private final LinkSettings settings;
  private final MirrorBook mirrors;
  private final DrainBook drains;
  private final List<AgentEffect> effects;

  /** Mirrors that are not closed yet, by the ticket that closes a whole device. */
  private final Map<Long, Integer> leftToClose = new TreeMap<>();

  MirrorDesk(
      LinkSettings settings, MirrorBook mirrors, DrainBook drains, List<AgentEffect> effects) {
    this.settings = settings;
    this.mirrors = mirrors;
    this.drains = drains;
    this.effects = effects;
  }

  /** The mirror that the host has to be told of, or null if there is none. */
  @Nullable Mirror open(AgentInput.OpenMirror wanted) {
    DeviceSpace view = new DeviceSpace(wanted.spaceId(), wanted.deviceIndex());
    if (wanted.deviceIndex() < 0 || wanted.deviceIndex() >= settings.devices().size()) {
      refuse(wanted.ticket(), Errno.ENOENT, "no device " + wanted.deviceIndex());
      return null;
    }
    if (!isInterval(wanted.start(), wanted.end())) {
      refuse(wanted.ticket(), Errno.EINVAL, "not an interval of whole pages below 2^47");
      return null;
    }
    if (wanted.onlyIfNone()) {
      for (Mirror mirror : mirrors.of(view)) {
        if (mirror.isUsable()) {
          mirror.openTickets.add(wanted.ticket());
          answerIfOpen(mirror);
          return null;
        }
      }
    }
    if (mirrors.size() >= settings.maxMirrors()) {
      refuse(wanted.ticket(), Errno.RESOURCE_EXHAUSTED, mirrors.size() + " mirrors are open");
      return null;
    }
    Mirror mirror = mirrors.open(view, wanted.start(), wanted.end());
    mirror.openTickets.add(wanted.ticket());
    return mirror;
  }

  private static boolean isInterval(long start, long end) {
    return Pages.aligned(start)
        && Pages.aligned(end)
        && 0 <= start
        && start < end
        && end <= Pages.ADDRESS_LIMIT;
  }

  void close(AgentInput.CloseMirror wanted, boolean attached) {
    Mirror mirror = mirrors.get(wanted.mirrorId());
    if (mirror == null) {
      refuse(wanted.ticket(), Errno.ENOENT, "no mirror " + wanted.mirrorId());
      return;
    }
    mirror.closeTickets.add(wanted.ticket());
    if (!mirror.isUsable()) {
      return;
    }
    refuseOpeners(mirror, Errno.ENOENT, "the mirror was closed meanwhile");
    if (!attached) {
      gone(mirror); // the session's entries are being dropped anyway, and no host knows of it
      return;
    }
    mirror.state = Mirror.State.CLOSING;
    drains.drop(mirror.view, mirror.start, mirror.end, new DrainBook.MirrorDuty(mirror.id));
  }

  /** Closes every mirror of a device; the answer comes with the last one. */
  void closeDevice(AgentInput.CloseDevice wanted, boolean attached) {
    List<Mirror> its = new ArrayList<>(mirrors.all());
    its.removeIf(mirror -> mirror.view.deviceIndex() != wanted.deviceIndex());
    if (its.isEmpty()) {
      effects.add(new AgentEffect.MirrorClosed(wanted.ticket(), 0));
      return;
    }
    leftToClose.put(wanted.ticket(), its.size());
    for (Mirror mirror : its) {
      close(new AgentInput.CloseMirror(wanted.ticket(), mirror.id), attached);
    }
  }

  /** Accesses through a closing mirror have drained; what the host is told now, or null. */
  AgentMessage.@Nullable RemoveMirror drained(int mirrorId) {
    Mirror mirror = mirrors.get(mirrorId);
    if (mirror == null || mirror.state != Mirror.State.CLOSING) {
      return null;
    }
    mirror.state = Mirror.State.REMOVING;
    return new AgentMessage.RemoveMirror(mirrorId);
  }

  /** False if no such answer was awaited. */
  boolean added(HostMessage.MirrorAdded added) {
    Mirror mirror = mirrors.get(added.mirrorId());
    if (mirror == null || mirror.state != Mirror.State.OPENING) {
      return mirror != null; // closed before the host's answer came
    }
    mirror.state = Mirror.State.OPEN;
    mirror.sequence = added.sequence();
    answerIfOpen(mirror);
    return true;
  }

  boolean refused(HostMessage.MirrorRefused refused) {
    Mirror mirror = mirrors.get(refused.mirrorId());
    if (mirror == null) {
      return false;
    }
    refuseOpeners(mirror, refused.errno(), refused.message());
    gone(mirror);
    return true;
  }

  boolean removed(HostMessage.MirrorRemoved removed) {
    Mirror mirror = mirrors.get(removed.mirrorId());
    if (mirror == null || mirror.state != Mirror.State.REMOVING) {
      return false;
    }
    gone(mirror);
    return true;
  }

  /** The space is gone, and every mirror of it: drop what is left of the entries. */
  void spaceReleased(long spaceId) {
    for (int device : mirrors.devicesAt(spaceId, 0, Pages.ADDRESS_LIMIT)) {
      drains.drop(new DeviceSpace(spaceId, device), 0, Pages.ADDRESS_LIMIT, new DrainBook.NoDuty());
    }
    for (Mirror mirror : mirrors.ofSpace(spaceId)) {
      refuseOpeners(mirror, Errno.ENOENT, "address space " + spaceId + " is gone");
      gone(mirror);
    }
  }

  /** Mirrors wait for the next session; those that were being closed are closed. */
  void sessionEnded() {
    for (Mirror mirror : mirrors.all()) {
      if (mirror.isUsable()) {
        mirror.state = Mirror.State.OPENING;
      } else {
        gone(mirror);
      }
    }
  }

  /** The link is stopped for good. */
  void refuseAll() {
    for (Mirror mirror : mirrors.all()) {
      refuseOpeners(mirror, Errno.UNAVAILABLE, "the agent leaves the host");
      gone(mirror);
    }
  }

  private void gone(Mirror mirror) {
    mirrors.remove(mirror);
    for (long ticket : mirror.closeTickets) {
      int left = leftToClose.getOrDefault(ticket, 1) - 1;
      if (left > 0) {
        leftToClose.put(ticket, left);
      } else {
        leftToClose.remove(ticket);
        effects.add(new AgentEffect.MirrorClosed(ticket, mirror.id));
      }
    }
    mirror.closeTickets.clear();
  }

  private void answerIfOpen(Mirror mirror) {
    if (mirror.state == Mirror.State.OPEN) {
      for (long ticket : mirror.openTickets) {
        effects.add(new AgentEffect.MirrorOpened(ticket, mirror.id, mirror.sequence));
      }
      mirror.openTickets.clear();
    }
  }

  private void refuseOpeners(Mirror mirror, Errno errno, String message) {
    for (long ticket : mirror.openTickets) {
      refuse(ticket, errno, message);
    }
    mirror.openTickets.clear();
  }

  private void refuse(long ticket, Errno errno, String message) {
    effects.add(new AgentEffect.MirrorRefused(ticket, errno, message));
  }
}
