package dev.fenceline.testbed.trace;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The calls in flight, oldest first; a thread has one at most.
 *
 * <p>Confined to the thread that reads the trace. Bounded in calls and in characters.
 */
final class UnfinishedCalls {

  private static final long MAX_CHARACTERS = 16L << 20;

  private final int maxCalls;
  private final Map<Integer, UnfinishedCall> byPid = new LinkedHashMap<>();
  private long characters;

  UnfinishedCalls(int maxCalls) {
    this.maxCalls = maxCalls;
  }

  /** Adds a call; returns one that had to give way to it (the same thread's, or the oldest). */
  @Nullable UnfinishedCall put(int pid, UnfinishedCall call) {
    UnfinishedCall displaced = remove(pid);
    if (displaced == null
        && !byPid.isEmpty()
        && (byPid.size() >= maxCalls || characters + call.text().length() > MAX_CHARACTERS)) {
      displaced = remove(byPid.keySet().iterator().next());
    }
    byPid.put(pid, call);
    characters += call.text().length();
    return displaced;
  }

  @Nullable UnfinishedCall remove(int pid) {
    UnfinishedCall call = byPid.remove(pid);
    if (call != null) {
      characters -= call.text().length();
    }
    return call;
  }

  @Nullable UnfinishedCall get(int pid) {
    return byPid.get(pid);
  }

  /** Hands a thread's call in flight to another pid. */
  void move(int fromPid, int toPid) {
    UnfinishedCall call = byPid.remove(fromPid);
    if (call != null) {
      remove(toPid);
      byPid.put(toPid, call);
    }
  }

  /** The pid whose clone has been in flight longest without its child being known; null if none. */
  @Nullable Integer oldestCreator() {
    for (Map.Entry<Integer, UnfinishedCall> entry : byPid.entrySet()) {
      if (entry.getValue().mayHaveCreated()) {
        return entry.getKey();
      }
    }
    return null;
  }

  /** All calls in flight with their pids, oldest first. */
  Collection<Map.Entry<Integer, UnfinishedCall>> entries() {
    return byPid.entrySet();
  }
}
