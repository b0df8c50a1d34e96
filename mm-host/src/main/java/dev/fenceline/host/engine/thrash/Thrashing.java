package dev.fenceline.host.engine.thrash;

import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The pages of one address space that several parties want for themselves: devices in their memory,
 * the CPU in a frame (INV-9). After UVM's thrash detection. Confined to the shard.
 *
 * <pre>
 *   quiet -- wanted by others, several times in a row, each soon after it moved --> thrashing
 *   thrashing -- wanted soon after it moved --> the asker naps, whoever has it uses it meanwhile
 *   thrashing -- naps enough --> pinned: it is brought where all reach it, and stays
 *   pinned -- time is over --> quiet
 *   thrashing -- moved slowly, or its block quiet for long --> quiet, but only so often per block
 * </pre>
 *
 * <p>What callers move, and what is evicted, is no contention: the page is forgotten (pitfall 37).
 */
public final class Thrashing {
  /** Pages that are remembered; beyond that those of the block that was quiet longest go. */
  public static final int MAX_PAGES = 65_536;

  /** Blocks that are remembered, also those of which no page is any more. */
  public static final int MAX_BLOCKS = 8_192;

  /** A lapse is at least so many times what a move takes: a page must be of use meanwhile. */
  private static final int LAPSE_MOVES = 2;

  /** One page. Confined to its owner. */
  private static final class Page {
    @Nullable DeviceId holder;
    long movedNanos;
    int events;
    int naps;

    /** Since it moved, somebody was made to wait. */
    boolean napped;

    long pinnedUntilNanos = Long.MIN_VALUE;
  }

  /** One block, for those who look. Confined to its owner. */
  private static final class Block {
    final TreeMap<Long, Page> pages = new TreeMap<>();
    long lastNanos;
    long moves;
    long naps;
    long pins;

    /** How often pages of it that thrashed were taken for quiet again; outlives the pages. */
    int resets;

    long lastResetNanos;

    boolean remembersOnlyResets() {
      return pages.isEmpty() && moves == 0;
    }
  }

  /**
   * A block as it is at one moment; immutable.
   *
   * @param moves of its pages from party to party, since it is remembered
   * @param naps that parties were made to wait for
   * @param pins how often a page was pinned
   * @param thrashingPages how many thrash now
   * @param pinnedPages how many are pinned now
   * @param pinnedNanos until the last of them is let go
   */
  public record BlockView(
      long vpnStart,
      long moves,
      long naps,
      long pins,
      int thrashingPages,
      int pinnedPages,
      long pinnedNanos) {}

  /** What somebody who wants a page is told. */
  public sealed interface Hint {
    /** Take it. */
    record Free() implements Hint {}

    /** Not before then: whoever has it may use it as long. */
    record Nap(long untilNanos, boolean first) implements Hint {}

    /**
     * It is served where all reach it until then.
     *
     * @param first whether it was pinned by this
     */
    record Pinned(long untilNanos, boolean first) implements Hint {}
  }

  private static final Hint FREE = new Hint.Free();

  private final ThrashPolicy policy;
  private final TreeMap<Long, Block> blocks = new TreeMap<>();
  private long lapseNanos;
  private int pageCount;

  public Thrashing(ThrashPolicy policy) {
    this.policy = policy;
    this.lapseNanos = policy.lapseNanos();
  }

  /**
   * Asks before a page is taken from whoever has it; who is told to nap asks again.
   *
   * @param mayPin whether it could be served to all where it is; if not, the asker naps instead
   */
  public Hint wants(long vpn, DeviceId by, boolean mayPin, long nowNanos) {
    Page page = policy.events() == 0 ? null : find(vpn);
    if (page == null || page.events < policy.events()) {
      return FREE;
    }
    if (page.pinnedUntilNanos > nowNanos) {
      return mayPin ? new Hint.Pinned(page.pinnedUntilNanos, false) : nap(vpn, page, by, nowNanos);
    }
    if (page.pinnedUntilNanos != Long.MIN_VALUE) {
      forget(vpn);
      return FREE;
    }
    if (page.naps >= policy.naps() && mayPin) {
      page.pinnedUntilNanos = nowNanos + policy.pinNanos(lapseNanos);
      block(vpn).pins++;
      return new Hint.Pinned(page.pinnedUntilNanos, true);
    }
    return nap(vpn, page, by, nowNanos);
  }

