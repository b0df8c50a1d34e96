package dev.fenceline.host.runtime;

import dev.fenceline.host.engine.space.FrameSource;
import dev.fenceline.host.engine.space.Pte;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.LongAdder;

/**
 * The free frames of a host, shared by its shards: a lock-free stack threaded through an array of
 * links (Treiber, 1986). Thread-safe.
 *
 * <p>No magazines per shard: a stack costs one exchange per frame, or one for a whole list that an
 * invalidation frees, and it keeps exhaustion exact, since no frame hides with a shard that does
 * not need it.
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
 * <tr><td>exhausted<td>volatile<td>two threads may report one shortage; no more is at stake
 * </table>
 */
public final class FramePool implements FrameSource {
  /** Exclusive bound of frame numbers: what a page table entry can hold. */
  static final int FRAME_LIMIT = Pte.MAX_FRAME + 1;

  private static final VarHandle HEAD;
  private static final VarHandle LINK = MethodHandles.arrayElementVarHandle(int[].class);
  private static final long FRAME_MASK = 0xffff_ffffL;
  private static final long TAG = 1L << 32;

  static {
    try {
      HEAD = MethodHandles.lookup().findVarHandle(FramePool.class, "head", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final int[] links;
  private final LongAdder free = new LongAdder();
  private final Runnable onExhausted;

  /** True from the first refusal until a sixteenth is free again: one report per shortage. */
  private volatile boolean exhausted;

  /** Tag and number of the topmost free frame; 0 in the lower half: none. */
  @SuppressWarnings({"FieldMayBeFinal", "UnusedVariable"}) // read and written through HEAD
  private long head;

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
    for (int frame = 1; frame < frames - 1; frame++) {
      links[frame] = frame + 1;
    }
    head = frames > 1 ? 1 : 0;
    free.add(frames - 1L);
  }

  @Override
  public int allocate() {
    while (true) {
      long top = (long) HEAD.getVolatile(this);
      int frame = (int) (top & FRAME_MASK);
      if (frame == 0) {
        if (!exhausted) {
          exhausted = true;
          onExhausted.run();
        }
        return NONE_LEFT;
      }
      int below = (int) LINK.getOpaque(links, frame);
      if (HEAD.compareAndSet(this, top, retagged(top, below))) {
        free.decrement();
        return frame;
      }
    }
  }

  @Override
  public void cancel(int frame) {
    push(frame, frame, 1);
  }

  /** Gives back frames to which no translation leads any more (INV-3). */
  public void free(int[] frames) {
    if (frames.length == 0) {
      return;
    }
    for (int i = 0; i < frames.length - 1; i++) {
      LINK.setOpaque(links, frames[i], frames[i + 1]);
    }
    push(frames[0], frames[frames.length - 1], frames.length);
  }

  /** Frames that can be given out in all. */
  public long total() {
    return links.length - 1L;
  }

  @Override
  public long available() {
    return free.sum();
  }

  private void push(int first, int last, int count) {
    while (true) {
      long top = (long) HEAD.getVolatile(this);
      LINK.setOpaque(links, last, (int) (top & FRAME_MASK));
      if (HEAD.compareAndSet(this, top, retagged(top, first))) {
        free.add(count);
        if (exhausted && free.sum() * 16 >= total()) {
          exhausted = false;
        }
        return;
      }
    }
  }

  private static long retagged(long before, int frame) {
    return ((before & ~FRAME_MASK) + TAG) | frame;
  }
}
