package dev.fenceline.host.engine.space;

import dev.fenceline.host.engine.frame.FrameTable;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The large pages of an address space: aligned blocks of 2 MiB that one translation maps (Linux:
 * transparent huge pages). Confined to the shard.
 *
 * <p>A block is large as long as its 512 entries are one translation: the same type, rights and
 * generation, over consecutive frames (or consecutive pages of one device) from an aligned one on.
 * That is looked at and not remembered, as an MMU with contiguity bits does, so nothing that
 * changes a part of a block can forget to split it. Only which blocks were made large is kept, so
 * that nobody else's pages are looked at.
 */
public final class LargePages {
  private final PageTable pages;
  private final MappingTree mappings;
  private final FrameDesk frames;
  private final FrameTable frameTable;
  private final LargeTally tally;
  private final int slot;

  /** First pages of the blocks that were made large, and were not found split since. */
  private final TreeSet<Long> made = new TreeSet<>();

  LargePages(PageTable pages, MappingTree mappings, FrameDesk frames, int slot) {
    this.pages = pages;
    this.mappings = mappings;
    this.frames = frames;
    this.frameTable = frames.table();
    this.tally = frames.largeTally();
    this.slot = slot;
  }

  /** How many there are, after a look at each block that was made large. */
  public int count() {
    for (Long start : new TreeSet<>(made)) {
      isLarge(start);
    }
    return made.size();
  }

  /** Whether the page lies in a block that is one translation. */
  public boolean isLarge(long vpn) {
    long start = Pages.blockStart(vpn);
    if (made.isEmpty() || !made.contains(start)) {
      return false;
    }
    if (isOneTranslation(pages.leafOrNull(start))) {
      return true;
    }
    made.remove(start);
    tally.split++;
    return false;
  }

  /** As the wire has it: a page belongs to 2^order pages that one translation maps. */
  public int order(long vpn) {
    return isLarge(vpn) ? Pages.BLOCK_ORDER : 0;
  }

  /** The order in which so many pages should stay together wherever they go. */
  public int orderTogether(long vpn, int pageCount) {
    boolean whole = pageCount == Pages.PER_BLOCK && vpn == Pages.blockStart(vpn);
    return whole && (isLarge(vpn) || isWanted(vpn, false)) ? Pages.BLOCK_ORDER : 0;
  }

  private boolean isOneTranslation(long @Nullable [] leaf) {
    if (leaf == null || Pte.isNone(leaf[0])) {
      return false;
    }
    long first = leaf[0];
    if (Pte.frame(first) > Pte.MAX_FRAME) {
      return isOneOfDevice(leaf);
    }
    if ((Pte.frame(first) & (Pages.PER_BLOCK - 1)) != 0) {
      return false;
    }
    int step = Pte.frame(first) == Pte.ZERO_PAGE_FRAME ? 0 : 1;
    for (int i = 1; i < Pages.PER_BLOCK; i++) {
      if (!Pte.sameTranslation(leaf[i], first)
          || Pte.frame(leaf[i]) != Pte.frame(first) + i * step) {
        return false;
      }
    }
    return true;
  }

  private boolean isOneOfDevice(long[] leaf) {
    var devicePages = frames.devicePages();
    int first = Pte.frame(leaf[0]);
    int local = devicePages.localPage(first);
    for (int i = 1; i < Pages.PER_BLOCK; i++) {
      int number = Pte.frame(leaf[i]);
      if (!Pte.sameTranslation(leaf[i], leaf[0])
          || number <= Pte.MAX_FRAME
          || devicePages.owner(number) != devicePages.owner(first)
          || devicePages.localPage(number) != local + i) {
        return false;
      }
    }
    return (local & (Pages.PER_BLOCK - 1)) == 0;
  }

  /** Whether the mapping there wants large pages and has the whole block. */
  boolean isWanted(long vpn, boolean write) {
    Mapping mapping = mappings.mapping(Pages.address(vpn));
    return mapping != null
        && mapping.protection().read()
        && (!write || mapping.protection().write())
        && MappingAdvice.HUGE_PAGES.isIn(mapping.attributes().adviceFlags())
        && isAnonymous(mapping)
        && isWhole(mapping, vpn);
  }

  /** Whether the mapping has all of the block of the page. */
  private static boolean isWhole(Mapping mapping, long vpn) {
    long start = Pages.blockStart(vpn);
    return mapping.start() <= Pages.address(start)
        && mapping.end() >= Pages.address(start + Pages.PER_BLOCK);
  }

  /** What a touch can do with the block of a page. */
  public enum Chance {
    /** Nothing: the page is touched by itself. */
    NONE,
    /** All of the block can be mapped at once. */
    POPULATE,
    /** All of it can be written from now on. */
    UPGRADE
  }