  private Hint nap(long vpn, Page page, DeviceId by, long nowNanos) {
    long until = page.movedNanos + lapseNanos;
    if (until <= nowNanos || by.equals(page.holder)) {
      return FREE;
    }
    boolean first = !page.napped;
    if (first) {
      page.napped = true;
      page.naps++;
      block(vpn).naps++;
    }
    return new Hint.Nap(until, first);
  }

  /** Pages are taken by somebody; true if one of them thrashes from now on. */
  public boolean taken(long vpnStart, long vpnEnd, DeviceId by, long nowNanos) {
    boolean began = false;
    for (long vpn = vpnStart; policy.events() > 0 && vpn < vpnEnd; vpn++) {
      began |= taken(vpn, by, nowNanos);
    }
    return began;
  }

  private boolean taken(long vpn, DeviceId by, long nowNanos) {
    Page page = find(vpn);
    int before = page == null ? 0 : page.events;
    if (page == null) {
      makeRoom(nowNanos);
      page = new Page();
      block(vpn).pages.put(vpn, page);
      pageCount++;
    } else if (by.equals(page.holder)) {
      page.movedNanos = nowNanos;
      return false;
    } else {
      boolean soon = page.napped || nowNanos - page.movedNanos < lapseNanos;
      if (soon) {
        page.events = Math.min(page.events + 1, policy.events());
      } else if (mayForget(block(vpn), page.events == policy.events(), nowNanos)) {
        page.events = 0;
        page.naps = 0;
      }
    }
    Block its = block(vpn);
    its.moves++;
    its.lastNanos = nowNanos;
    page.holder = by;
    page.movedNanos = nowNanos;
    page.napped = false;
    return page.events == policy.events() && before < page.events;
  }

  /**
   * Whether pages of a block count as quiet again. One that thrashes in bouts would otherwise begin
   * each of them with a clean slate, and never come to a pin: after so many resets the block is
   * known for what it is. What is taken for quiet within the memory of a reset belongs to it.
   */
  private boolean mayForget(Block block, boolean thrashed, long nowNanos) {
    if (!thrashed) {
      return true;
    }
    boolean sameReset =
        block.resets > 0 && nowNanos - block.lastResetNanos <= policy.forgetNanos(lapseNanos);
    if (!sameReset && block.resets == ThrashPolicy.MAX_RESETS) {
      return false;
    }
    if (!sameReset) {
      block.resets++;
      block.lastResetNanos = nowNanos;
    }
    return true;
  }

  /** The pages have arrived: from now on whoever has them can use them. */
  public void arrived(long vpnStart, long vpnEnd, long tookNanos, long nowNanos) {
    if (policy.events() == 0) {
      return;
    }
    long wanted =
        Math.clamp(LAPSE_MOVES * tookNanos, policy.lapseNanos(), ThrashPolicy.LONGEST_LAPSE_NANOS);
    // As UVM adjusts its own: by an eighth at a time, so that one slow move changes little.
    lapseNanos += (wanted - lapseNanos) / 8;
    for (long vpn = vpnStart; vpn < vpnEnd; vpn++) {
      Page page = find(vpn);
      if (page != null) {
        page.movedNanos = nowNanos;
      }
    }
  }

  /** Somebody said where the pages are to be, or they are gone. */
  public void forget(long vpnStart, long vpnEnd) {
    if (pageCount == 0) {
      return;
    }
    for (Block block :
        blocks
            .subMap(vpnStart >> Pages.BLOCK_ORDER, true, (vpnEnd - 1) >> Pages.BLOCK_ORDER, true)
            .values()) {
      Map<Long, Page> gone = block.pages.subMap(vpnStart, vpnEnd);
      pageCount -= gone.size();
      gone.clear();
    }
  }

