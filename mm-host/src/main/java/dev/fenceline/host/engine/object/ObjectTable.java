package dev.fenceline.host.engine.object;

import dev.fenceline.host.engine.frame.FrameTable;
import java.util.Collection;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The shared memory objects of a shard. Confined to the shard.
 *
 * <p>An object lives while anything is mapped of it. In the frame table it stands as an address
 * space of a negative id that maps each page it has: so a frame of it has at least one user more
 * than page tables tell of, and who writes to it privately copies it first.
 */
public final class ObjectTable {
  /** Names that begin so are files. */
  public static final String FILE_PREFIX = "file:";

  private final FrameTable frameTable;
  private final TreeMap<Long, MemoryObject> objects = new TreeMap<>();
  private final TreeMap<String, TreeMap<String, Long>> named = new TreeMap<>();
  private long lastId;

  public ObjectTable(FrameTable frameTable) {
    this.frameTable = frameTable;
  }

  /** The object of a mapping; null if it has gone. */
  public @Nullable MemoryObject object(long id) {
    return objects.get(id);
  }

  /** All objects, ascending by id. */
  public Collection<MemoryObject> objects() {
    return objects.values();
  }

  /**
   * The object of that name in the group, made if there is none; with an empty name, always a new
   * one.
   */
  public MemoryObject find(String group, String name) {
    Long known = name.isEmpty() ? null : names(group).get(name);
    MemoryObject found = known == null ? null : objects.get(known);
    if (found != null) {
      return found;
    }
    long id = ++lastId;
    MemoryObject made = new MemoryObject(id, group, name, frameTable.register(-id));
    objects.put(id, made);
    if (!name.isEmpty()) {
      names(group).put(name, id);
    }
    return made;
  }

  /** So many pages more are mapped of it; fewer if negative. */
  public void mapped(long id, long pages) {
    required(id).addMappedPages(pages);
  }

  /** Nothing is mapped of it any more, and its frames were taken. */
  public void forget(long id) {
    MemoryObject gone = required(id);
    objects.remove(id);
    frameTable.forget(gone.slot());
    if (!gone.name().isEmpty()) {
      TreeMap<String, Long> names = names(gone.group());
      names.remove(gone.name());
      if (names.isEmpty()) {
        named.remove(gone.group());
      }
    }
  }

  public MemoryObject required(long id) {
    MemoryObject object = objects.get(id);
    if (object == null) {
      throw new IllegalStateException("object " + id + " is mapped and has gone");
    }
    return object;
  }

  private TreeMap<String, Long> names(String group) {
    return named.computeIfAbsent(group, key -> new TreeMap<>());
  }
}
