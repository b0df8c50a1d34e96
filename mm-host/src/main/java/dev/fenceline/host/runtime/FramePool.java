package dev.fenceline.host.runtime;

import dev.fenceline.host.engine.space.FrameSource;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.model.Pages;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;

/**
 * The free frames of a host, shared by its shards: two lock-free stacks, of single frames and of
 * whole blocks of 2 MiB, each threaded through an array of links (Treiber, 1986). Thread-safe.
 *
 * <p>No magazines per shard: a stack costs one exchange per frame, or one for a whole list that an
 * invalidation frees, and it keeps exhaustion exact, since no frame hides with a shard that does
 * not need it.
 *
 * <p>A block is broken into frames when no single one is left. What is freed as a whole block stays
 * one; what is freed frame by frame is looked through, so many frames at a time, when a block is
 * asked for and none is there. Who breaks or joins has frames that are in neither stack: an
 * allocation that finds both empty meanwhile spins, so that exhaustion stays exact.
 *
 * <h2>Access modes</h2>
 *
 * <table>
 * <caption>Who touches what, how, and why</caption>
 * <tr><th>field<th>mode<th>why
 * <tr><td>head<td>volatile read, compareAndSet<td>a tag in the upper half changes with every exchange, so that a head which
 *     left and came back (ABA) is told apart
 * <tr><td>links[f]<td>opaque<td>written while f is private to the pusher, published by the exchange; a popper that read a
 *     stale link fails its exchange, since the tag has moved on
 * <tr><td>blockHead, blockLinks[b]<td>as head, links<td>the same stack, of blocks
 * <tr><td>rearranging<td>volatile getAndAdd<td>raised before frames leave one stack for the other and lowered behind it: who
 *     finds both stacks empty, then 0 here, then the head untouched, has seen every frame in use
 * <tr><td>freedSingly, joinedAt<td>as LongAdder; volatile<td>hints when joining is worth another look
 * <tr><td>exhausted<td>volatile<td>two threads may report one shortage; no more is at stake
 * </table>
 */
public final class FramePool implements FrameSource {
  /** Exclusive bound of frame numbers: what a page table entry can hold. */
  static final int FRAME_LIMIT = Pte.MAX_FRAME + 1;

  /** Single frames that are looked through for whole blocks when one is asked for. */
  static final int JOIN_FRAMES = 16 * Pages.PER_BLOCK;

