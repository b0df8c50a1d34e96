package dev.fenceline.host.engine.space;

import dev.fenceline.host.engine.space.MapOperation.RemapPlacement;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import dev.fenceline.model.VirtualRange;
import java.util.TreeMap;

/**
 * The mappings of an address space page by page, so simple that it is evidently right. Confined to
 * one test.
 */
final class ReferenceMappings {
  private static final MappingAttributes HEAP =
      new MappingAttributes(Protection.READ_WRITE, MappingKind.HEAP, false, "[heap]", 0);

  /** One mapped page and which page of its backing it shows. */
  record PageState(MappingAttributes attributes, long offset) {}

  /** What the reference expects: an error, or the address of the result. */
  record Expected(Errno errno, long address) {
    static Expected at(long address) {
      return new Expected(null, address);
    }

    static Expected of(Errno errno) {
      return new Expected(errno, 0);
    }
  }

  private final MappingLimits limits;
  private TreeMap<Long, PageState> pages = new TreeMap<>();
  private long heapStart;
  private long heapEnd;

  ReferenceMappings(MappingLimits limits) {
    this.limits = limits;
  }

  TreeMap<Long, PageState> pages() {
    return pages;
  }

  /** The number of maximal runs of pages that belong together. */
  int runs() {
    return runs(pages);
  }

  Expected apply(MapOperation operation) {
    TreeMap<Long, PageState> after = new TreeMap<>(pages);
    Expected expected =
        switch (operation) {
          case MapOperation.MapFixed(var range, var attributes, long offset) ->
              map(after, range, attributes, offset);
          case MapOperation.MapFixedNoReplace(var range, var attributes, long offset) ->
              pages.subMap(range.firstPage(), range.endPage()).isEmpty()
                  ? map(after, range, attributes, offset)
                  : Expected.of(Errno.EEXIST);
          case MapOperation.MapAnywhere(long length, long hint, var attributes, long offset) -> {
            long place = findFree(Pages.number(length), hint);
            yield place < 0
                ? Expected.of(Errno.ENOMEM)
                : map(after, range(place, Pages.number(length)), attributes, offset);
          }
          case MapOperation.Unmap(var range) -> {
            after.subMap(range.firstPage(), range.endPage()).clear();
            yield Expected.at(range.start());
          }
          case MapOperation.Protect(var range, var protection) ->
              change(after, range, state -> state.attributes().withProtection(protection));
          case MapOperation.Advise(var range, int clear, int set) ->
              change(
                  after,
                  range,
                  state ->
                      state
                          .attributes()
                          .withAdviceFlags((state.attributes().adviceFlags() & ~clear) | set));
          case MapOperation.Remap remap -> remap(after, remap);
          case MapOperation.SetBreak(long end) -> setBreak(after, end);
        };
    if (expected.errno() == null && runs(after) > limits.maxMappings()) {
      return Expected.of(Errno.ENOMEM);
    }
    if (expected.errno() == null) {
      pages = after;
      if (operation instanceof MapOperation.SetBreak(long end) && end != 0) {
        heapStart = heapStart == 0 ? end : heapStart;
        heapEnd = end;
      }
    }
    return expected;
  }

  private static Expected map(
      TreeMap<Long, PageState> after,
      VirtualRange range,
      MappingAttributes attributes,
      long offset) {
    for (long i = 0; i < range.pages(); i++) {
      long shown = attributes.hasBacking() ? offset + i : 0;
      after.put(range.firstPage() + i, new PageState(attributes, shown));
    }
    return Expected.at(range.start());
  }

  private static Expected change(
      TreeMap<Long, PageState> after,
      VirtualRange range,
      java.util.function.Function<PageState, MappingAttributes> alteration) {
    for (long page = range.firstPage(); page < range.endPage(); page++) {
      PageState state = after.get(page);
      if (state == null) {
        return Expected.of(Errno.ENOMEM);
      }
      after.put(page, new PageState(alteration.apply(state), state.offset()));
    }
    return Expected.at(range.start());
  }