  /** What could be done for the whole block; changes nothing. */
  public Chance chance(long vpn, boolean write) {
    long entry = pages.get(vpn);
    if (Pte.isPresent(entry)) {
      return write && !Pte.writable(entry) && isLarge(vpn) && isUnshared(vpn)
          ? Chance.UPGRADE
          : Chance.NONE;
    }
    boolean mapsMore = Pte.isNone(entry) || (write && Pte.isZero(entry));
    return mapsMore && isWanted(vpn, write) && isUntouched(vpn) ? Chance.POPULATE : Chance.NONE;
  }

  /**
   * Whether nothing is mapped in the block but, perhaps, the zero page. Who was told of that hears
   * of nothing, so it must be one generation already.
   */
  private boolean isUntouched(long vpn) {
    long[] leaf = pages.leafOrNull(Pages.blockStart(vpn));
    boolean told = false;
    boolean alike = true;
    for (int i = 0; leaf != null && i < Pages.PER_BLOCK; i++) {
      if (!Pte.isNone(leaf[i]) && !Pte.isZero(leaf[i])) {
        return false;
      }
      told |= Pte.isZero(leaf[i]);
      alike &= Pte.generation(leaf[i]) == Pte.generation(leaf[0]);
    }
    return !told || alike;
  }

  private boolean isUnshared(long vpn) {
    Mapping mapping = mappings.mapping(Pages.address(vpn));
    long[] leaf = pages.leafOrNull(Pages.blockStart(vpn));
    // Entries that are alike may belong to mappings that are not: after a fork none is writable.
    if (mapping == null
        || leaf == null
        || !mapping.protection().write()
        || !isWhole(mapping, vpn)) {
      return false;
    }
    for (int i = 0; i < Pages.PER_BLOCK; i++) {
      if (frameTable.mapCount(Pte.frame(leaf[i])) > 1) {
        return false;
      }
    }
    return true;
  }

  /**
   * Maps a block in which nothing, or only the zero page, is mapped: by a large frame to be
   * written, or the zero page to be read. No operation holds a page of it (INV-2).
   *
   * @return false, and nothing changed, without a large frame to spare: small pages do as well
   */
  public boolean populate(long vpn, boolean write) {
    long start = Pages.blockStart(vpn);
    if (!write) {
      int generation = nextGenerationOf(start);
      for (int i = 0; i < Pages.PER_BLOCK; i++) {
        pages.set(start + i, Pte.zero(generation));
      }
      made.add(start);
      return true;
    }
    int first = frames.allocateBlock();
    if (first == FrameSource.NONE_LEFT) {
      tally.fellBack++;
      return false;
    }
    fill(start, new int[] {first});
    tally.allocated++;
    return true;
  }

  /** The block, large and nobody else's, may be written. No operation holds a page of it. */
  public void upgrade(long vpn) {
    long start = Pages.blockStart(vpn);
    for (int i = 0; i < Pages.PER_BLOCK; i++) {
      pages.set(start + i, Pte.withDirty(Pte.withWritable(pages.get(start + i), true), true));
    }
  }

  /**
   * One for all, so that it is one translation: that of the first page, or, if they are not the
   * same, one that none of them has shown before (INV-10).
   */
  private int nextGenerationOf(long start) {
    int latest = Pte.generation(pages.get(start));
    boolean same = true;
    for (int i = 1; i < Pages.PER_BLOCK; i++) {
      int generation = Pte.generation(pages.get(start + i));
      same &= generation == latest;
      latest = Pte.later(generation, latest) ? generation : latest;
    }
    return same ? latest : Pte.nextGeneration(latest);
  }

