package dev.fenceline.testbed.trace;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The events of a recording, applied in order to a model of each address space, have to make sense:
 * the kernel never gives out a range that is in use.
 */
class RecordedLayoutTest {

  private static final long CHUNK_PAGES = 1L << 18;

  /** The pages in use, in chunks of 1 GiB. */
  private static final class Layout {

    private final Map<Long, BitSet> chunks = new TreeMap<>();

    Layout copy() {
      Layout copy = new Layout();
      chunks.forEach((key, pages) -> copy.chunks.put(key, (BitSet) pages.clone()));
      return copy;
    }

    void set(long address, long lengthBytes, boolean used) {
      long end = pageAfter(address + lengthBytes);
      for (long page = address >>> 12; page < end; ) {
        int from = (int) (page % CHUNK_PAGES);
        int to = (int) Math.min(CHUNK_PAGES, from + end - page);
        chunks.computeIfAbsent(page / CHUNK_PAGES, key -> new BitSet()).set(from, to, used);
        page += to - from;
      }
    }

    boolean anyUsed(long address, long lengthBytes) {
      for (long page = address >>> 12; page < pageAfter(address + lengthBytes); page++) {
        BitSet chunk = chunks.get(page / CHUNK_PAGES);
        if (chunk != null && chunk.get((int) (page % CHUNK_PAGES))) {
          return true;
        }
      }
      return false;
    }

    private static long pageAfter(long address) {
      return (address + 4095) >>> 12;
    }
  }

  private final Map<Integer, Layout> spaces = new HashMap<>();

  @ParameterizedTest
  @ValueSource(strings = {"python.strace", "node.strace", "java.strace", "sort.strace"})
  void nothingIsMappedOverWhatIsInUse(String name) throws Exception {
    for (TraceEvent event : TraceFiles.strace(TraceFiles.SHIPPED.resolve(name)).events()) {
      Layout layout = spaces.computeIfAbsent(event.spaceKey(), key -> new Layout());
      switch (event) {
        case TraceEvent.Mmap(CallSite site, var request, long address) -> {
          assertThat(!request.fixed() && layout.anyUsed(address, request.lengthBytes()))
              .as("%s line %d: %x is in use", name, site.lineNumber(), address)
              .isFalse();
          layout.set(address, request.lengthBytes(), true);
        }
        case TraceEvent.Munmap(var _, long address, long length) ->
            layout.set(address, length, false);
        case TraceEvent.Mremap(var _, var old, var target, long address) -> {
          layout.set(old.address(), old.lengthBytes(), false);
          layout.set(address, target.newLengthBytes(), true);
        }
        case TraceEvent.Clone clone -> {
          if (!clone.sharesMemory()) {
            assertThat(spaces.put(clone.childSpaceKey(), layout.copy())).isNull();
          }
        }
        // The program's own image is mapped by the kernel and not recorded: it may be protected.
        case TraceEvent.Mprotect _,
            TraceEvent.Brk _,
            TraceEvent.Madvise _,
            TraceEvent.Exec _,
            TraceEvent.Exit _,
            TraceEvent.Failed _ -> {}
      }
    }
  }
}