  private Expected remap(TreeMap<Long, PageState> after, MapOperation.Remap remap) {
    long from = remap.oldRange().firstPage();
    long oldCount = remap.oldRange().pages();
    long newCount = Pages.number(remap.newLengthBytes());
    for (long page = from; page < from + oldCount; page++) {
      boolean joined = page == from || continues(page - 1);
      if (!pages.containsKey(page) || !joined) {
        return Expected.of(Errno.EFAULT);
      }
    }
    if (remap.placement() instanceof RemapPlacement.Fixed(long address)) {
      long to = Pages.number(address);
      if (to < from + oldCount && from < to + newCount) {
        return Expected.of(Errno.EINVAL);
      }
      return move(after, from, oldCount, to, newCount);
    }
    if (newCount <= oldCount) {
      after.subMap(from + newCount, from + oldCount).clear();
      return Expected.at(Pages.address(from));
    }
    boolean atEnd = !continues(from + oldCount - 1);
    if (atEnd && pages.subMap(from + oldCount, from + newCount).isEmpty()) {
      spread(after, from, from + oldCount, newCount - oldCount, pages.get(from).attributes());
      return Expected.at(Pages.address(from));
    }
    long place = findFree(newCount, 0);
    if (place < 0 || remap.placement() instanceof RemapPlacement.InPlace) {
      return Expected.of(Errno.ENOMEM);
    }
    return move(after, from, oldCount, place, newCount);
  }

  private Expected move(
      TreeMap<Long, PageState> after, long from, long oldCount, long to, long newCount) {
    if (runs() >= limits.maxMappings() - 5) {
      return Expected.of(Errno.ENOMEM);
    }
    MappingAttributes attributes = pages.get(from).attributes();
    boolean special =
        attributes.kind() == MappingKind.HEAP || attributes.kind() == MappingKind.STACK;
    after.subMap(from, from + oldCount).clear();
    spread(
        after,
        from,
        to,
        newCount,
        special ? attributes.withKind(MappingKind.ANONYMOUS) : attributes);
    return Expected.at(Pages.address(to));
  }

  /** Puts pages at {@code to}; with {@code to} in the line of {@code from} they continue it. */
  private void spread(
      TreeMap<Long, PageState> after, long from, long to, long count, MappingAttributes shape) {
    PageState first = pages.get(from);
    boolean growth = after.containsKey(from);
    long offset = first.offset() + (growth ? to - from : 0);
    for (long i = 0; i < count; i++) {
      after.put(to + i, new PageState(shape, shape.hasBacking() ? offset + i : 0));
    }
  }

  private Expected setBreak(TreeMap<Long, PageState> after, long end) {
    if (end == 0) {
      return Expected.at(heapEnd);
    }
    if (heapStart == 0) {
      return Expected.at(end);
    }
    if (end < heapStart) {
      return Expected.of(Errno.ENOMEM);
    }
    long oldEdge = Pages.number(Pages.roundUp(heapEnd));
    long newEdge = Pages.number(Pages.roundUp(end));
    if (newEdge > oldEdge && !isFree(oldEdge, newEdge + 1 - oldEdge)) {
      return Expected.of(Errno.ENOMEM);
    }
    for (long page = oldEdge; page < newEdge; page++) {
      after.put(page, new PageState(HEAP, 0));
    }
    if (newEdge < oldEdge) {
      after.subMap(newEdge, oldEdge).clear();
    }
    return Expected.at(end);
  }

  /** First page of the place for a mapping, or -1; tries one place after the other. */
  private long findFree(long count, long hint) {
    long wanted = Pages.number(hint);
    if (wanted > 0) {
      wanted = Math.max(wanted, Pages.number(MappingLimits.MIN_ADDRESS));
      if (isFree(wanted, count)) {
        return wanted;
      }
    }
    long lowest = Pages.number(MappingLimits.MIN_ADDRESS);
    for (long page = Pages.number(limits.mmapBase()) - count; page >= lowest; page--) {
      if (isFree(page, count)) {
        return page;
      }
    }
    long page = Pages.number(MappingLimits.BOTTOM_UP_BASE);
    while (!isFree(page, count)) {
      page++;
    }
    return page;
  }

  private boolean isFree(long page, long count) {
    Long next = pages.ceilingKey(page);
    if (next == null) {
      return true;
    }
    boolean stack = pages.get(next).attributes().kind() == MappingKind.STACK;
    return page + count <= next - (stack ? 256 : 0);
  }

  private boolean continues(long page) {
    return continues(pages, page);
  }

  private static boolean continues(TreeMap<Long, PageState> pages, long page) {
    PageState here = pages.get(page);
    PageState next = pages.get(page + 1);
    if (here == null || next == null || !here.attributes().equals(next.attributes())) {
      return false;
    }
    return next.offset() == here.offset() + (here.attributes().hasBacking() ? 1 : 0);
  }

  private static int runs(TreeMap<Long, PageState> pages) {
    int runs = 0;
    for (long page : pages.keySet()) {
      runs += continues(pages, page) ? 0 : 1;
    }
    return runs;
  }

  private static VirtualRange range(long page, long count) {
    return new VirtualRange(Pages.address(page), Pages.address(page + count));
  }
}
