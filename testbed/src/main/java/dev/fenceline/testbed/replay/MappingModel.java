package dev.fenceline.testbed.replay;

import dev.fenceline.testbed.trace.LinuxFlags;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The mappings that a recorded program has by its own account: an independent second opinion on
 * what the host should answer. Confined to one thread.
 */
final class MappingModel {

  /**
   * Mapped pages [start, end) of one protection.
   *
   * @param protection PROT_* bits, see {@link LinuxFlags}
   */
  record Mapped(long start, long end, int protection) {
    @Override
    public String toString() {
      return PageRange.between(start, end)
          + " "
          + ((protection & LinuxFlags.PROT_READ) != 0 ? 'r' : '-')
          + ((protection & LinuxFlags.PROT_WRITE) != 0 ? 'w' : '-')
          + ((protection & LinuxFlags.PROT_EXEC) != 0 ? 'x' : '-');
    }
  }

  private static final int RIGHTS =
      LinuxFlags.PROT_READ | LinuxFlags.PROT_WRITE | LinuxFlags.PROT_EXEC;

  private final NavigableMap<Long, Mapped> mapped = new TreeMap<>();
  private @Nullable Long heapEnd;

  MappingModel() {}

  /** A copy, as fork makes it. */
  MappingModel copy() {
    MappingModel copy = new MappingModel();
    copy.mapped.putAll(mapped);
    copy.heapEnd = heapEnd;
    return copy;
  }

  /** The end of the heap, null before the program asked for it. */
  @Nullable Long heapEnd() {
    return heapEnd;
  }

  void setHeapEnd(long end) {
    heapEnd = end;
  }

  void map(PageRange range, int protection) {
    unmap(range);
    put(new Mapped(range.start(), range.end(), protection & RIGHTS));
  }

  void unmap(PageRange range) {
    cutAt(range.start());
    cutAt(range.end());
    mapped.subMap(range.start(), range.end()).clear();
  }

  /** Changes what is mapped there; holes stay holes. */
  void protect(PageRange range, int protection) {
    cutAt(range.start());
    cutAt(range.end());
    mapped
        .subMap(range.start(), range.end())
        .replaceAll((start, old) -> new Mapped(start, old.end(), protection & RIGHTS));
  }

  /** The protection of a page, or -1 if it is not mapped. */
  int protectionAt(long address) {
    Map.Entry<Long, Mapped> below = mapped.floorEntry(address);
    return below == null || below.getValue().end() <= address ? -1 : below.getValue().protection();
  }

  /** The parts of a range that are not mapped. */
  List<PageRange> holes(PageRange range) {
    List<PageRange> holes = new ArrayList<>();
    long at = range.start();
    for (Mapped piece : in(range)) {
      if (piece.start() > at) {
        holes.add(PageRange.between(at, piece.start()));
      }
      at = piece.end();
    }
    if (at < range.end()) {
      holes.add(PageRange.between(at, range.end()));
    }
    return holes;
  }

  /** What is mapped in a range, cut to it. */
  List<Mapped> in(PageRange range) {
    List<Mapped> found = new ArrayList<>();
    Long first = mapped.floorKey(range.start());
    for (Mapped piece : mapped.tailMap(first == null ? range.start() : first).values()) {
      if (piece.start() >= range.end()) {
        break;
      }
      if (piece.end() > range.start()) {
        found.add(
            new Mapped(
                Math.max(piece.start(), range.start()),
                Math.min(piece.end(), range.end()),
                piece.protection()));
      }
    }
    return found;
  }

  /** All mapped pages, neighbours of the same protection joined. */
  List<Mapped> normalized() {
    return normalized(List.copyOf(mapped.values()));
  }

  /** Joins neighbours of the same protection in an ascending list. */
  static List<Mapped> normalized(List<Mapped> pieces) {
    List<Mapped> joined = new ArrayList<>();
    for (Mapped piece : pieces) {
      Mapped last = joined.isEmpty() ? null : joined.getLast();
      if (last != null && last.end() == piece.start() && last.protection() == piece.protection()) {
        joined.set(joined.size() - 1, new Mapped(last.start(), piece.end(), piece.protection()));
      } else {
        joined.add(piece);
      }
    }
    return joined;
  }

  private void put(Mapped piece) {
    if (piece.start() < piece.end()) {
      mapped.put(piece.start(), piece);
    }
  }

  private void cutAt(long address) {
    Map.Entry<Long, Mapped> below = mapped.lowerEntry(address);
    if (below != null && below.getValue().end() > address) {
      Mapped piece = below.getValue();
      put(new Mapped(piece.start(), address, piece.protection()));
      put(new Mapped(address, piece.end(), piece.protection()));
    }
  }
}
