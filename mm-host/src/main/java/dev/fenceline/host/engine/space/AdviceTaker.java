package dev.fenceline.host.engine.space;

import dev.fenceline.model.Pages;
import dev.fenceline.model.VirtualRange;

/** Does what madvise(2) asks for in one address space. Confined to the shard. */
final class AdviceTaker {
  /** Pages that one WILLNEED brings at most; the rest comes by faults. */
  static final long MAX_WILLNEED_PAGES = 1 << 18;

  private final SpaceMemory memory;

  AdviceTaker(SpaceMemory memory) {
    this.memory = memory;
  }

  /** What the advice invalidates is held and drained. */
  OperationPlan.Application apply(SpaceOperation.Advise advise) {
    long vpnStart = Pages.number(advise.address());
    long vpnEnd = vpnStart + Pages.number(Pages.roundUp(advise.length()));
    switch (advise.advice()) {
      case NORMAL -> {}
      case DONTNEED, FREE -> memory.drop(vpnStart, vpnEnd);
      case WILLNEED -> populate(vpnStart, vpnEnd);
      case DONTFORK -> {
        return keep(advise.address(), advise.length(), 0, MappingAdvice.DONT_FORK.flag());
      }
      case DOFORK -> {
        return keep(advise.address(), advise.length(), MappingAdvice.DONT_FORK.flag(), 0);
      }
      case WIPEONFORK -> {
        return keep(advise.address(), advise.length(), 0, MappingAdvice.WIPE_ON_FORK.flag());
      }
      case KEEPONFORK -> {
        return keep(advise.address(), advise.length(), MappingAdvice.WIPE_ON_FORK.flag(), 0);
      }
      case HUGEPAGE -> {
        int clear = MappingAdvice.NO_HUGE_PAGES.flag();
        return keep(advise.address(), advise.length(), clear, MappingAdvice.HUGE_PAGES.flag());
      }
      case NOHUGEPAGE -> {
        int clear = MappingAdvice.HUGE_PAGES.flag();
        return keep(advise.address(), advise.length(), clear, MappingAdvice.NO_HUGE_PAGES.flag());
      }
      case COLLAPSE -> {
        return collapse(advise, vpnStart, vpnEnd);
      }
    }
    return new OperationPlan.Applied(advise.address());
  }

  /** Block by block, up to the first that cannot be large; what stays as it was is restored. */
  private OperationPlan.Application collapse(
      SpaceOperation.Advise advise, long vpnStart, long vpnEnd) {
    long end = Pages.blockStart(vpnEnd);
    for (long block = Pages.blockStart(vpnStart + Pages.PER_BLOCK - 1);
        block < end;
        block += Pages.PER_BLOCK) {
      LargePages.Collapsed outcome = memory.large().collapse(block);
      if (outcome != LargePages.Collapsed.LARGE) {
        memory.restore(vpnStart, end);
        return new OperationPlan.NotApplied(
            outcome.errno(),
            "the 2 MiB from 0x%x on %s; those before it are large"
                .formatted(Pages.address(block), outcome.reason()));
      }
    }
    memory.restore(vpnStart, end);
    return new OperationPlan.Applied(advise.address());
  }

  /** Advice that lasts is an attribute of the mapping. */
  OperationPlan.Application keep(long address, long length, int clearFlags, int setFlags) {
    VirtualRange range = new VirtualRange(address, address + Pages.roundUp(length));
    return switch (memory.mappings().apply(new MapOperation.Advise(range, clearFlags, setFlags))) {
      case MapOutcome.Done done -> new OperationPlan.Applied(address);
      case MapOutcome.Refused refused ->
          new OperationPlan.NotApplied(refused.errno(), refused.detail());
    };
  }

  private void populate(long vpnStart, long vpnEnd) {
    long end = Math.min(vpnEnd, vpnStart + MAX_WILLNEED_PAGES);
    for (long vpn = vpnStart; vpn < end; vpn++) {
      Mapping mapping = memory.mappings().mapping(Pages.address(vpn));
      if (Pte.isNone(memory.entry(vpn))
          && mapping != null
          && mapping.protection().read()
          && mapping.attributes().object() == 0
          && !MissingPages.supplied(mapping)) {
        memory.pages().set(vpn, Pte.zero(Pte.generation(memory.entry(vpn))));
      }
    }
  }
}
