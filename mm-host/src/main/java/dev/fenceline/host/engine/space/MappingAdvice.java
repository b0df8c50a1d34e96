package dev.fenceline.host.engine.space;

/** Lasting advice on a mapping (madvise), each a bit of its advice flags. Immutable. */
public enum MappingAdvice {
  RANDOM,
  SEQUENTIAL,
  /** A fork does not copy the mapping. */
  DONT_FORK,
  /** A fork copies the mapping without its pages. */
  WIPE_ON_FORK,
  HUGE_PAGES,
  NO_HUGE_PAGES,
  MERGEABLE,
  DONT_DUMP,
  /** Pages that are not there are supplied from outside (userfaultfd, missing mode). */
  MISSING_SUPPLIED,
  /** Large pages only, that are taken when it is mapped and stay where they are (hugetlbfs). */
  HUGETLB;

  public int flag() {
    return 1 << ordinal();
  }

  public boolean isIn(int adviceFlags) {
    return (adviceFlags & flag()) != 0;
  }
}
