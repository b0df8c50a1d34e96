package dev.fenceline.host.engine.space;

import dev.fenceline.model.Errno;
import dev.fenceline.model.VirtualRange;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What became, or would become, of a {@link MapOperation}; immutable. */
public sealed interface MapOutcome {

  /**
   * The mappings are changed (or would be), and this is what it means for the pages.
   *
   * @param address the start of what was mapped, changed or moved, where it is now; for {@link
   *     MapOperation.SetBreak} the end of the heap, 0 if there is none
   * @param unmapped what was there and is gone, cut to the range and as it was, ascending by range
   *     except that a remap names its target before its tail
   * @param altered what stays mapped under other attributes, cut to the range and as it was
   * @param moved the pages that go along with a mapping, or null
   */
  record Done(long address, List<Mapping> unmapped, List<Mapping> altered, @Nullable PageMove moved)
      implements MapOutcome {
    public Done {
      unmapped = List.copyOf(unmapped);
      altered = List.copyOf(altered);
    }
  }

  /** Nothing is changed; the detail names the offending value. */
  record Refused(Errno errno, String detail) implements MapOutcome {}

  /** Pages that change their address: those of a range, to as many pages at another address. */
  record PageMove(VirtualRange from, long toAddress) {}
}
