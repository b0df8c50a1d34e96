package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.DeviceView;
import dev.fenceline.host.engine.invalidation.Invalidation;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/** Reads a shard's state; changes nothing. Confined to the shard, between steps. */
public final class ShardQueries {
  private final ShardState state;

  ShardQueries(ShardState state) {
    this.state = state;
  }

  /** Address spaces by id. */
  public SortedMap<Long, AddressSpace> spaces() {
    return state.spaces;
  }

  public @Nullable AddressSpace space(long spaceId) {
    return state.space(spaceId);
  }

  /** Who may hold translations of the space: the CPU, then the devices by age of their session. */
  public List<DeviceView> views(AddressSpace space) {
    List<DeviceView> views = new ArrayList<>();
    views.add(space.cpu());
    for (ShardSession session : state.sessions.values()) {
      views.addAll(session.viewsOf(space.id()));
    }
    return views;
  }

  /** True for a fence whose participant was told; a sequential notifier tells one at a time. */
  public boolean wasTold(Invalidation invalidation, int fenceIndex) {
    return Notifier.wasSent(invalidation, fenceIndex);
  }

  public Collection<ShardSession> sessions() {
    return state.sessions.values();
  }

  public @Nullable ShardSession session(long sessionId) {
    return state.sessions.get(sessionId);
  }

  /** Invalidations that run or whose fences have not all resolved, oldest first. */
  public Collection<Invalidation> live() {
    return state.live.values();
  }

  /** All that are remembered, newest first; live ones that have not ended come first. */
  public List<Invalidation> recent() {
    List<Invalidation> recent = new ArrayList<>();
    for (Invalidation invalidation : state.live.values()) {
      if (!invalidation.state().ended()) {
        recent.add(invalidation);
      }
    }
    recent = new ArrayList<>(recent.reversed());
    recent.addAll(state.history.reversed());
    return recent;
  }

  /** The invalidation of that id, live or remembered, or null. */
  public @Nullable Invalidation invalidation(long id) {
    Invalidation live = state.live.get(id);
    if (live != null) {
      return live;
    }
    for (Invalidation ended : state.history) {
      if (ended.id() == id) {
        return ended;
      }
    }
    return null;
  }
}
