package dev.fenceline.host.engine.space;

import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import java.util.Arrays;

/**
 * Pages of one address space that are supplied from outside when somebody touches them (Linux:
 * userfaultfd, missing mode). Confined to the shard.
 */
final class MissingPages {
  private final SpaceMemory memory;
  private final FrameDesk frames;

  MissingPages(SpaceMemory memory, FrameDesk frames) {
    this.memory = memory;
    this.frames = frames;
  }

  /** Whether a touch of the page has to wait until somebody supplies it. */
  boolean awaited(long vpn) {
    Mapping mapping = memory.mappings().mapping(Pages.address(vpn));
    return mapping != null && supplied(mapping) && Pte.isNone(memory.entry(vpn));
  }

  static boolean supplied(Mapping mapping) {
    return MappingAdvice.MISSING_SUPPLIED.isIn(mapping.attributes().adviceFlags());
  }

  /** All of the pages, or none. Nobody has a translation of a page that is not there. */
  OperationPlan.Application supply(SpaceOperation.Supply supply) {
    long vpn = Pages.number(supply.address());
    int count = supply.bytes().length / Pages.SIZE_BYTES;
    for (int i = 0; i < count; i++) {
      Mapping mapping = memory.mappings().mapping(Pages.address(vpn + i));
      if (mapping == null || !supplied(mapping)) {
        return new OperationPlan.NotApplied(
            Errno.ENOENT, "nothing is supplied at 0x%x".formatted(Pages.address(vpn + i)));
      }
      if (!Pte.isNone(memory.entry(vpn + i))) {
        return new OperationPlan.NotApplied(
            Errno.EEXIST, "page 0x%x is there already".formatted(Pages.address(vpn + i)));
      }
    }
    int[] taken = frames.allocateAll(count);
    if (taken == null) {
      return new OperationPlan.NotApplied(
          Errno.RESOURCE_EXHAUSTED, "no frames left for " + count + " pages");
    }
    for (int i = 0; i < count; i++) {
      int offset = i * Pages.SIZE_BYTES;
      frames.fill(taken[i], Arrays.copyOfRange(supply.bytes(), offset, offset + Pages.SIZE_BYTES));
      memory.arrived(vpn + i, taken[i]);
    }
    return new OperationPlan.Applied(count);
  }
}
