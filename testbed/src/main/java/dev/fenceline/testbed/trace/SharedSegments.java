package dev.fenceline.testbed.trace;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The System V segments of a recorded program: sizes by id, and what is attached where.
 *
 * <p>Confined to the thread that reads the trace. Bounded: beyond {@link #MAX_ENTRIES} the oldest
 * segment is forgotten, and further attachments of a space are not remembered.
 */
final class SharedSegments {

  private static final int MAX_ENTRIES = 4096;

  private final Map<Long, Long> sizeById =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Long> eldest) {
          return size() > MAX_ENTRIES;
        }
      };
  private final Map<Integer, TreeMap<Long, Long>> attachedBySpace = new LinkedHashMap<>();

  void created(long id, long sizeBytes) {
    // A later shmget of an existing segment may pass 0 for "as it is".
    if (sizeBytes > 0) {
      sizeById.put(id, sizeBytes);
    }
  }

  /** The size of a segment in bytes, null if its creation was not recorded. */
  @Nullable Long size(long id) {
    return sizeById.get(id);
  }

  void attached(int spaceKey, long address, long sizeBytes) {
    TreeMap<Long, Long> attached =
        attachedBySpace.computeIfAbsent(spaceKey, key -> new TreeMap<>());
    if (attached.size() < MAX_ENTRIES) {
      attached.put(address, sizeBytes);
    }
  }

  /** Forgets an attachment; returns its size in bytes, null if it is not known. */
  @Nullable Long detached(int spaceKey, long address) {
    TreeMap<Long, Long> attached = attachedBySpace.get(spaceKey);
    return attached == null ? null : attached.remove(address);
  }

  void copied(int fromSpace, int toSpace) {
    TreeMap<Long, Long> attached = attachedBySpace.get(fromSpace);
    if (attached != null && !attached.isEmpty()) {
      attachedBySpace.put(toSpace, new TreeMap<>(attached));
    }
  }

  void ended(int spaceKey) {
    attachedBySpace.remove(spaceKey);
  }
}
