package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.migration.DeviceOwner;
import dev.fenceline.host.engine.migration.DeviceOwners;
import dev.fenceline.host.engine.migration.DevicePages;
import dev.fenceline.model.AgentMessage.Hello;
import dev.fenceline.model.LocalPages;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/**
 * Compares what an agent that attached still holds with what the host counts on. Confined to the
 * shard.
 *
 * <pre>
 *                      held there          not held there
 *   committed here     stays               lost: DATA_LOSS when touched
 *   not known here     told to be freed
 * </pre>
 */
final class HeldPages {
  private final ShardState state;

  HeldPages(ShardState state) {
    this.state = state;
  }

  /** Settles it; answers the pages of this shard that the agent is to free. */
  List<LocalPages> opened(long sessionId, Hello hello) {
    List<DeviceOwner> opened = state.owners.opened(sessionId, hello);
    List<LocalPages> unknown = new ArrayList<>();
    Map<DeviceOwner, LinkedHashSet<Integer>> kept = new LinkedHashMap<>();
    boolean current = hello.heldEpoch() == state.config.hostEpoch();
    for (LocalPages run : hello.held()) {
      if (!state.ofThisShard(run.migrationId()) || run.deviceIndex() >= opened.size()) {
        continue;
      }
      DeviceOwner owner = opened.get(run.deviceIndex());
      for (int i = 0; i < run.pageCount(); i++) {
        int local = run.firstLocalPage() + i;
        if (current
            && state.devicePages.find(owner, run.migrationId(), local) != DevicePages.ABSENT) {
          kept.computeIfAbsent(owner, o -> new LinkedHashSet<>()).add(local);
        } else {
          unknown.add(new LocalPages(run.deviceIndex(), run.migrationId(), local, 1));
        }
      }
    }
    for (DeviceOwner owner : opened) {
      loseMissing(owner, kept.getOrDefault(owner, new LinkedHashSet<>()));
    }
    return DevicePages.joined(unknown);
  }

  /** Committed here and not held there: the only copy is gone. */
  private void loseMissing(DeviceOwner owner, LinkedHashSet<Integer> kept) {
    DeviceOwner twin = DeviceOwners.lostTwin(owner);
    for (Map.Entry<Integer, Integer> page : List.copyOf(owner.pages().entrySet())) {
      if (!kept.contains(page.getKey())) {
        state.devicePages.lose(page.getValue(), twin);
      }
    }
  }
}
