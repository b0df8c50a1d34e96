package dev.fenceline.testbed.sim;

/** How the bytes of frames move at a host, or do not if that is broken. Confined to the loop. */
final class FrameBytes {
  private final SimWorld world;
  private final Frames frames;
  private final EarlyCopies early;
  private final CopyCheck check;

  FrameBytes(SimWorld world, Frames frames, EarlyCopies early, CopyCheck check) {
    this.early = early;
    this.check = check;
    this.world = world;
    this.frames = frames;
  }

  void zero(int first, int count) {
    for (int i = 0; i < count && !world.broken(Breakage.FRAME_NOT_ZEROED); i++) {
      frames.zero(first + i);
    }
  }

  void copy(int from, int to) {
    world.count(Sometimes.COPIED_ON_WRITE);
    if (!world.broken(Breakage.COPY_ON_WRITE_WITHOUT_COPY)) {
      frames.copy(from, to);
    }
    early.show(from, to);
    check.copied(to);
  }

  void swapOut(int frame, int swapSlot) {
    world.count(Sometimes.SWAPPED_OUT);
    early.show(frame, frame);
    if (!world.broken(Breakage.SWAPPED_PAGE_NOT_WRITTEN)) {
      frames.writeSwap(frame, swapSlot);
    }
    check.swappedOut(frame, swapSlot);
  }
}
