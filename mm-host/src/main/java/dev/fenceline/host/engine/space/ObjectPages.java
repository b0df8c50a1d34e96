package dev.fenceline.host.engine.space;

import dev.fenceline.host.engine.object.MemoryObject;
import dev.fenceline.host.engine.object.ObjectTable;
import dev.fenceline.model.Pages;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How one address space gets at the pages of shared objects and files that it maps. Confined to the
 * shard.
 */
final class ObjectPages {
  /** What {@link #bring} answers when no frame is left; no entry is this. */
  static final long NO_FRAME = -1;

  /** What {@link #bring} answers when a private page is as if it were anonymous. */
  static final long NOT_THERE = -2;

  private final PageTable pages;
  private final FrameDesk frames;
  private final int slot;

  /** The spaces that find objects by name together: a space and what was forked from it. */
  private final String group;

  /**
   * @param slot what the frame table calls the space
   */
  ObjectPages(PageTable pages, FrameDesk frames, int slot, String group) {
    this.pages = pages;
    this.frames = frames;
    this.slot = slot;
    this.group = group;
  }

  String group() {
    return group;
  }

  /** The change, with the object in it that it maps: a new one, or the one of the name. */
  MapOperation withObject(MapOperation change) {
    return switch (change) {
      case MapOperation.MapFixed map ->
          new MapOperation.MapFixed(
              map.range(), withObject(map.attributes()), map.backingOffsetPages());
      case MapOperation.MapFixedNoReplace map ->
          new MapOperation.MapFixedNoReplace(
              map.range(), withObject(map.attributes()), map.backingOffsetPages());
      case MapOperation.MapAnywhere map ->
          new MapOperation.MapAnywhere(
              map.lengthBytes(),
              map.hint(),
              withObject(map.attributes()),
              map.backingOffsetPages());
      case MapOperation.Unmap unmap -> unmap;
      case MapOperation.Protect protect -> protect;
      case MapOperation.Advise advise -> advise;
      case MapOperation.Remap remap -> remap;
      case MapOperation.SetBreak brk -> brk;
    };
  }

  private MappingAttributes withObject(MappingAttributes attributes) {
    return attributes.hasBacking()
        ? attributes.withObject(frames.objects().find(group, attributes.name()).id())
        : attributes;
  }

  /** What is mapped anew counts first: replacing the last mapping of an object keeps it. */
  void changed(SpaceOperation.OfMappings resolved, MapOutcome.Done done, @Nullable Mapping now) {
    long grown =
        switch (resolved) {
          case SpaceOperation.Map map -> Pages.number(Pages.roundUp(map.length()));
          case SpaceOperation.Remap remap ->
              Pages.number(Pages.roundUp(remap.newLength()))
                  - Pages.number(Pages.roundUp(remap.oldLength()));
          case SpaceOperation.Unmap u -> 0;
          case SpaceOperation.Protect p -> 0;
          case SpaceOperation.Brk b -> 0;
        };
    if (now != null && grown > 0) {
      count(now, grown);
    }
    done.unmapped().forEach(this::unmapped);
  }

  /** The mapping shows pages of its object from now on. */
  void mapped(Mapping mapping) {
    count(mapping, mapping.range().pages());
  }

  private void count(Mapping mapping, long byPages) {
    if (mapping.attributes().object() != 0) {
      frames.objects().mapped(mapping.attributes().object(), byPages);
    }
  }

  /** The piece is not mapped any more, and its entries are cleared; what nobody maps goes. */
  void unmapped(Mapping piece) {
    long id = piece.attributes().object();
    if (id == 0) {
      return;
    }
    MemoryObject object = frames.objects().required(id);
    writeBack(object, piece.backingOffsetPages(), piece.range().pages());
    frames.objects().mapped(id, -piece.range().pages());
    if (object.mappedPages() == 0) {
      release(object);
    }
  }

  private void release(MemoryObject object) {
    int[] freed = new int[object.frames().size()];
    int count = 0;
    for (Map.Entry<Long, Integer> page : object.frames().entrySet()) {
      if (frames.table().unmap(page.getValue(), object.slot(), page.getKey()) == 0) {
        freed[count++] = page.getValue();
      }
    }
    object.swapped().values().forEach(frames.swap()::release);
    object.frames().clear();
    frames.objects().forget(object.id());
    if (count > 0) {
      frames.free(Arrays.copyOf(freed, count));
    }
  }

  /** Writes pages of a file back that somebody may have written (msync). */
  void writeBack(Mapping piece) {
    if (piece.attributes().object() != 0) {
      writeBack(
          frames.objects().required(piece.attributes().object()),
          piece.backingOffsetPages(),
          piece.range().pages());
    }
  }

  private void writeBack(MemoryObject object, long firstPage, long count) {
    if (!isFile(object)) {
      return;
    }
    // Dirty pages are there: one that gives up its frame is written back and clean.
    for (long page : object.dirty().subSet(firstPage, firstPage + count)) {
      frames.writeFile(object.frame(page), path(object), page);
    }
  }

  /**
   * A page that is not in the page table comes from the object: its entry, or {@link #NO_FRAME} or
   * {@link #NOT_THERE}. A private mapping gets the object's frame to read, and a copy to write.
   */
  long bring(long vpn, long entry, Mapping mapping, boolean write) {
    MemoryObject object = frames.objects().required(mapping.attributes().object());
    long page = mapping.offsetAt(Pages.address(vpn));
    boolean shared = mapping.attributes().shared();
    int frame = object.frame(page);
    if (frame == MemoryObject.ABSENT) {
      if (!shared && !isFile(object) && !object.swapped().containsKey(page)) {
        return NOT_THERE;
      }
      frame = fill(object, page);
      if (frame == FrameSource.NONE_LEFT) {
        return NO_FRAME;
      }
    }
    if (write && shared) {
      object.dirty().add(page);
    }
    if (write && !shared) {
      int copy = frames.allocate();
      if (copy == FrameSource.NONE_LEFT) {
        return NO_FRAME;
      }
      frames.copy(frame, copy);
      frame = copy;
    }
    frames.table().map(frame, slot, vpn);
    long present = Pte.withDirty(Pte.present(frame, write, Pte.generation(entry)), true);
    pages.set(vpn, present);
    return present;
  }

  /** A shared page is about to be written for the first time through an entry that read it. */
  void written(long vpn, Mapping mapping) {
    if (mapping.attributes().shared() && mapping.attributes().object() != 0) {
      frames
          .objects()
          .required(mapping.attributes().object())
          .dirty()
          .add(mapping.offsetAt(Pages.address(vpn)));
    }
  }

  private int fill(MemoryObject object, long page) {
    int frame = frames.allocate();
    if (frame == FrameSource.NONE_LEFT) {
      return frame;
    }
    Integer swapSlot = object.swapped().remove(page);
    if (isFile(object)) {
      frames.readFile(path(object), page, frame);
    } else if (swapSlot != null) {
      frames.readSwap(swapSlot, frame);
      frames.swap().release(swapSlot);
    } else {
      frames.zero(frame, 1);
    }
    frames.table().map(frame, object.slot(), page);
    object.frames().put(page, frame);
    return frame;
  }

  private static boolean isFile(MemoryObject object) {
    return object.name().startsWith(ObjectTable.FILE_PREFIX);
  }

  private static String path(MemoryObject object) {
    return object.name().substring(ObjectTable.FILE_PREFIX.length());
  }
}
