package dev.fenceline.host.engine.space;

import dev.fenceline.host.engine.frame.FrameTable;
import dev.fenceline.host.engine.frame.SwapSlots;
import dev.fenceline.host.engine.migration.DeviceOwner;
import dev.fenceline.host.engine.migration.DevicePages;
import dev.fenceline.host.engine.object.ObjectTable;
import dev.fenceline.model.DeviceId;
import org.jspecify.annotations.Nullable;

/** What the memory of an address space asks of the shard's frames. Confined to the shard. */
public interface FrameDesk extends FrameSource, FrameEffects {
  /** Who maps which frame. */
  FrameTable table();

  /** The slots of the swap file. */
  SwapSlots swap();

  /** What mappings of several spaces show together. */
  ObjectTable objects();

  /** What is in memory of devices. */
  DevicePages devicePages();

  /** What becomes of large pages. */
  LargeTally largeTally();

  /** Whether a frame could be had now. */
  default boolean anyLeft() {
    int frame = allocate();
    if (frame != NONE_LEFT) {
      cancel(frame);
    }
    return frame != NONE_LEFT;
  }

  /** A device whose agent attached; null if there is none of that id. */
  @Nullable DeviceOwner deviceOwner(DeviceId device);

  /** No entry names the device page any more: its device may free it, unless it is pinned. */
  void freeDevicePage(int number);

  /** Whether it is worth waiting for a frame: others are swapped out, or killed. */
  boolean mayComeFree();

  /** Whether somebody pinned the frame, or the device page (INV-11). */
  boolean pinned(int frame);

  /** Whether reclaim passes over the frame before it tells anybody, since it is pinned (INV-11). */
  boolean spared(int frame);

  /** So many frames, or null, and none taken, if there are not enough. */
  default int @Nullable [] allocateAll(int count) {
    int[] taken = new int[count];
    for (int i = 0; i < count; i++) {
      taken[i] = allocate();
      if (taken[i] == NONE_LEFT) {
        for (int j = i - 1; j >= 0; j--) {
          cancel(taken[j]);
        }
        return null;
      }
    }
    return taken;
  }
}
