package dev.fenceline.agent.engine;

import dev.fenceline.agent.engine.memory.LinkMemory;
import dev.fenceline.agent.engine.memory.MigrationPolicy;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.InvalidationKind;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Pages;
import java.util.BitSet;
import java.util.List;
import java.util.TreeMap;

/**
 * Asks for pages to come to the device that faulted on them, as the policy has it. Confined to its
 * engine. A wish is no promise: whatever becomes of it, the fault was served.
 */
final class MigrationWishes {
  /** Wishes without an answer; more are not uttered. */
  static final int MAX_OUTSTANDING = 32;

  /** Blocks that are remembered of one view; beyond that all are forgotten. */
  private static final int MAX_BLOCKS = 4_096;

  private static final long FIRST_PAUSE_NANOS = 1_000_000;
  private static final long LONGEST_PAUSE_NANOS = 1_000_000_000;

  /** What was asked of 2 MiB. */
  private static final class Block {
    final BitSet asked = new BitSet(Pages.PER_BLOCK);
    long notBeforeNanos = Long.MIN_VALUE;
    long pauseNanos = FIRST_PAUSE_NANOS;

    void pause(long nowNanos) {
      notBeforeNanos = nowNanos + pauseNanos;
      pauseNanos = Math.min(LONGEST_PAUSE_NANOS, 2 * pauseNanos);
    }
  }

  private record Wish(Block block, int pageCount) {}

  private final LinkMemory memory;
  private final Outbox outbox;
  private final LinkCounters counters;
  private final TreeMap<DeviceSpace, TreeMap<Long, Block>> blocks = new TreeMap<>();

  /** Uttered and not answered, by request. */
  private final TreeMap<Long, Wish> wishes = new TreeMap<>();

  private long lastRequestId;

  MigrationWishes(LinkMemory memory, Outbox outbox, LinkCounters counters) {
    this.memory = memory;
    this.outbox = outbox;
    this.counters = counters;
  }

  /** A fault was served with these translations, from vpn on. */
  void served(Mirror mirror, long vpn, List<PageRun> runs, long nowNanos) {
    if (memory.policy() == MigrationPolicy.NEVER
        || !memory.memories().takesPages(mirror.view.deviceIndex())) {
      return;
    }
    long page = vpn;
    for (PageRun run : runs) {
      long end = page + run.pageCount();
      while (isElsewhere(run) && page < end) {
        long blockEnd = Math.min(end, (page / Pages.PER_BLOCK + 1) * Pages.PER_BLOCK);
        wish(mirror, page, blockEnd, nowNanos);
        page = blockEnd;
      }
      page = end;
    }
  }

  private static boolean isElsewhere(PageRun run) {
    return switch (run.state()) {
      case PRESENT, ZERO -> true;
      case DEVICE_LOCAL, PEER, EXCLUSIVE, HOLE, ERROR -> false;
    };
  }

  private void wish(Mirror mirror, long vpn, long end, long nowNanos) {
    Block block = block(mirror.view, vpn / Pages.PER_BLOCK);
    int first = (int) (vpn % Pages.PER_BLOCK);
    int last = first + (int) (end - vpn);
    boolean wanted =
        switch (memory.policy()) {
          case NEVER -> false;
          case FIRST_TOUCH -> block.asked.nextClearBit(first) < last;
          case PREFERRED -> true;
        };
    if (!wanted || nowNanos < block.notBeforeNanos || wishes.size() >= MAX_OUTSTANDING) {
      return;
    }
    block.asked.set(first, last);
    if (memory.policy() == MigrationPolicy.PREFERRED) {
      block.pause(nowNanos);
    }
    lastRequestId++;
    wishes.put(lastRequestId, new Wish(block, (int) (end - vpn)));
    counters.add(LinkCounter.MIGRATE_REQUESTS, 1);
    outbox.add(
        new AgentMessage.MigrateRequest(
            lastRequestId, mirror.id, Pages.address(vpn), (int) (end - vpn)));
  }

  private Block block(DeviceSpace view, long number) {
    TreeMap<Long, Block> its = blocks.computeIfAbsent(view, key -> new TreeMap<>());
    if (its.size() >= MAX_BLOCKS && !its.containsKey(number)) {
      its.clear();
    }
    return its.computeIfAbsent(number, key -> new Block());
  }

  /** What is mapped there next was never touched. */
  void invalidated(HostMessage.Invalidate invalidate) {
    if (invalidate.kind() == InvalidationKind.UNMAP) {
      long first = Pages.number(invalidate.start()) / Pages.PER_BLOCK;
      long end = Math.ceilDiv(Pages.number(invalidate.end()), Pages.PER_BLOCK);
      blocks.forEach(
          (view, its) -> {
            if (view.spaceId() == invalidate.spaceId()) {
              its.subMap(first, end).clear();
            }
          });
    }
  }

  void spaceReleased(long spaceId) {
    blocks.keySet().removeIf(view -> view.spaceId() == spaceId);
  }

  /** What did not move may be wished again, later; false if nothing was wished. */
  boolean answered(HostMessage.MigrateReply reply, long nowNanos) {
    Wish wish = wishes.remove(reply.requestId());
    if (wish != null && reply.movedPages() < wish.pageCount()) {
      wish.block().asked.clear();
      wish.block().pause(nowNanos);
    }
    return wish != null;
  }

  void sessionEnded() {
    wishes.clear();
  }
}
