package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.Mirror;
import dev.fenceline.model.AgentMessage.FaultRequest;
import dev.fenceline.model.Pages;
import org.jspecify.annotations.Nullable;

/** What is wrong with a fault's arguments, in words; null if nothing is. Pure. */
final class FaultChecks {
  private FaultChecks() {}

  static @Nullable String malformed(long address, int pageCount) {
    if (!Pages.aligned(address)) {
      return "address 0x%x is not a multiple of 4096".formatted(address);
    }
    if (pageCount < 1 || pageCount > FaultService.MAX_PAGES_PER_FAULT) {
      return "page count %d is not in [1, %d]"
          .formatted(pageCount, FaultService.MAX_PAGES_PER_FAULT);
    }
    if (address < 0 || address > Pages.ADDRESS_LIMIT - Pages.address(pageCount)) {
      return "address 0x%x plus %d pages is not below 0x%x"
          .formatted(address, pageCount, Pages.ADDRESS_LIMIT);
    }
    return null;
  }

  static @Nullable String outside(Mirror mirror, FaultRequest request) {
    long end = request.address() + Pages.address(request.pageCount());
    return request.address() >= mirror.start() && end <= mirror.end()
        ? null
        : "pages [0x%x, 0x%x) are not within mirror %d of [0x%x, 0x%x)"
            .formatted(request.address(), end, mirror.mirrorId(), mirror.start(), mirror.end());
  }
}