  private static final VarHandle HEAD;
  private static final VarHandle BLOCK_HEAD;
  private static final VarHandle REARRANGING;
  private static final VarHandle LINK = MethodHandles.arrayElementVarHandle(int[].class);
  private static final long FRAME_MASK = 0xffff_ffffL;
  private static final long TAG = 1L << 32;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      HEAD = lookup.findVarHandle(FramePool.class, "head", long.class);
      BLOCK_HEAD = lookup.findVarHandle(FramePool.class, "blockHead", long.class);
      REARRANGING = lookup.findVarHandle(FramePool.class, "rearranging", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final int[] links;
  private final int[] blockLinks;

  /** Frames that were freed one by one, ever. */
  private final LongAdder freedSingly = new LongAdder();

  /** How many those were when whole blocks were looked for among them last. */
  private volatile long joinedAt;

  private final LongAdder free = new LongAdder();
  private final Runnable onExhausted;

  /** True from the first refusal until a sixteenth is free again: one report per shortage. */
  private volatile boolean exhausted;

  /** Tag and number of the topmost free frame; 0 in the lower half: none. */
  @SuppressWarnings({"FieldMayBeFinal", "UnusedVariable"}) // read and written through HEAD
  private long head;

  /** The same of the topmost free block. */
  @SuppressWarnings({"FieldMayBeFinal", "UnusedVariable"}) // read and written through BLOCK_HEAD
  private long blockHead;

  @SuppressWarnings("UnusedVariable") // read and written through REARRANGING
  private int rearranging;

  /**
   * @param frames how many there are, with frame 0, which is never given out
   */
  public FramePool(int frames) {
    this(frames, () -> {});
  }

  /**
   * @param onExhausted called when a frame is refused for the first time in a shortage, by the
   *     thread that asked; must not block
   */
  FramePool(int frames, Runnable onExhausted) {
    this.onExhausted = onExhausted;
    links = new int[frames];
    blockLinks = new int[(frames >>> Pages.BLOCK_ORDER) + 1];
    // The first block has the zero page in it, the last one may be cut short: their frames are
    // single from the start.
    int blocks = frames >>> Pages.BLOCK_ORDER;
    for (int block = blocks - 1; block >= 1; block--) {
      pushBlock(block);
    }
    int behind = Math.max(1, blocks) << Pages.BLOCK_ORDER;
    int afterFirst = Math.min(frames, Pages.PER_BLOCK);
    if (behind < frames) {
      pushRun(behind, frames - behind);
    }
    if (afterFirst > 1) {
      pushRun(1, afterFirst - 1);
    }
    free.add(frames - 1L);
  }

  @Override
  public int allocate() {
    while (true) {
      long top = (long) HEAD.getVolatile(this);
      int frame = (int) (top & FRAME_MASK);
      if (frame != 0) {
        int below = (int) LINK.getOpaque(links, frame);
        if (HEAD.compareAndSet(this, top, retagged(top, below))) {
          free.decrement();
          return frame;
        }
        continue;
      }
      int first = breakBlock();
      if (first != NONE_LEFT) {
        free.decrement();
        return first;
      }
      if ((int) REARRANGING.getVolatile(this) != 0 || (long) HEAD.getVolatile(this) != top) {
        Thread.onSpinWait();
        continue;
      }
      if (!exhausted) {
        exhausted = true;
        onExhausted.run();
      }
      return NONE_LEFT;
    }
  }

  @Override
  public int allocateBlock() {
    int block = popBlock();
    if (block == 0 && worthJoining()) {
      join();
      block = popBlock();
    }
    if (block == 0) {
      return NONE_LEFT;
    }
    free.add(-Pages.PER_BLOCK);
    return block << Pages.BLOCK_ORDER;
  }

  /** The first frame of a free block, whose others are single from now on; or none. */
  private int breakBlock() {
    REARRANGING.getAndAdd(this, 1);
    try {
      int block = popBlock();
      if (block == 0) {
        return NONE_LEFT;
      }
      int first = block << Pages.BLOCK_ORDER;
      pushRun(first + 1, Pages.PER_BLOCK - 1);
      return first;
    } finally {
      REARRANGING.getAndAdd(this, -1);
    }
  }

  /** Not again before another block's worth of frames was freed. */
  private boolean worthJoining() {
    return free.sum() >= Pages.PER_BLOCK && freedSingly.sum() - joinedAt >= Pages.PER_BLOCK;
  }

  /** Makes whole blocks of the single frames that were freed last. */
  private void join() {
    joinedAt = freedSingly.sum();
    REARRANGING.getAndAdd(this, 1);
    try {
      int[] taken = new int[JOIN_FRAMES];
      int count = 0;
      while (count < JOIN_FRAMES) {
        long top = (long) HEAD.getVolatile(this);
        int frame = (int) (top & FRAME_MASK);
        if (frame == 0) {
          break;
        }
        int below = (int) LINK.getOpaque(links, frame);
        if (HEAD.compareAndSet(this, top, retagged(top, below))) {
          taken[count++] = frame;
        }
      }
      Arrays.sort(taken, 0, count);
      pushAll(taken, count);
    } finally {
      REARRANGING.getAndAdd(this, -1);
    }
  }

  @Override
  public void cancel(int frame) {
    push(frame, frame);
    freed(1);
  }

  @Override
  public void cancelBlock(int first) {
    pushBlock(first >>> Pages.BLOCK_ORDER);
    freed(Pages.PER_BLOCK);
  }

  /** Gives back frames to which no translation leads any more (INV-3). */
  public void free(int[] frames) {
    if (frames.length == 0) {
      return;
    }
    freedSingly.add(pushAll(frames, frames.length));
    freed(frames.length);
  }

  private void freed(int count) {
    free.add(count);
    if (exhausted && free.sum() * 16 >= total()) {
      exhausted = false;
    }
  }

  /** Whole blocks among the frames, in ascending order, go as such; answers how many did not. */
  private int pushAll(int[] frames, int count) {
    int first = 0;
    int last = 0;
    int singles = 0;
    for (int i = 0; i < count; ) {
      if (isBlock(frames, i, count)) {
        pushBlock(frames[i] >>> Pages.BLOCK_ORDER);
        i += Pages.PER_BLOCK;
        continue;
      }
      if (singles++ == 0) {
        first = frames[i];
      } else {
        LINK.setOpaque(links, last, frames[i]);
      }
      last = frames[i++];
    }
    if (singles > 0) {
      push(first, last);
    }
    return singles;
  }

  private static boolean isBlock(int[] frames, int at, int count) {
    int first = frames[at];
    if ((first & (Pages.PER_BLOCK - 1)) != 0
        || count - at < Pages.PER_BLOCK
        || frames[at + Pages.PER_BLOCK - 1] != first + Pages.PER_BLOCK - 1) {
      return false;
    }
    for (int i = 1; i < Pages.PER_BLOCK; i++) {
      if (frames[at + i] != first + i) {
        return false;
      }
    }
    return true;
  }

  /** Frames that can be given out in all. */
  public long total() {
    return links.length - 1L;
  }

  @Override
  public long available() {
    return free.sum();
  }

  /** Consecutive frames, the lowest on top. */
  private void pushRun(int first, int count) {
    for (int frame = first; frame < first + count - 1; frame++) {
      LINK.setOpaque(links, frame, frame + 1);
    }
    push(first, first + count - 1);
  }

  private void push(int first, int last) {
    while (true) {
      long top = (long) HEAD.getVolatile(this);
      LINK.setOpaque(links, last, (int) (top & FRAME_MASK));
      if (HEAD.compareAndSet(this, top, retagged(top, first))) {
        return;
      }
    }
  }

  private void pushBlock(int block) {
    while (true) {
      long top = (long) BLOCK_HEAD.getVolatile(this);
      LINK.setOpaque(blockLinks, block, (int) (top & FRAME_MASK));
      if (BLOCK_HEAD.compareAndSet(this, top, retagged(top, block))) {
        return;
      }
    }
  }

  /** 0 if there is none. */
  private int popBlock() {
    while (true) {
      long top = (long) BLOCK_HEAD.getVolatile(this);
      int block = (int) (top & FRAME_MASK);
      if (block == 0) {
        return 0;
      }
      int below = (int) LINK.getOpaque(blockLinks, block);
      if (BLOCK_HEAD.compareAndSet(this, top, retagged(top, below))) {
        return block;
      }
    }
  }

  private static long retagged(long before, int top) {
    return ((before & ~FRAME_MASK) + TAG) | top;
  }
}
