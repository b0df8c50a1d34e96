package dev.fenceline.testbed.replay;

import dev.fenceline.testbed.trace.LinuxFlags;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One call on the host that repeats what the recorded program did; immutable.
 *
 * <p>A space is named by a number of the replay's own, which is not the host's.
 */
sealed interface ReplayStep {
  int space();

  /** What reports call it. */
  String kind();

  /** The memory that loses its bytes or some right by this step; null if none can. */
  default @Nullable PageRange takenAway() {
    return null;
  }

  record Create(int space) implements ReplayStep {
    @Override
    public String kind() {
      return "create";
    }
  }

  /** A copy of {@code space} under the name {@code child}. */
  record Fork(int space, int child) implements ReplayStep {
    @Override
    public String kind() {
      return "fork";
    }
  }

  /**
   * The end of a space.
   *
   * @param expected what should be mapped before it
   */
  record Destroy(int space, List<MappingModel.Mapped> expected) implements ReplayStep {
    @Override
    public String kind() {
      return "destroy";
    }
  }

  /**
   * A mapping at exactly this place.
   *
   * @param replaces whether something was mapped there
   * @param assumed whether the recording never showed the call: the memory is older than it
   */
  record Map(int space, PageRange range, Content content, boolean replaces, boolean assumed)
      implements ReplayStep {
    @Override
    public String kind() {
      return assumed ? "map (older than the recording)" : "map";
    }

    @Override
    public @Nullable PageRange takenAway() {
      return replaces ? range : null;
    }
  }

  /**
   * What a mapping holds and permits.
   *
   * @param backing empty for anonymous memory
   */
  record Content(int protection, boolean shared, String backing, long offsetBytes) {
    static final Content PRIVATE =
        new Content(LinuxFlags.PROT_READ | LinuxFlags.PROT_WRITE, false, "", 0);

    boolean readWrite() {
      return Protections.readWrite(protection);
    }
  }

  record Unmap(int space, PageRange range) implements ReplayStep {
    @Override
    public String kind() {
      return "unmap";
    }

    @Override
    public PageRange takenAway() {
      return range;
    }
  }

  record Protect(int space, PageRange range, int protection) implements ReplayStep {
    @Override
    public String kind() {
      return "protect";
    }

    @Override
    public @Nullable PageRange takenAway() {
      return Protections.readWrite(protection) ? null : range;
    }
  }

  /** A mapping resized in place or moved. */
  record Remap(int space, PageRange oldRange, PageRange newRange) implements ReplayStep {
    @Override
    public String kind() {
      return "remap";
    }

    boolean moves() {
      return oldRange.address() != newRange.address();
    }

    @Override
    public PageRange takenAway() {
      return oldRange;
    }
  }

  /**
   * The end of the heap.
   *
   * @param added pages that the heap gained, null if none
   * @param removed pages that it lost, null if none
   */
  record Brk(int space, long end, @Nullable PageRange added, @Nullable PageRange removed)
      implements ReplayStep {
    @Override
    public String kind() {
      return "brk";
    }

    @Override
    public @Nullable PageRange takenAway() {
      return removed;
    }
  }

  /** The pages' bytes are dropped (MADV_DONTNEED and the like). */
  record Discard(int space, PageRange range) implements ReplayStep {
    @Override
    public String kind() {
      return "advise dontneed";
    }

    @Override
    public PageRange takenAway() {
      return range;
    }
  }

  /** The pages are faulted in (MADV_WILLNEED, MADV_POPULATE). */
  record Prefetch(int space, PageRange range) implements ReplayStep {
    @Override
    public String kind() {
      return "advise willneed";
    }
  }
}
