package dev.fenceline.host.engine.space;

import dev.fenceline.host.engine.space.MapOperation.Advise;
import dev.fenceline.host.engine.space.MapOperation.MapAnywhere;
import dev.fenceline.host.engine.space.MapOperation.MapFixed;
import dev.fenceline.host.engine.space.MapOperation.MapFixedNoReplace;
import dev.fenceline.host.engine.space.MapOperation.Protect;
import dev.fenceline.host.engine.space.MapOperation.Remap;
import dev.fenceline.host.engine.space.MapOperation.RemapPlacement;
import dev.fenceline.host.engine.space.MapOperation.SetBreak;
import dev.fenceline.host.engine.space.MapOperation.Unmap;
import dev.fenceline.host.engine.space.MapOutcome.Done;
import dev.fenceline.host.engine.space.MapOutcome.PageMove;
import dev.fenceline.host.engine.space.MapOutcome.Refused;
import dev.fenceline.host.engine.space.MappingTree.Heap;
import dev.fenceline.host.engine.space.MappingTree.Splice;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import dev.fenceline.model.VirtualRange;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The rules of mmap, munmap, mprotect, madvise, mremap and brk: what an operation does to the
 * mappings of a tree, worked out without touching it. Confined to the shard.
 *
 * <p>They are those of Linux, except that
 *
 * <ul>
 *   <li>nothing is ever half done: Linux's mprotect and madvise change what lies before a hole, and
 *       a failing mremap with MREMAP_FIXED has already unmapped its target;
 *   <li>the limit on mappings is exact ("not more than n after the operation"), where Linux lets
 *       mmap reach n + 1 and refuses some splits at n; a moving mremap wants the spare room that
 *       Linux wants for MREMAP_FIXED;
 *   <li>mremap refuses an old range of more than one mapping also when it shrinks, and the old
 *       length 0 (a second view of shared memory) does not exist;
 *   <li>a brk that fails is refused with ENOMEM, as by the C library, where the system call answers
 *       with the old break.
 * </ul>
 */
final class MapPlanner {

  /** What an operation would do: the answer, the changes behind it, and the heap after it. */
  record Draft(MapOutcome outcome, List<Splice> splices, @Nullable Heap heap) {
    static Draft refused(Refused refusal) {
      return new Draft(refusal, List.of(), null);
    }
  }

  /** Linux: a moving remap is refused at {@code map_count + 2 >= max - 3}, its worst case. */
  private static final int SPARE_FOR_MOVE = 5;

  private static final MappingAttributes HEAP_ATTRIBUTES =
      new MappingAttributes(Protection.READ_WRITE, MappingKind.HEAP, false, "[heap]", 0);

  private static final long BLOCK_BYTES = Pages.address(Pages.PER_BLOCK);

  private final MappingTree tree;

  MapPlanner(MappingTree tree) {
    this.tree = tree;
  }

  Draft draft(MapOperation operation) {
    return switch (operation) {
      case MapFixed map -> map(map.range(), map.attributes(), map.backingOffsetPages());
      case MapFixedNoReplace map -> mapNoReplace(map);
      case MapAnywhere map -> mapAnywhere(map);
      case Unmap unmap -> unmap(unmap.range());
      case Protect protect ->
          change(protect.range(), attributes -> attributes.withProtection(protect.protection()));
      case Advise advise ->
          change(
              advise.range(),
              attributes ->
                  attributes.withAdviceFlags(
                      (attributes.adviceFlags() & ~advise.clearFlags()) | advise.setFlags()));
      case Remap remap -> remap(remap);
      case SetBreak setBreak -> setBreak(setBreak.end());
    };
  }

  private Draft map(VirtualRange range, MappingAttributes attributes, long backingOffsetPages) {
    if (attributes.hugetlb() && (isInBlock(range.start()) || isInBlock(range.end()))) {
      return refused(Errno.EINVAL, range + " does not consist of pages of 2 MiB");
    }
    // Linux ignores the offset of anonymous memory.
    long offset = attributes.hasBacking() ? backingOffsetPages : 0;
    if (offset < 0 || offset > Mapping.maxOffsetPages(range)) {
      return refused(Errno.EINVAL, "backing offset of " + offset + " pages for " + range);
    }
    Mapping mapping = new Mapping(range, attributes, offset);
    Done done = new Done(range.start(), tree.piecesIn(range), List.of(), null);
    return accepted(done, new Splice(range, List.of(mapping)));
  }

  private Draft mapNoReplace(MapFixedNoReplace map) {
    List<Mapping> taken = tree.mappingsIn(map.range().start(), map.range().end());
    if (!taken.isEmpty()) {
      return refused(Errno.EEXIST, map.range() + " overlaps " + taken.getFirst().range());
    }
    return map(map.range(), map.attributes(), map.backingOffsetPages());
  }

