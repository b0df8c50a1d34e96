package dev.fenceline.host.engine.space;

/** Where the memory of an address space says what is to be done with frames, in order. */
public interface FrameEffects {
  /** Every byte of so many consecutive frames becomes zero. */
  void zero(int first, int count);

  /** The frame's bytes become these, a whole page. */
  void fill(int frame, byte[] bytes);

  /** The frame's bytes are copied. */
  void copy(int from, int to);

  /** The frame's bytes go to a swap slot. */
  void writeSwap(int frame, int swapSlot);

  /** The bytes of a swap slot come to a frame. */
  void readSwap(int swapSlot, int frame);

  /** A page of a file is read into the frame; what is behind the file's end is zero. */
  void readFile(String path, long page, int frame);

  /** The frame's bytes go to a page of a file, but not behind the file's end. */
  void writeFile(int frame, String path, long page);

  /** No translation of any participant leads to these frames any more (INV-3). */
  void free(int[] frames);
}
