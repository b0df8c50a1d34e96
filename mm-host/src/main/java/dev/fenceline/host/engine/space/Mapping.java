package dev.fenceline.host.engine.space;

import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import dev.fenceline.model.VirtualRange;

/**
 * A range of an address space that is mapped in one way (Linux: a VMA); immutable.
 *
 * @param backingOffsetPages the page of the backing at the start of the range; 0 without backing
 */
public record Mapping(VirtualRange range, MappingAttributes attributes, long backingOffsetPages) {

  /**
   * @throws IllegalArgumentException if the offset is negative, overflows with the range, or is not
   *     0 although there is no backing
   */
  public Mapping {
    boolean fits = backingOffsetPages >= 0 && backingOffsetPages <= maxOffsetPages(range);
    if (!fits || (backingOffsetPages > 0 && !attributes.hasBacking())) {
      throw new IllegalArgumentException("backing offset of " + backingOffsetPages + " pages");
    }
  }

  /** The highest backing offset at which a range still ends within 2^63 bytes. */
  static long maxOffsetPages(VirtualRange range) {
    return Pages.number(Long.MAX_VALUE) - range.pages();
  }

  public long start() {
    return range.start();
  }

  public long end() {
    return range.end();
  }

  public Protection protection() {
    return attributes.protection();
  }

  public MappingKind kind() {
    return attributes.kind();
  }

  /** The part of this mapping in [start, end), which must lie within it and not be empty. */
  Mapping part(long start, long end) {
    if (start == start() && end == end()) {
      return this;
    }
    if (start < start() || end > end()) {
      throw new IllegalArgumentException(new VirtualRange(start, end) + " leaves " + range);
    }
    return new Mapping(new VirtualRange(start, end), attributes, offsetAt(start));
  }

  /** The page of the backing that an address in or right behind this mapping shows. */
  long offsetAt(long address) {
    return attributes.hasBacking() ? backingOffsetPages + Pages.number(address - start()) : 0;
  }

  Mapping withAttributes(MappingAttributes newAttributes) {
    return new Mapping(range, newAttributes, backingOffsetPages);
  }

  /** Whether the two are one mapping cut in two. */
  boolean continuesIn(Mapping next) {
    return end() == next.start()
        && attributes.equals(next.attributes)
        && offsetAt(end()) == next.backingOffsetPages;
  }

  /** The mapping of which this and the next one are the two parts. */
  Mapping joinedWith(Mapping next) {
    return new Mapping(new VirtualRange(start(), next.end()), attributes, backingOffsetPages);
  }
}
