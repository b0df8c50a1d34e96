package dev.fenceline.host.engine.space;

import dev.fenceline.host.engine.space.OperationPlan.Footprint;
import dev.fenceline.model.Errno;
import dev.fenceline.model.InvalidationKind;
import dev.fenceline.model.MigrationRun;
import dev.fenceline.model.Pages;
import dev.fenceline.model.VirtualRange;
import java.util.List;

/** What operations that move pages take: the range from the first to the last page. Stateless. */
final class MigrationPlans {
  private MigrationPlans() {}

  /** Tells which pages an operation is about. */
  interface PageFilter {
    boolean takes(long vpn);
  }

  static OperationPlan planned(
      MappingTree mappings,
      SpaceOperation operation,
      long address,
      long length,
      PageFilter filter) {
    if (!(VirtualRange.checkRoundingUp(address, length) instanceof VirtualRange.Valid valid)) {
      return new OperationPlan.Refused(
          Errno.EINVAL, "[0x%x, +%d) is no range of pages".formatted(address, length), address);
    }
    VirtualRange range = valid.range();
    if (range.pages() > MigrationRun.MAX_PAGES) {
      return new OperationPlan.Refused(
          Errno.EINVAL, "%d pages: at most 512 move at a time".formatted(range.pages()), address);
    }
    long mapped = range.start();
    for (Mapping mapping : mappings.mappingsIn(range.start(), range.end())) {
      if (mapping.start() > mapped || !mapping.protection().read()) {
        break;
      }
      if (mapping.attributes().hugetlb()) {
        return new OperationPlan.Refused(
            Errno.EINVAL,
            "address 0x%x is hugetlb: its pages stay at the host".formatted(mapping.start()),
            mapping.start());
      }
      mapped = mapping.end();
    }
    if (mapped < range.end()) {
      return new OperationPlan.Refused(
          Errno.EINVAL, "address 0x%x is not mapped, or not readable".formatted(mapped), mapped);
    }
    long start = Pages.number(range.start());
    long end = Pages.number(range.end());
    while (start < end && !filter.takes(start)) {
      start++;
    }
    while (end > start && !filter.takes(end - 1)) {
      end--;
    }
    return ready(operation, start, end, InvalidationKind.MIGRATE);
  }

  static OperationPlan ready(
      SpaceOperation operation, long start, long end, InvalidationKind kind) {
    return new OperationPlan.Ready(
        start == end ? List.of() : List.of(new Footprint(start, end, kind, true)), operation);
  }
}
