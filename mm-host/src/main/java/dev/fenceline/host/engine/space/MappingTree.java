package dev.fenceline.host.engine.space;

import dev.fenceline.host.engine.space.MapOutcome.Done;
import dev.fenceline.host.engine.space.MapOutcome.Refused;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import dev.fenceline.model.VirtualRange;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The mappings of one address space: ordered, without overlap, and merged wherever two neighbours
 * are one mapping cut in two. Confined to the shard.
 *
 * <p>It changes by {@link #apply} only, and only as a whole: what is refused leaves no trace. This
 * knows nothing of pages; {@link #plan} tells beforehand which ones an operation concerns. The
 * rules are Linux's, except where {@link MapPlanner} says otherwise.
 *
 * <p>Sorted arrays, since there are at most some ten thousand mappings: the search for free room
 * reads two of them front to back, and an insertion moves half a megabyte in the worst case.
 */
public final class MappingTree {

  /** Replaces whatever is mapped in a region. The replacement is ascending and lies in it. */
  record Splice(VirtualRange region, List<Mapping> replacement) {}

  /** The heap that brk moves, to the byte; nothing is mapped while start and end are equal. */
  record Heap(long start, long end) {}

  private final MappingLimits limits;
  private long[] starts = new long[16];
  private long[] ends = new long[16];
  private @Nullable Mapping[] mappings = new @Nullable Mapping[16];
  private int size;
  private long totalPages;
  private @Nullable Heap heap;

  public MappingTree(MappingLimits limits) {
    this.limits = limits;
  }

  /** What {@link #apply} would answer; nothing changes. */
  public MapOutcome plan(MapOperation operation) {
    return draft(operation).outcome();
  }

  /** Carries an operation out as a whole, or refuses it and changes nothing. */
  public MapOutcome apply(MapOperation operation) {
    MapPlanner.Draft draft = draft(operation);
    if (draft.outcome() instanceof Done) {
      draft.splices().forEach(this::commit);
      heap = draft.heap();
    }
    return draft.outcome();
  }

  /** The tree of a forked address space, without what is not to be copied. */
  public MappingTree fork() {
    MappingTree child = new MappingTree(limits);
    for (Mapping mapping : mappingsIn(0, Pages.ADDRESS_LIMIT)) {
      if (!MappingAdvice.DONT_FORK.isIn(mapping.attributes().adviceFlags())) {
        // Who supplies the parent's pages need not know the child.
        int advice = mapping.attributes().adviceFlags() & ~MappingAdvice.MISSING_SUPPLIED.flag();
        Mapping inherited = mapping.withAttributes(mapping.attributes().withAdviceFlags(advice));
        child.commit(new Splice(mapping.range(), List.of(inherited)));
      }
    }
    child.heap = heap;
    return child;
  }

  /** The mapping that contains an address, or null. */
  public @Nullable Mapping mapping(long address) {
    int index = firstEndingAfter(address);
    return index < size && starts[index] <= address ? mappings[index] : null;
  }

  /** All mappings that overlap [start, end), whole and ascending. */
  public List<Mapping> mappingsIn(long start, long end) {
    List<Mapping> found = new ArrayList<>();
    for (int i = firstEndingAfter(start); i < size && starts[i] < end; i++) {
      found.add(at(i));
    }
    return found;
  }

  /** What is called for each mapping of a range. */
  @FunctionalInterface
  public interface RangeVisitor {
    /** Receives the part [start, end) of a mapping. */
    void visit(long start, long end);
  }

  /** Visits the mappings that overlap [start, end), cut to it, ascending; allocates nothing. */
  public void forEachIn(long start, long end, RangeVisitor visitor) {
    for (int i = firstEndingAfter(start); i < size && starts[i] < end; i++) {
      visitor.visit(Math.max(starts[i], start), Math.min(ends[i], end));
    }
  }

  /** At most so many mappings that overlap [start, end), whole and ascending. */
  public List<Mapping> mappingsIn(long start, long end, int limit) {
    List<Mapping> found = new ArrayList<>();
    int first = firstEndingAfter(start);
    for (int i = first; i < size && starts[i] < end && i - first < limit; i++) {
      found.add(at(i));
    }
    return found;
  }

  /** The start of the lowest mapping; 0 without mappings. */
  public long lowestAddress() {
    return size == 0 ? 0 : starts[0];
  }

  /** The end of the highest mapping; 0 without mappings. */
  public long highestEnd() {
    return size == 0 ? 0 : ends[size - 1];
  }

  /** What is mapped in a range, cut to it, ascending. */
  public List<Mapping> piecesIn(VirtualRange range) {
    List<Mapping> pieces = new ArrayList<>();
    for (Mapping mapping : mappingsIn(range.start(), range.end())) {
      long start = Math.max(mapping.start(), range.start());
      pieces.add(mapping.part(start, Math.min(mapping.end(), range.end())));
    }
    return pieces;
  }

  /** Whether all of [start, end) is mapped. */
  public boolean covers(long start, long end) {
    return firstHole(start, end).isEmpty();
  }

  /** The lowest address in [start, end) that is not mapped. */
  public OptionalLong firstHole(long start, long end) {
    long address = start;
    for (int i = firstEndingAfter(start); address < end; i++) {
      if (i >= size || starts[i] > address) {
        return OptionalLong.of(address);
      }
      address = ends[i];
    }
    return OptionalLong.empty();
  }

  /** Whether nothing at all is mapped in [start, end). */
  public boolean isFree(long start, long end) {
    int index = firstEndingAfter(start);
    return index >= size || starts[index] >= end;
  }

  /**
   * Where a mapping of this length would be placed: at the hint, rounded down to a page, if that is
   * free; else as high as possible below the mmap base; else as low as possible from {@link
   * MappingLimits#BOTTOM_UP_BASE}. Below a stack a guard gap stays free.
   *
   * @param lengthBytes positive and page-aligned
   * @param hint an address, or 0
   */
  public OptionalLong findFree(long lengthBytes, long hint) {
    if (lengthBytes > Pages.ADDRESS_LIMIT) {
      return OptionalLong.empty();
    }
    long wanted = hint & -Pages.SIZE_BYTES;
    if (wanted > 0) {
      wanted = Math.max(wanted, MappingLimits.MIN_ADDRESS);
      if (wanted <= Pages.ADDRESS_LIMIT - lengthBytes
          && isFreeWithGuard(wanted, wanted + lengthBytes)) {
        return OptionalLong.of(wanted);
      }
    }
    OptionalLong below = findFreeDownwards(lengthBytes);
    return below.isPresent() ? below : findFreeUpwards(lengthBytes);
  }

  /** The number of mappings. */
  public int size() {
    return size;
  }

  public long totalPages() {
    return totalPages;
  }

  public MappingLimits limits() {
    return limits;
  }

  @Nullable Heap heap() {
    return heap;
  }

  /** Whether [start, end) is free and does not reach into the guard gap of a stack above it. */
  boolean isFreeWithGuard(long start, long end) {
    int index = firstEndingAfter(start);
    return index >= size || guardedStart(index) >= end;
  }

  private MapPlanner.Draft draft(MapOperation operation) {
    MapPlanner.Draft draft = new MapPlanner(this).draft(operation);
    if (draft.outcome() instanceof Done && draft.splices().size() == 1) {
      int countAfter = sizeAfter(draft.splices().getFirst());
      if (countAfter > limits.maxMappings()) {
        String detail = countAfter + " mappings, at most " + limits.maxMappings();
        return MapPlanner.Draft.refused(new Refused(Errno.ENOMEM, detail));
      }
    }
    return draft;
  }

  private OptionalLong findFreeDownwards(long lengthBytes) {
    long base = limits.mmapBase();
    for (int i = firstEndingAfter(base - 1) - 1; ; i--) {
      // The mapping above the gap may start below the base, or guard room below it.
      long ceiling = i + 1 < size ? Math.min(base, guardedStart(i + 1)) : base;
      long floor = i < 0 ? MappingLimits.MIN_ADDRESS : ends[i];
      if (ceiling - Math.max(floor, MappingLimits.MIN_ADDRESS) >= lengthBytes) {
        return OptionalLong.of(ceiling - lengthBytes);
      }
      if (i < 0) {
        return OptionalLong.empty();
      }
    }
  }

  private OptionalLong findFreeUpwards(long lengthBytes) {
    long floor = MappingLimits.BOTTOM_UP_BASE;
    for (int i = firstEndingAfter(floor); ; i++) {
      long ceiling = i < size ? guardedStart(i) : Pages.ADDRESS_LIMIT;
      if (ceiling - floor >= lengthBytes) {
        return OptionalLong.of(floor);
      }
      if (i >= size) {
        return OptionalLong.empty();
      }
      floor = ends[i];
    }
  }

  private long guardedStart(int index) {
    boolean stack = at(index).kind() == MappingKind.STACK;
    return stack ? Math.max(0, starts[index] - MappingLimits.STACK_GUARD_BYTES) : starts[index];
  }

  private Mapping at(int index) {
    Mapping mapping = mappings[index];
    if (mapping == null) {
      throw new IllegalStateException("no mapping at index " + index + " of " + size);
    }
    return mapping;
  }

  /** The index of the first mapping whose end is above an address, or the size. */
  private int firstEndingAfter(long address) {
    int found = Arrays.binarySearch(ends, 0, size, address);
    return found >= 0 ? found + 1 : -found - 1;
  }

  private int sizeAfter(Splice splice) {
    int first = firstTouching(splice);
    return size - (firstBehind(splice) - first) + rebuilt(splice).size();
  }

  /** The first mapping that overlaps the region or ends where it starts. */
  private int firstTouching(Splice splice) {
    return firstEndingAfter(splice.region().start() - 1);
  }

  /** The first mapping that starts above the end of the region. */
  private int firstBehind(Splice splice) {
    int index = firstEndingAfter(splice.region().end());
    return index < size && starts[index] <= splice.region().end() ? index + 1 : index;
  }

  /**
   * What takes the place of all mappings that touch the region: remainders, replacement, merged.
   */
  private List<Mapping> rebuilt(Splice splice) {
    VirtualRange region = splice.region();
    int first = firstTouching(splice);
    int behind = firstBehind(splice);
    List<Mapping> merged = new ArrayList<>();
    for (int i = first; i < behind && starts[i] < region.start(); i++) {
      addMerged(merged, at(i).part(starts[i], Math.min(ends[i], region.start())));
    }
    for (Mapping mapping : splice.replacement()) {
      addMerged(merged, mapping);
    }
    for (int i = first; i < behind; i++) {
      if (ends[i] > region.end()) {
        addMerged(merged, at(i).part(Math.max(starts[i], region.end()), ends[i]));
      }
    }
    return merged;
  }

  private static void addMerged(List<Mapping> ascending, Mapping next) {
    if (!ascending.isEmpty() && ascending.getLast().continuesIn(next)) {
      ascending.set(ascending.size() - 1, ascending.getLast().joinedWith(next));
    } else {
      ascending.add(next);
    }
  }

  private void commit(Splice splice) {
    List<Mapping> window = rebuilt(splice);
    int first = firstTouching(splice);
    int behind = firstBehind(splice);
    for (int i = first; i < behind; i++) {
      totalPages -= at(i).range().pages();
    }
    moveTail(behind, first + window.size());
    for (int i = 0; i < window.size(); i++) {
      Mapping mapping = window.get(i);
      starts[first + i] = mapping.start();
      ends[first + i] = mapping.end();
      mappings[first + i] = mapping;
      totalPages += mapping.range().pages();
    }
  }

  private void moveTail(int from, int to) {
    int newSize = size - from + to;
    if (newSize > starts.length) {
      int capacity = Math.max(newSize, starts.length + (starts.length >> 1));
      starts = Arrays.copyOf(starts, capacity);
      ends = Arrays.copyOf(ends, capacity);
      mappings = Arrays.copyOf(mappings, capacity);
    }
    System.arraycopy(starts, from, starts, to, size - from);
    System.arraycopy(ends, from, ends, to, size - from);
    System.arraycopy(mappings, from, mappings, to, size - from);
    if (newSize < size) {
      Arrays.fill(mappings, newSize, size, null);
    }
    size = newSize;
  }
}
