package dev.fenceline.agent.engine;

import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The drains under way and what is owed when each ends. Confined to its engine. A drain of an ended
 * session owes nothing: its session's fences resolve by the next Hello.
 */
final class DrainBook {
  /** What to do when accesses have drained; immutable. */
  sealed interface Duty {}

  /** Acknowledge these invalidations for the device. */
  record AckDuty(int deviceIndex, List<Long> invalidationIds) implements Duty {}

  /** Tell the host that the mirror may go. */
  record MirrorDuty(int mirrorId) implements Duty {}

  /** The pages of this migration home can be pushed. */
  record MoveDuty(long migrationId) implements Duty {}

  /** The entries only had to go. */
  record NoDuty() implements Duty {}

  /** The next dial may happen. */
  record SessionDuty() implements Duty {}

  private final List<AgentEffect> effects;
  private final TreeMap<Long, Duty> duties = new TreeMap<>();
  private long lastId;

  DrainBook(List<AgentEffect> effects) {
    this.effects = effects;
  }

  void drop(DeviceSpace view, long start, long end, Duty duty) {
    drop(view, start, end, false, duty);
  }

  /** As {@link #drop}, of pages whose contents may be about to be thrown away. */
  void drop(DeviceSpace view, long start, long end, boolean discards, Duty duty) {
    long id = begin(duty);
    effects.add(
        new AgentEffect.DropEntries(id, view.deviceIndex(), view.spaceId(), start, end, discards));
  }

  /** Nothing that was under way is owed any more; only the drain of everything counts. */
  void dropEverything(String reason) {
    duties.clear();
    effects.add(new AgentEffect.DropEverything(begin(new SessionDuty()), reason));
  }

  private long begin(Duty duty) {
    lastId++;
    duties.put(lastId, duty);
    return lastId;
  }

  /** What was owed for this drain; null if nothing is any more. */
  @Nullable Duty end(long drainId) {
    return duties.remove(drainId);
  }

  int underWay() {
    return duties.size();
  }
}
