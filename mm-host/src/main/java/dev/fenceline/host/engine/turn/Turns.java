package dev.fenceline.host.engine.turn;

import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The contended blocks of one address space, each 2 MiB, and whose turn it is there (INV-9).
 * Confined to the shard.
 *
 * <pre>
 *   free -- a fault that collided often is served --> device's turn
 *   device's turn -- residency over, nobody waits --> free
 *   device's turn -- residency over, operations wait --> host's turn
 *   host's turn -- one of them has begun --> free
 * </pre>
 *
 * <p>While it is a device's turn, operations that would invalidate the block wait in their queue; a
 * try is refused, a deadline goes on. Other devices may join the turn, which makes it longer, but
 * never beyond its bound: an operation waits for one turn at most before it is the host's.
 */
public final class Turns {
  /** Blocks that are remembered; the one that was contended least lately goes first. */
  public static final int MAX_BLOCKS = 1024;

  /** One contended block. Confined to its owner. */
  private static final class Block {
    @Nullable DeviceId device;
    long beganNanos;
    long untilNanos = Long.MIN_VALUE;
    boolean waiting;
    boolean hostsTurn;
    long turns;
    long heldOperations;
    long longestTurnNanos;
    int worstCollisions;
    long lastNanos;
  }

  /**
   * A block as it is at one moment; immutable.
   *
   * @param device who got the last turn
   * @param leftNanos of the turn that runs; 0 if none does
   * @param heldOperations that waited for turns so far
   */
  public record BlockView(
      long vpnStart,
      @Nullable DeviceId device,
      long turns,
      long leftNanos,
      boolean hostsTurn,
      long heldOperations,
      long longestTurnNanos,
      int worstCollisions) {}

  private final TurnPolicy policy;
  private final TreeMap<Long, Block> blocks = new TreeMap<>();

  /** The least end of a turn that runs, or less. */
  private long nextEndNanos = Long.MAX_VALUE;

  public Turns(TurnPolicy policy) {
    this.policy = policy;
  }

  /**
   * A device's fault was served.
   *
   * @param collided how often it collided before
   * @return the residency that was given; 0 if it is nobody's turn by this
   */
  public long served(DeviceId device, long vpnStart, long vpnEnd, int collided, long nowNanos) {
    if (policy.collisions() == 0 || collided < policy.collisions()) {
      return 0;
    }
    long given = 0;
    long residency = policy.residencyNanos(collided);
    for (long block = vpnStart >> Pages.BLOCK_ORDER;
        block <= (vpnEnd - 1) >> Pages.BLOCK_ORDER;
        block++) {
      given = Math.max(given, give(remembered(block, nowNanos), device, residency, nowNanos));
      Block contended = blocks.get(block);
      if (contended != null) {
        contended.worstCollisions = Math.max(contended.worstCollisions, collided);
      }
    }
    return given;
  }

  private long give(Block block, DeviceId device, long residencyNanos, long nowNanos) {
    block.lastNanos = nowNanos;
    boolean runs = block.untilNanos > nowNanos;
    if (block.hostsTurn || (block.waiting && !runs)) {
      return 0;
    }
    if (!runs) {
      block.beganNanos = nowNanos;
    }
    long bound = block.beganNanos + policy.longestNanos();
    long until = Math.min(bound, Math.max(block.untilNanos, nowNanos + residencyNanos));
    block.untilNanos = until;
    block.turns++;
    block.device = device;
    block.longestTurnNanos = Math.max(block.longestTurnNanos, until - block.beganNanos);
    nextEndNanos = Math.min(nextEndNanos, until);
    return until - nowNanos;
  }

  private Block remembered(long block, long nowNanos) {
    Block known = blocks.get(block);
    if (known != null) {
      return known;
    }
    if (blocks.size() >= MAX_BLOCKS) {
      forgetOldest(nowNanos);
    }
    Block added = new Block();
    blocks.put(block, added);
    return added;
  }

