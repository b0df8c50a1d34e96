package dev.fenceline.client;

import dev.fenceline.model.Protection;

/**
 * What to map, and where; immutable.
 *
 * @param length bytes, rounded up to pages as mmap(2) does
 * @param backing empty for anonymous memory; else the name of what is mapped
 * @param offset in the backing, a multiple of 4096
 * @param hugetlb pages of 2 MiB only, which are taken at once and stay where they are
 */
public record Mapping(
    long address,
    long length,
    Protection protection,
    Placement placement,
    boolean shared,
    String backing,
    long offset,
    boolean hugetlb) {
  /** Of small pages, or large ones as they come. */
  public Mapping(
      long address,
      long length,
      Protection protection,
      Placement placement,
      boolean shared,
      String backing,
      long offset) {
    this(address, length, protection, placement, shared, backing, offset, false);
  }

  /** How binding the address is; immutable. */
  public enum Placement {
    /** A hint: the host chooses. */
    ANYWHERE,
    /** Exactly there; what was there is unmapped first. */
    FIXED,
    /** Exactly there, refused with EEXIST if anything is there. */
    FIXED_NOREPLACE
  }

  /** Private anonymous memory where the host chooses. */
  public static Mapping anywhere(long length, Protection protection) {
    return new Mapping(0, length, protection, Placement.ANYWHERE, false, "", 0);
  }

  /** Private anonymous memory exactly there; what was there is unmapped first. */
  public static Mapping at(long address, long length, Protection protection) {
    return new Mapping(address, length, protection, Placement.FIXED, false, "", 0);
  }

  /** The same, of pages of 2 MiB only, which are taken at once; address and length fit to that. */
  public Mapping inHugePages() {
    return new Mapping(address, length, protection, placement, shared, backing, offset, true);
  }

  /** The same, refused if anything is there. */
  public Mapping withoutReplacing() {
    return new Mapping(
        address, length, protection, Placement.FIXED_NOREPLACE, shared, backing, offset, hugetlb);
  }

  /** The same, of something that has a name. */
  public Mapping of(String name, long offsetBytes, boolean isShared) {
    return new Mapping(
        address, length, protection, placement, isShared, name, offsetBytes, hugetlb);
  }
}
