package dev.fenceline.testbed.replay;

import dev.fenceline.testbed.trace.LinuxFlags;
import dev.fenceline.testbed.trace.TraceEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Says which calls on a host repeat an event of a recording. Confined to one thread.
 *
 * <p>Results are replayed, not requests: a mapping goes exactly where the kernel put it, so that
 * later addresses fit. What a recording cannot show follows from these rules:
 *
 * <ul>
 *   <li>Memory that the program treats as mapped without having mapped it (its own image, its
 *       stack) is older than the recording: it is mapped first.
 *   <li>A program that asks for a break which is not where its break is has been replaced by
 *       another one with an exec that was not recorded: it continues in a fresh space.
 *   <li>MADV_FREE drops the pages at once, as Linux may; advice without effect on bytes is left
 *       out.
 * </ul>
 */
final class ReplayPlanner {
  private static final int FIRST_OWN_SPACE = 1 << 20;

  private final NavigableMap<Integer, MappingModel> models = new TreeMap<>();

  /** The spaces of programs whose exec was not recorded, by pid. */
  private final NavigableMap<Integer, Integer> replaced = new TreeMap<>();

  /** How many threads and vforked children were ever created in a space. */
  private final NavigableMap<Integer, Integer> sharers = new TreeMap<>();

  private final List<ReplayStep> steps = new ArrayList<>();
  private int nextOwnSpace = FIRST_OWN_SPACE;

  /** The calls that repeat an event, in order; none if it changed no memory. */
  List<ReplayStep> plan(TraceEvent event) {
    steps.clear();
    switch (event) {
      case TraceEvent.Mmap mmap -> mmap(mmap);
      case TraceEvent.Munmap munmap -> {
        PageRange range = new PageRange(munmap.address(), munmap.lengthBytes());
        int space = spaceOf(event);
        model(space).unmap(range);
        steps.add(new ReplayStep.Unmap(space, range));
      }
      case TraceEvent.Mprotect mprotect -> mprotect(mprotect);
      case TraceEvent.Mremap mremap -> mremap(mremap);
      case TraceEvent.Madvise madvise -> madvise(madvise);
      case TraceEvent.Brk brk -> brk(brk);
      case TraceEvent.Clone clone -> cloned(clone);
      case TraceEvent.Exec exec -> exec(exec);
      case TraceEvent.Exit exit -> exit(exit);
      case TraceEvent.Failed failed -> {
        // The kernel changed nothing.
      }
    }
    return List.copyOf(steps);
  }

  /** The end of every space that is still there, as at the end of a recording. */
  List<ReplayStep> finish() {
    steps.clear();
    for (int space : List.copyOf(models.keySet()).reversed()) {
      destroy(space);
    }
    return List.copyOf(steps);
  }

  private int spaceOf(TraceEvent event) {
    return replaced.getOrDefault(event.site().pid(), event.spaceKey());
  }

  private MappingModel model(int space) {
    MappingModel known = models.get(space);
    if (known != null) {
      return known;
    }
    steps.add(new ReplayStep.Create(space));
    MappingModel fresh = new MappingModel();
    models.put(space, fresh);
    return fresh;
  }

  private void mmap(TraceEvent.Mmap mmap) {
    TraceEvent.Mmap.Request request = mmap.request();
    int space = spaceOf(mmap);
    ReplayStep.Content content =
        new ReplayStep.Content(
            request.protection(),
            (request.flags() & LinuxFlags.MAP_SHARED) != 0,
            request.anonymous() ? "" : "fd" + request.fileDescriptor(),
            request.anonymous() ? 0 : request.offsetBytes());
    map(space, new PageRange(mmap.resultAddress(), request.lengthBytes()), content, false);
  }

  private void map(int space, PageRange range, ReplayStep.Content content, boolean assumed) {
    MappingModel model = model(space);
    boolean replaces = !model.in(range).isEmpty();
    model.map(range, content.protection());
    steps.add(new ReplayStep.Map(space, range, content, replaces, assumed));
  }

  private void mapOlder(int space, PageRange range) {
    for (PageRange hole : model(space).holes(range)) {
      map(space, hole, ReplayStep.Content.PRIVATE, true);
    }
  }

  private void mprotect(TraceEvent.Mprotect mprotect) {
    PageRange range = new PageRange(mprotect.address(), mprotect.lengthBytes());
    if (range.pages() == 0) {
      return;
    }
    int space = spaceOf(mprotect);
    mapOlder(space, range);
    model(space).protect(range, mprotect.protection());
    steps.add(new ReplayStep.Protect(space, range, mprotect.protection()));
  }

