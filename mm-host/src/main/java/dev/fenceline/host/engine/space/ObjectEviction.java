package dev.fenceline.host.engine.space;

import dev.fenceline.host.engine.frame.SwapSlots;
import dev.fenceline.host.engine.object.MemoryObject;
import dev.fenceline.host.engine.object.ObjectTable;

/** How pages of objects leave their frames for the swap file, or for their file. Stateless. */
public final class ObjectEviction {
  private ObjectEviction() {}

  /** Whether an object has the frame. */
  static boolean ofObject(FrameDesk frames, int frame) {
    boolean[] found = {false};
    frames.table().forEachMapping(frame, (owner, page) -> found[0] |= owner < 0);
    return found[0];
  }

  /**
   * Frees a frame that nothing has any more but an object, nobody having a translation of it.
   *
   * @return false, and nothing happened, if somebody else has it as well, or no swap slot is left
   */
  public static boolean evict(FrameDesk frames, int frame) {
    if (frames.table().mapCount(frame) != 1 || frames.pinned(frame)) {
      return false;
    }
    long[] owner = {0, 0};
    frames
        .table()
        .forEachMapping(
            frame,
            (id, page) -> {
              owner[0] = id;
              owner[1] = page;
            });
    if (owner[0] >= 0) {
      return false;
    }
    MemoryObject object = frames.objects().required(-owner[0]);
    long page = owner[1];
    if (object.name().startsWith(ObjectTable.FILE_PREFIX)) {
      if (object.dirty().remove(page)) {
        frames.writeFile(frame, object.name().substring(ObjectTable.FILE_PREFIX.length()), page);
      }
    } else {
      int swapSlot = frames.swap().take();
      if (swapSlot == SwapSlots.NONE_LEFT) {
        return false;
      }
      frames.writeSwap(frame, swapSlot);
      object.swapped().put(page, swapSlot);
    }
    object.frames().remove(page);
    frames.table().unmap(frame, object.slot(), page);
    frames.free(new int[] {frame});
    return true;
  }
}
