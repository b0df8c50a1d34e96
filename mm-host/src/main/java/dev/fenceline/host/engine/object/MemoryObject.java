package dev.fenceline.host.engine.object;

import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Pages that mappings of one or several address spaces show (Linux: a file's page cache, or shmem).
 * Confined to the shard.
 */
public final class MemoryObject {
  /** What {@link #frame} answers for a page that is not there. */
  public static final int ABSENT = -1;

  private final long id;
  private final String group;
  private final String name;

  /** What the frame table calls it: its pages count as mapped by it. */
  private final int slot;

  private final TreeMap<Long, Integer> frames = new TreeMap<>();

  /** Pages that are not there, but in the swap file, and their slots. */
  private final TreeMap<Long, Integer> swapped = new TreeMap<>();

  /** Pages that some shared mapping may have written; they are written back whenever asked. */
  private final TreeSet<Long> dirty = new TreeSet<>();

  private long mappedPages;

  MemoryObject(long id, String group, String name, int slot) {
    this.id = id;
    this.group = group;
    this.name = name;
    this.slot = slot;
  }

  public long id() {
    return id;
  }

  /** The address spaces that find it by its name. */
  String group() {
    return group;
  }

  /** Empty if it is anonymous, found by nobody but who inherits a mapping. */
  public String name() {
    return name;
  }

  public int slot() {
    return slot;
  }

  /** Pages of mappings, of all address spaces, that show a page of it. */
  public long mappedPages() {
    return mappedPages;
  }

  void addMappedPages(long pages) {
    mappedPages += pages;
    if (mappedPages < 0) {
      throw new IllegalStateException("object " + id + " is unmapped more often than mapped");
    }
  }

  /** The frame of a page, or {@link #ABSENT}. */
  public int frame(long page) {
    Integer frame = frames.get(page);
    return frame == null ? ABSENT : frame;
  }

  /** Its pages that are there, ascending, and their frames. */
  public TreeMap<Long, Integer> frames() {
    return frames;
  }

  /** Its pages that are swapped out, and their slots. */
  public TreeMap<Long, Integer> swapped() {
    return swapped;
  }

  public TreeSet<Long> dirty() {
    return dirty;
  }
}