  /** The large frames that a hugetlb mapping has from the start; null if there are not as many. */
  int @Nullable [] reserve(long pageCount) {
    int[] blocks = new int[Math.toIntExact(pageCount >>> Pages.BLOCK_ORDER)];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = frames.allocateBlock();
      if (blocks[i] == FrameSource.NONE_LEFT) {
        unreserve(Arrays.copyOf(blocks, i));
        return null;
      }
    }
    return blocks;
  }

  void unreserve(int[] blocks) {
    for (int first : blocks) {
      frames.cancelBlock(first);
    }
  }

  /** Maps frames that were reserved, zeroed, from a block on. */
  void fill(long vpn, int[] blocks) {
    for (int i = 0; i < blocks.length; i++) {
      frames.zero(blocks[i], Pages.PER_BLOCK);
      install(vpn + (long) i * Pages.PER_BLOCK, blocks[i]);
    }
  }

  /** Nothing is mapped in the block; from now on the large frame is, as the mapping permits. */
  private void install(long start, int first) {
    Mapping mapping = mappings.mapping(Pages.address(start));
    boolean writable = mapping != null && mapping.protection().write();
    int generation = nextGenerationOf(start);
    for (int i = 0; i < Pages.PER_BLOCK; i++) {
      frameTable.map(first + i, slot, start + i);
      pages.set(start + i, Pte.withDirty(Pte.present(first + i, writable, generation), true));
    }
    made.add(start);
  }

  /** A fork's copy of a block of a hugetlb mapping, whose pages are never shared. */
  void copyOf(long start, LargePages source, int first) {
    for (int i = 0; i < Pages.PER_BLOCK; i++) {
      frames.copy(Pte.frame(source.pages.get(start + i)), first + i);
    }
    install(start, first);
  }

  /** What became of the attempt to bring the pages of a block together. */
  enum Collapsed {
    LARGE(null, "is large"),
    NOT_ANONYMOUS(Errno.EINVAL, "is not private anonymous memory of one mapping"),
    BUSY(Errno.EBUSY, "has pages that are pinned, shared, swapped out, or on a device"),
    NO_FRAME(Errno.ENOMEM, "needs a large frame, and none is free");

    private final @Nullable Errno errno;
    private final String reason;

    Collapsed(@Nullable Errno errno, String reason) {
      this.errno = errno;
      this.reason = reason;
    }

    Errno errno() {
      if (errno == null) {
        throw new IllegalStateException("it was not refused");
      }
      return errno;
    }

    String reason() {
      return reason;
    }
  }

  /**
   * The pages of a block, held and drained, come to lie in a large frame (Linux: khugepaged); what
   * is not there becomes zeros. Nothing changes if it cannot be done.
   */
  Collapsed collapse(long start) {
    if (isLarge(start)) {
      return Collapsed.LARGE;
    }
    Mapping mapping = mappings.mapping(Pages.address(start));
    if (mapping == null || !isAnonymous(mapping) || !isWhole(mapping, start)) {
      return Collapsed.NOT_ANONYMOUS;
    }
    for (int i = 0; i < Pages.PER_BLOCK; i++) {
      if (!canMove(pages.get(start + i))) {
        return Collapsed.BUSY;
      }
    }
    int first = frames.allocateBlock();
    if (first == FrameSource.NONE_LEFT) {
      return Collapsed.NO_FRAME;
    }
    int generation = nextGenerationOf(start);
    int[] freed = new int[Pages.PER_BLOCK];
    int count = 0;
    for (int i = 0; i < Pages.PER_BLOCK; i++) {
      long entry = pages.get(start + i);
      if (Pte.hasFrame(entry)) {
        frames.copy(Pte.frame(entry), first + i);
        frameTable.unmap(Pte.frame(entry), slot, start + i);
        freed[count++] = Pte.frame(entry);
      } else {
        frames.zero(first + i, 1);
      }
      frameTable.map(first + i, slot, start + i);
      long present = Pte.present(first + i, mapping.protection().write(), generation);
      pages.set(start + i, Pte.withDirty(present, true));
    }
    frames.free(Arrays.copyOf(freed, count));
    made.add(start);
    tally.collapsed++;
    return Collapsed.LARGE;
  }

  /** Whether pages that are not there come from nowhere. */
  private static boolean isAnonymous(Mapping mapping) {
    return !mapping.attributes().hasBacking() && !MissingPages.supplied(mapping);
  }

  private boolean canMove(long entry) {
    if (Pte.isNone(entry)) {
      return true;
    }
    int frame = Pte.frame(entry);
    return Pte.isInvalidating(entry)
        && frame <= Pte.MAX_FRAME
        && (frame == Pte.ZERO_PAGE_FRAME
            || (!frames.pinned(frame) && frameTable.mapCount(frame) == 1));
  }

  /** A large page lies here from now on; nobody has a translation of it yet. */
  void moved(long vpn) {
    long start = Pages.blockStart(vpn);
    int generation = nextGenerationOf(start);
    for (int i = 0; start == vpn && i < Pages.PER_BLOCK; i++) {
      pages.set(start + i, Pte.withGeneration(pages.get(start + i), generation));
    }
    mayBeLarge(vpn);
  }

  /** So many pages moved to a device, or home, from this one on. */
  public void cameWhole(long vpn, int moved) {
    if (moved == Pages.PER_BLOCK && vpn == Pages.blockStart(vpn)) {
      mayBeLarge(vpn);
    }
  }

  /** The block may be large from now on: it came home, moved, was forked, or went to a device. */
  void mayBeLarge(long vpn) {
    long start = Pages.blockStart(vpn);
    if (isOneTranslation(pages.leafOrNull(start))) {
      made.add(start);
    }
  }

  /** The blocks that were made large and lie in [vpnStart, vpnEnd) whole, to be moved or copied. */
  Iterable<Long> madeIn(long vpnStart, long vpnEnd) {
    long lastStart = vpnEnd - Pages.PER_BLOCK;
    return lastStart < vpnStart
        ? List.of()
        : new TreeSet<>(made.subSet(vpnStart, true, lastStart, true));
  }

  /** Nothing is mapped there any more: no split, the large pages have gone whole. */
  void dropped(long vpnStart, long vpnEnd) {
    long from = Pages.blockStart(vpnStart + Pages.PER_BLOCK - 1);
    long to = Pages.blockStart(vpnEnd);
    if (!made.isEmpty() && from < to) {
      made.subSet(from, to).clear();
    }
  }
}