  private void forget(long vpn) {
    forget(vpn, vpn + 1);
  }

  /** Whether the page has to stay where it is: it is pinned there. */
  public boolean pinned(long vpn, long nowNanos) {
    Page page = find(vpn);
    return page != null && page.pinnedUntilNanos > nowNanos;
  }

  /** Whether the page thrashes: prefetch leaves it out. */
  public boolean thrashes(long vpn) {
    Page page = find(vpn);
    return page != null && isThrashing(page);
  }

  /** How soon a page has to be wanted away at present to count. */
  public long lapseNanos() {
    return lapseNanos;
  }

  /** Pages that are remembered. */
  public int pageCount() {
    return pageCount;
  }

  /** What is remembered, by address. */
  public List<BlockView> blocks(long nowNanos) {
    List<BlockView> views = new ArrayList<>();
    blocks.forEach(
        (number, block) -> {
          if (!block.remembersOnlyResets()) {
            views.add(view(number, block, nowNanos));
          }
        });
    return views;
  }

  private BlockView view(long number, Block block, long nowNanos) {
    int thrashing = 0;
    int pinned = 0;
    long pinnedNanos = 0;
    for (Page page : block.pages.values()) {
      thrashing += page.events >= policy.events() ? 1 : 0;
      if (page.pinnedUntilNanos > nowNanos) {
        pinned++;
        pinnedNanos = Math.max(pinnedNanos, page.pinnedUntilNanos - nowNanos);
      }
    }
    return new BlockView(
        number << Pages.BLOCK_ORDER,
        block.moves,
        block.naps,
        block.pins,
        thrashing,
        pinned,
        pinnedNanos);
  }

  private @Nullable Page find(long vpn) {
    Block block = blocks.get(vpn >> Pages.BLOCK_ORDER);
    return block == null ? null : block.pages.get(vpn);
  }

  private Block block(long vpn) {
    return blocks.computeIfAbsent(vpn >> Pages.BLOCK_ORDER, number -> new Block());
  }

  /** Before something is added: what was quiet for long is forgotten, and what was so longest. */
  private void makeRoom(long nowNanos) {
    if (pageCount < MAX_PAGES && blocks.size() < MAX_BLOCKS) {
      return;
    }
    tidy(nowNanos);
    if (pageCount < MAX_PAGES && blocks.size() < MAX_BLOCKS) {
      return;
    }
    long oldest = blocks.firstKey();
    long oldestNanos = Long.MAX_VALUE;
    for (Map.Entry<Long, Block> entry : blocks.entrySet()) {
      if (entry.getValue().lastNanos < oldestNanos) {
        oldest = entry.getKey();
        oldestNanos = entry.getValue().lastNanos;
      }
    }
    blocks.remove(oldest);
    countPages();
  }

  /** Forgets the blocks that were quiet for long, but for how often that happened to them. */
  public void tidy(long nowNanos) {
    long forget = policy.forgetNanos(lapseNanos);
    if (blocks.values().removeIf(block -> isForgotten(block, nowNanos, forget))) {
      countPages();
    }
  }

  private boolean isForgotten(Block block, long nowNanos, long forget) {
    if (nowNanos - block.lastNanos <= forget || block.remembersOnlyResets()) {
      return false;
    }
    boolean thrashed = block.pages.values().stream().anyMatch(this::isThrashing);
    if (!mayForget(block, thrashed, nowNanos)) {
      return false;
    }
    if (block.resets == 0) {
      return true;
    }
    pageCount -= block.pages.size();
    block.pages.clear();
    block.moves = 0;
    block.naps = 0;
    block.pins = 0;
    return false;
  }

  private boolean isThrashing(Page page) {
    return policy.events() > 0 && page.events >= policy.events();
  }

  private void countPages() {
    pageCount = blocks.values().stream().mapToInt(block -> block.pages.size()).sum();
  }
}