  private Draft mapAnywhere(MapAnywhere map) {
    if (map.lengthBytes() <= 0 || !Pages.aligned(map.lengthBytes())) {
      return refused(Errno.EINVAL, "length " + map.lengthBytes() + " is not a number of pages");
    }
    long spare = map.attributes().hugetlb() ? BLOCK_BYTES - Pages.SIZE_BYTES : 0;
    OptionalLong start = tree.findFree(map.lengthBytes() + spare, map.hint());
    if (start.isEmpty()) {
      return refused(Errno.ENOMEM, "no free room of " + map.lengthBytes() + " bytes");
    }
    long address = spare == 0 ? start.getAsLong() : (start.getAsLong() + spare) & -BLOCK_BYTES;
    return map(rangeAt(address, map.lengthBytes()), map.attributes(), map.backingOffsetPages());
  }

  private static boolean isInBlock(long address) {
    return (address & (BLOCK_BYTES - 1)) != 0;
  }

  /** Whether a change that ends at the address would cut a page of 2 MiB that must stay whole. */
  private boolean cuts(long address) {
    Mapping mapping = isInBlock(address) ? tree.mapping(address) : null;
    return mapping != null && mapping.attributes().hugetlb();
  }

  private Draft unmap(VirtualRange range) {
    Done done = new Done(range.start(), tree.piecesIn(range), List.of(), null);
    return accepted(done, new Splice(range, List.of()));
  }

  private Draft change(VirtualRange range, UnaryOperator<MappingAttributes> alteration) {
    OptionalLong hole = tree.firstHole(range.start(), range.end());
    if (hole.isPresent()) {
      return refused(Errno.ENOMEM, hex(hole.getAsLong()) + " in " + range + " is not mapped");
    }
    List<Mapping> altered = new ArrayList<>();
    List<Mapping> replacement = new ArrayList<>();
    for (Mapping piece : tree.piecesIn(range)) {
      Mapping changed = piece.withAttributes(alteration.apply(piece.attributes()));
      replacement.add(changed);
      if (!changed.equals(piece)) {
        altered.add(piece);
      }
    }
    Done done = new Done(range.start(), List.of(), altered, null);
    return accepted(done, new Splice(range, replacement));
  }

  private Draft remap(Remap remap) {
    VirtualRange old = remap.oldRange();
    long newLength = remap.newLengthBytes();
    if (newLength <= 0 || !Pages.aligned(newLength)) {
      return refused(Errno.EINVAL, "new length " + newLength + " is not a number of pages");
    }
    Mapping source = tree.mapping(old.start());
    if (source == null) {
      return refused(Errno.EFAULT, hex(old.start()) + " is not mapped");
    }
    if (!source.range().contains(old)) {
      return refused(Errno.EFAULT, old + " is not inside one mapping: " + source.range());
    }
    boolean shrinks =
        !(remap.placement() instanceof RemapPlacement.Fixed) && newLength <= old.lengthBytes();
    if (source.attributes().hugetlb() && !shrinks) {
      return refused(Errno.EINVAL, source.range() + " is hugetlb: it can only shrink on the spot");
    }
    if (!fitsBacking(source, old, newLength)) {
      return refused(Errno.EINVAL, "new length " + newLength + " exceeds the backing");
    }
    return switch (remap.placement()) {
      case RemapPlacement.InPlace() -> resize(source, old, newLength, false);
      case RemapPlacement.MayMove() -> resize(source, old, newLength, true);
      case RemapPlacement.Fixed(long address) -> moveTo(source, old, address, newLength);
    };
  }

  private static boolean fitsBacking(Mapping source, VirtualRange old, long newLength) {
    long lastOffset = Pages.number(Long.MAX_VALUE) - Pages.number(newLength);
    return source.offsetAt(old.start()) <= lastOffset;
  }

  private Draft resize(Mapping source, VirtualRange old, long newLength, boolean mayMove) {
    if (newLength == old.lengthBytes()) {
      return unchanged(new Done(old.start(), List.of(), List.of(), null));
    }
    if (newLength < old.lengthBytes()) {
      VirtualRange tail = new VirtualRange(old.start() + newLength, old.end());
      Done done = new Done(old.start(), tree.piecesIn(tail), List.of(), null);
      return accepted(done, new Splice(tail, List.of()));
    }
    boolean fits = newLength <= Pages.ADDRESS_LIMIT - old.start();
    if (fits && old.end() == source.end() && tree.isFree(old.end(), old.start() + newLength)) {
      VirtualRange added = new VirtualRange(old.end(), old.start() + newLength);
      Mapping growth = new Mapping(added, source.attributes(), source.offsetAt(old.end()));
      Done done = new Done(old.start(), List.of(), List.of(), null);
      return accepted(done, new Splice(added, List.of(growth)));
    }
    if (!mayMove) {
      return refused(Errno.ENOMEM, old + " cannot grow to " + newLength + " bytes on the spot");
    }
    OptionalLong target = tree.findFree(newLength, 0);
    if (target.isEmpty()) {
      return refused(Errno.ENOMEM, "no free room of " + newLength + " bytes");
    }
    return move(source, old, rangeAt(target.getAsLong(), newLength));
  }

