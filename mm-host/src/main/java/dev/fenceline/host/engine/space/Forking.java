package dev.fenceline.host.engine.space;

import dev.fenceline.model.Pages;

/**
 * Gives a forked address space the bytes of its parent: what is private is shared until either side
 * writes, but pinned frames stay the parent's and are copied at once (INV-11); what is shared comes
 * from its object. Confined to one fork.
 */
final class Forking {
  private final SpaceMemory parent;
  private final SpaceMemory child;
  private final FrameDesk frames;

  /**
   * @param child has the mappings already, and no page
   */
  Forking(SpaceMemory parent, SpaceMemory child, FrameDesk frames) {
    this.parent = parent;
    this.child = child;
    this.frames = frames;
  }

  /** False, and nothing changed, without frames for what has to be copied at once. */
  boolean fork() {
    int[] blocks = child.large().reserve(hugetlbPages());
    if (blocks == null) {
      return false;
    }
    int[] copies = frames.allocateAll(countCopied());
    if (copies == null) {
      child.large().unreserve(blocks);
      return false;
    }
    copyHugetlb(blocks);
    int[] used = {0};
    for (Mapping mapping : child.mappings().mappingsIn(0, Pages.ADDRESS_LIMIT)) {
      child.objects().mapped(mapping);
      forEachInherited(
          mapping,
          (vpn, entry) -> {
            if (Pte.hasFrame(entry) && frames.pinned(Pte.frame(entry))) {
              int copy = copies[used[0]++];
              frames.copy(Pte.frame(entry), copy);
              child.adopt(vpn, copy, Pte.writable(entry));
            } else {
              share(mapping, vpn, entry);
            }
          });
    }
    return true;
  }

  private long hugetlbPages() {
    long pages = 0;
    for (Mapping mapping : child.mappings().mappingsIn(0, Pages.ADDRESS_LIMIT)) {
      pages += mapping.attributes().hugetlb() ? mapping.range().pages() : 0;
    }
    return pages;
  }

  /** Nobody shares a page that must stay whole: the copy is made at once. */
  private void copyHugetlb(int[] blocks) {
    int used = 0;
    for (Mapping mapping : child.mappings().mappingsIn(0, Pages.ADDRESS_LIMIT)) {
      long end = mapping.attributes().hugetlb() ? Pages.number(mapping.end()) : 0;
      for (long block = Pages.number(mapping.start()); block < end; block += Pages.PER_BLOCK) {
        parent.restore(block, block + Pages.PER_BLOCK);
        child.large().copyOf(block, parent.large(), blocks[used++]);
      }
    }
  }

  private void share(Mapping mapping, long vpn, long entry) {
    if (Pte.type(entry) == PteType.SWAP) {
      frames.swap().share(Pte.frame(entry));
      child.pages().set(vpn, Pte.swapped(Pte.frame(entry), 0));
    } else if (Pte.frame(entry) > Pte.MAX_FRAME) {
      // What is on a device came home first: this is a page that was lost with one.
      int lost = frames.devicePages().copyLost(Pte.frame(entry), child.id(), vpn);
      child.pages().set(vpn, Pte.devicePrivate(lost, false, 0));
    } else if (!Pte.hasFrame(entry)) {
      child.pages().set(vpn, mapping.attributes().object() == 0 ? Pte.zero(0) : Pte.none(0));
    } else {
      child.adopt(vpn, Pte.frame(entry), false);
      long settled = Pte.isInvalidating(entry) ? Pte.restored(entry) : entry;
      parent.pages().set(vpn, Pte.withWritable(settled, false));
    }
  }

  private int countCopied() {
    int[] count = {0};
    for (Mapping mapping : child.mappings().mappingsIn(0, Pages.ADDRESS_LIMIT)) {
      forEachInherited(
          mapping,
          (vpn, entry) ->
              count[0] += Pte.hasFrame(entry) && frames.pinned(Pte.frame(entry)) ? 1 : 0);
    }
    return count[0];
  }

  /** What is shared is faulted in from its object. */
  private void forEachInherited(Mapping mapping, PageTable.EntryVisitor visitor) {
    MappingAttributes attributes = mapping.attributes();
    if (attributes.hugetlb()) {
      return;
    }
    if (!attributes.shared() && !MappingAdvice.WIPE_ON_FORK.isIn(attributes.adviceFlags())) {
      parent
          .pages()
          .forEachNonEmpty(Pages.number(mapping.start()), Pages.number(mapping.end()), visitor);
    }
  }
}