  private void forgetOldest(long nowNanos) {
    blocks.values().removeIf(block -> isQuiet(block, nowNanos));
    if (blocks.size() >= MAX_BLOCKS) {
      Long oldest = blocks.firstKey();
      long oldestNanos = Long.MAX_VALUE;
      for (var entry : blocks.entrySet()) {
        if (entry.getValue().lastNanos < oldestNanos) {
          oldest = entry.getKey();
          oldestNanos = entry.getValue().lastNanos;
        }
      }
      blocks.remove(oldest);
    }
  }

  private boolean isQuiet(Block block, long nowNanos) {
    return block.untilNanos <= nowNanos
        && !block.waiting
        && nowNanos - block.lastNanos > policy.forgetNanos();
  }

  /** Whether an operation that invalidates these pages has to wait for a device's turn. */
  public boolean holdsUp(long vpnStart, long vpnEnd, long nowNanos) {
    if (blocks.isEmpty()) {
      return false;
    }
    boolean held = false;
    for (Block block : over(vpnStart, vpnEnd)) {
      held |= block.untilNanos > nowNanos;
    }
    return held;
  }

  /** Until when the block of the page is another device's; not after now if it is not. */
  public long othersUntilNanos(DeviceId device, long vpn) {
    Block block = blocks.get(vpn >> Pages.BLOCK_ORDER);
    return block == null || device.equals(block.device) ? Long.MIN_VALUE : block.untilNanos;
  }

  /**
   * An operation waits because of {@link #holdsUp}.
   *
   * @param first whether it did not wait for a turn before
   */
  public void held(long vpnStart, long vpnEnd, boolean first, long nowNanos) {
    for (Block block : over(vpnStart, vpnEnd)) {
      if (block.untilNanos > nowNanos) {
        block.heldOperations += first ? 1 : 0;
        block.waiting = true;
      }
    }
  }

  /** An operation over these pages has begun: the host has had its turn. */
  public void begun(long vpnStart, long vpnEnd) {
    if (blocks.isEmpty()) {
      return;
    }
    for (Block block : over(vpnStart, vpnEnd)) {
      block.hostsTurn = false;
      block.waiting = false;
    }
  }

  /** Ends the turns whose time is over; true if operations may go on because of it. */
  public boolean endTurns(long nowNanos) {
    if (nowNanos < nextEndNanos) {
      return false;
    }
    nextEndNanos = Long.MAX_VALUE;
    boolean ended = false;
    Iterator<Block> each = blocks.values().iterator();
    while (each.hasNext()) {
      Block block = each.next();
      if (block.untilNanos > nowNanos) {
        nextEndNanos = Math.min(nextEndNanos, block.untilNanos);
      } else if (block.waiting) {
        block.hostsTurn = true;
        ended = true;
      } else if (isQuiet(block, nowNanos)) {
        each.remove();
      }
    }
    return ended;
  }

  /** Whether no block is remembered as contended. */
  public boolean isEmpty() {
    return blocks.isEmpty();
  }

  /** When {@link #endTurns} is needed next; Long.MAX_VALUE if it is nobody's turn. */
  public long nextEndNanos() {
    return nextEndNanos;
  }

  /** Nobody waits any more: the host's turn is void. */
  public void nobodyWaits() {
    for (Block block : blocks.values()) {
      block.waiting = false;
      block.hostsTurn = false;
    }
  }

  /** What is remembered of contended blocks, by address. */
  public List<BlockView> blocks(long nowNanos) {
    List<BlockView> views = new ArrayList<>();
    blocks.forEach(
        (number, block) ->
            views.add(
                new BlockView(
                    number << Pages.BLOCK_ORDER,
                    block.device,
                    block.turns,
                    Math.max(0, block.untilNanos - nowNanos),
                    block.hostsTurn,
                    block.heldOperations,
                    block.longestTurnNanos,
                    block.worstCollisions)));
    return views;
  }

  private Iterable<Block> over(long vpnStart, long vpnEnd) {
    return blocks
        .subMap(vpnStart >> Pages.BLOCK_ORDER, true, (vpnEnd - 1) >> Pages.BLOCK_ORDER, true)
        .values();
  }
}
