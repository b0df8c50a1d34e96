package dev.fenceline.host.engine.frame;

import java.util.Arrays;

/**
 * The swap slots of a shard: which are in use, and by how many entries (fork shares them). Confined
 * to the shard.
 *
 * <p>The swap file is one for all shards; slot numbers made here are congruent to the shard's index
 * modulo the number of shards.
 */
public final class SwapSlots {
  /** What {@link #take} answers when every slot is in use. */
  public static final int NONE_LEFT = -1;

  private final int capacity;
  private final int shardIndex;
  private final int shardCount;

  /** Entries by slot; grows as slots are used for the first time. */
  private int[] users = new int[64];

  /** Slots that were used and are free, as a stack. */
  private int[] free = new int[64];

  private int freeCount;
  private int everUsed;

  /**
   * @param slots of the file, for all shards
   */
  public SwapSlots(int slots, int shardIndex, int shardCount) {
    this.capacity = (slots - shardIndex + shardCount - 1) / shardCount;
    this.shardIndex = shardIndex;
    this.shardCount = shardCount;
  }

  /** How many there are. */
  public int capacity() {
    return capacity;
  }

  public int used() {
    return everUsed - freeCount;
  }

  /** A slot with one user, or {@link #NONE_LEFT}. */
  public int take() {
    int ordinal;
    if (freeCount > 0) {
      ordinal = free[--freeCount];
    } else if (everUsed < capacity) {
      ordinal = everUsed++;
      if (ordinal == users.length) {
        users = Arrays.copyOf(users, 2 * users.length);
      }
    } else {
      return NONE_LEFT;
    }
    users[ordinal] = 1;
    return ordinal * shardCount + shardIndex;
  }

  /** One more entry names the slot. */
  public void share(int slot) {
    users[inUse(slot)]++;
  }

  /** One entry names the slot no more; with the last one it is free. */
  public void release(int slot) {
    int ordinal = inUse(slot);
    if (--users[ordinal] == 0) {
      if (freeCount == free.length) {
        free = Arrays.copyOf(free, 2 * free.length);
      }
      free[freeCount++] = ordinal;
    }
  }

  /** How many entries name the slot. */
  public int users(int slot) {
    int ordinal = slot / shardCount;
    return slot % shardCount == shardIndex && ordinal < everUsed ? users[ordinal] : 0;
  }

  private int inUse(int slot) {
    if (users(slot) == 0) {
      throw new IllegalStateException("INV-8: swap slot " + slot + " is not in use");
    }
    return slot / shardCount;
  }
}