  private Draft moveTo(Mapping source, VirtualRange old, long address, long newLength) {
    return switch (VirtualRange.check(address, newLength)) {
      case VirtualRange.Invalid invalid -> refused(Errno.EINVAL, "new place: " + invalid.detail());
      case VirtualRange.Valid(VirtualRange target) -> {
        if (target.overlaps(old)) {
          yield refused(Errno.EINVAL, "new place " + target + " overlaps the old one, " + old);
        }
        yield move(source, old, target);
      }
    };
  }

  private Draft move(Mapping source, VirtualRange old, VirtualRange target) {
    if (tree.size() >= tree.limits().maxMappings() - SPARE_FOR_MOVE) {
      String detail = "a move at " + tree.size() + " of " + tree.limits().maxMappings();
      return refused(Errno.ENOMEM, detail + " mappings");
    }
    List<Mapping> unmapped = tree.piecesIn(target);
    long movedBytes = Math.min(old.lengthBytes(), target.lengthBytes());
    if (movedBytes < old.lengthBytes()) {
      unmapped.addAll(tree.piecesIn(new VirtualRange(old.start() + movedBytes, old.end())));
    }
    MappingAttributes attributes = source.attributes();
    if (attributes.kind() == MappingKind.HEAP || attributes.kind() == MappingKind.STACK) {
      attributes = attributes.withKind(MappingKind.ANONYMOUS);
    }
    Mapping arrived = new Mapping(target, attributes, source.offsetAt(old.start()));
    PageMove pages = new PageMove(rangeAt(old.start(), movedBytes), target.start());
    Done done = new Done(target.start(), unmapped, List.of(), pages);
    return accepted(done, new Splice(old, List.of()), new Splice(target, List.of(arrived)));
  }

  private Draft setBreak(long end) {
    Heap heap = tree.heap();
    if (end == 0) {
      return unchanged(new Done(heap == null ? 0 : heap.end(), List.of(), List.of(), null));
    }
    if (end < 0 || end > Pages.ADDRESS_LIMIT) {
      return refused(Errno.ENOMEM, "break " + hex(end) + " is not in [0, 2^47]");
    }
    if (heap == null) {
      return withBreak(end, new Heap(end, end), List.of(), List.of());
    }
    if (end < heap.start()) {
      return refused(Errno.ENOMEM, "break " + hex(end) + " is below " + hex(heap.start()));
    }
    Heap moved = new Heap(heap.start(), end);
    long oldEdge = Pages.roundUp(heap.end());
    long newEdge = Pages.roundUp(end);
    if (newEdge == oldEdge) {
      return withBreak(end, moved, List.of(), List.of());
    }
    if (newEdge < oldEdge) {
      VirtualRange tail = new VirtualRange(newEdge, oldEdge);
      return withBreak(end, moved, tree.piecesIn(tail), List.of(new Splice(tail, List.of())));
    }
    // Linux keeps one page free above the heap.
    if (!tree.isFreeWithGuard(oldEdge, newEdge + Pages.SIZE_BYTES)) {
      return refused(Errno.ENOMEM, "break " + hex(end) + " runs into another mapping");
    }
    VirtualRange added = new VirtualRange(oldEdge, newEdge);
    Mapping growth = new Mapping(added, HEAP_ATTRIBUTES, 0);
    return withBreak(end, moved, List.of(), List.of(new Splice(added, List.of(growth))));
  }

  private static Draft withBreak(
      long end, Heap heap, List<Mapping> unmapped, List<Splice> splices) {
    return new Draft(new Done(end, unmapped, List.of(), null), splices, heap);
  }

  private Draft accepted(Done done, Splice... splices) {
    for (Splice splice : splices) {
      if (cuts(splice.region().start()) || cuts(splice.region().end())) {
        return refused(
            Errno.EINVAL, splice.region() + " ends within a page of 2 MiB of a hugetlb mapping");
      }
    }
    return new Draft(done, List.of(splices), tree.heap());
  }

  private Draft unchanged(Done done) {
    return new Draft(done, List.of(), tree.heap());
  }

  private static Draft refused(Errno errno, String detail) {
    return Draft.refused(new Refused(errno, detail));
  }

  private static VirtualRange rangeAt(long start, long lengthBytes) {
    return new VirtualRange(start, start + lengthBytes);
  }

  private static String hex(long address) {
    return "0x" + Long.toHexString(address);
  }
}