  private void mremap(TraceEvent.Mremap mremap) {
    int space = spaceOf(mremap);
    PageRange old = new PageRange(mremap.oldRange().address(), mremap.oldRange().lengthBytes());
    PageRange target = new PageRange(mremap.resultAddress(), mremap.target().newLengthBytes());
    if (old.pages() == 0) {
      // A second view of shared memory: a view of its own is as near as it gets.
      map(space, target, ReplayStep.Content.PRIVATE, false);
      return;
    }
    mapOlder(space, old);
    MappingModel model = model(space);
    int protection = model.protectionAt(old.start());
    model.unmap(old);
    model.map(target, protection);
    steps.add(new ReplayStep.Remap(space, old, target));
    if ((mremap.target().flags() & LinuxFlags.MREMAP_DONTUNMAP) != 0) {
      map(space, old, new ReplayStep.Content(protection, false, "", 0), false);
    }
  }

  private void madvise(TraceEvent.Madvise madvise) {
    PageRange range = new PageRange(madvise.address(), madvise.lengthBytes());
    if (range.pages() == 0) {
      return;
    }
    int space = spaceOf(madvise);
    switch (madvise.advice()) {
      case LinuxFlags.MADV_DONTNEED, LinuxFlags.MADV_FREE, LinuxFlags.MADV_REMOVE -> {
        mapOlder(space, range);
        steps.add(new ReplayStep.Discard(space, range));
      }
      case LinuxFlags.MADV_WILLNEED,
          LinuxFlags.MADV_POPULATE_READ,
          LinuxFlags.MADV_POPULATE_WRITE -> {
        mapOlder(space, range);
        steps.add(new ReplayStep.Prefetch(space, range));
      }
      default -> {
        // Says nothing about bytes or rights.
      }
    }
  }

  private void brk(TraceEvent.Brk brk) {
    boolean asks = brk.requestedAddress() == TraceEvent.NO_ADDRESS;
    int space = spaceOf(brk);
    Long before = model(space).heapEnd();
    if (asks && before != null && before != brk.resultAddress()) {
      space = replacedProgram(brk, space);
      before = null;
    }
    MappingModel model = model(space);
    long end = brk.resultAddress();
    if (before == null) {
      model.setHeapEnd(end);
      steps.add(new ReplayStep.Brk(space, end, null, null));
      return;
    }
    if (end == before) {
      return;
    }
    model.setHeapEnd(end);
    long oldEdge = new PageRange(before, 0).end();
    long newEdge = new PageRange(end, 0).end();
    PageRange added = newEdge > oldEdge ? PageRange.between(oldEdge, newEdge) : null;
    PageRange removed = newEdge < oldEdge ? PageRange.between(newEdge, oldEdge) : null;
    if (added != null) {
      model.map(added, Protections.READ_WRITE);
    }
    if (removed != null) {
      model.unmap(removed);
    }
    steps.add(new ReplayStep.Brk(space, end, added, removed));
  }

  /** The fresh space of a program that nobody saw starting. */
  private int replacedProgram(TraceEvent.Brk brk, int oldSpace) {
    int pid = brk.site().pid();
    int fresh = nextOwnSpace++;
    boolean wasOwn = replaced.put(pid, fresh) != null;
    boolean shared = replaced.values().stream().anyMatch(space -> space == oldSpace);
    if (wasOwn ? !shared : !sharers.containsKey(oldSpace)) {
      destroy(oldSpace);
    }
    return fresh;
  }

  private void cloned(TraceEvent.Clone clone) {
    int parent = spaceOf(clone);
    if (clone.sharesMemory()) {
      sharers.merge(clone.spaceKey(), 1, Integer::sum);
      if (parent != clone.spaceKey()) {
        replaced.put(clone.childPid(), parent);
      }
      return;
    }
    models.put(clone.childSpaceKey(), model(parent).copy());
    steps.add(new ReplayStep.Fork(parent, clone.childSpaceKey()));
  }

  private void exec(TraceEvent.Exec exec) {
    Integer own = replaced.remove(exec.site().pid());
    if (own != null && !replaced.containsValue(own)) {
      destroy(own);
    }
    if (exec.previousSpaceEnded()) {
      destroy(exec.previousSpaceKey());
    }
    model(exec.spaceKey());
  }

  private void exit(TraceEvent.Exit exit) {
    Integer own = replaced.remove(exit.site().pid());
    if (own != null && !replaced.containsValue(own)) {
      destroy(own);
    }
    if (exit.spaceEnded()) {
      destroy(exit.spaceKey());
    }
  }

  private void destroy(int space) {
    MappingModel model = models.remove(space);
    if (model != null) {
      steps.add(new ReplayStep.Destroy(space, model.normalized()));
    }
  }
}
