package dev.fenceline.testbed.trace;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Which live thread of the recorded program runs in which address space.
 *
 * <p>Confined to the thread that reads the trace. Spaces are numbered from 0 in the order of their
 * appearance; numbers are not used again.
 */
final class ProcessTable {

  /** No such process, or no such space. */
  static final int NONE = -1;

  private final int maxProcesses;
  private final Map<Integer, Integer> spaceByPid = new LinkedHashMap<>();
  private final Map<Integer, Integer> usersBySpace = new LinkedHashMap<>();
  private int nextSpace;

  ProcessTable(int maxProcesses) {
    this.maxProcesses = maxProcesses;
  }

  /** The space of a live process, {@link #NONE} if the pid is not known. */
  int spaceOf(int pid) {
    return spaceByPid.getOrDefault(pid, NONE);
  }

  boolean knows(int pid) {
    return spaceByPid.containsKey(pid);
  }

  int liveCount() {
    return spaceByPid.size();
  }

  boolean full() {
    return spaceByPid.size() >= maxProcesses;
  }

  /** The live process that appeared first, {@link #NONE} if there is none. */
  int oldestPid() {
    return spaceByPid.isEmpty() ? NONE : spaceByPid.keySet().iterator().next();
  }

  /** Adds a process in a space of its own; returns the space. */
  int addWithNewSpace(int pid) {
    return add(pid, nextSpace++);
  }

  /** Adds a process in an existing space; returns the space. */
  int add(int pid, int spaceKey) {
    spaceByPid.put(pid, spaceKey);
    usersBySpace.merge(spaceKey, 1, Integer::sum);
    return spaceKey;
  }

  /** Gives a process a new space; returns it. */
  int exec(int pid) {
    leave(spaceOf(pid));
    int spaceKey = nextSpace++;
    spaceByPid.put(pid, spaceKey);
    usersBySpace.merge(spaceKey, 1, Integer::sum);
    return spaceKey;
  }

  /** Removes a process; its space ends with its last one. */
  void exit(int pid) {
    Integer spaceKey = spaceByPid.remove(pid);
    if (spaceKey != null) {
      leave(spaceKey);
    }
  }

  /** Whether anybody is left in a space. */
  boolean inUse(int spaceKey) {
    return usersBySpace.containsKey(spaceKey);
  }

  void rename(int fromPid, int toPid) {
    Integer spaceKey = spaceByPid.remove(fromPid);
    if (spaceKey != null) {
      spaceByPid.put(toPid, spaceKey);
    }
  }

  private void leave(int spaceKey) {
    usersBySpace.computeIfPresent(spaceKey, (key, users) -> users == 1 ? null : users - 1);
  }
}
