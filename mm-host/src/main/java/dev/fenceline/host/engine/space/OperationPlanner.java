package dev.fenceline.host.engine.space;

import dev.fenceline.host.engine.space.OperationPlan.Footprint;
import dev.fenceline.model.Errno;
import dev.fenceline.model.InvalidationKind;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import dev.fenceline.model.VirtualRange;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Says what an operation on an address space needs: which pages, and which of them must be
 * invalidated first. Changes nothing. Confined to the shard.
 */
final class OperationPlanner {
  private final MappingTree mappings;
  private final DeviceResidents devices;
  private final LargePages large;
  private final Swapper swapper;

  OperationPlanner(
      MappingTree mappings, DeviceResidents devices, LargePages large, Swapper swapper) {
    this.swapper = swapper;
    this.mappings = mappings;
    this.devices = devices;
    this.large = large;
  }

  OperationPlan plan(SpaceOperation operation) {
    return switch (operation) {
      case SpaceOperation.Create create -> anytime(create);
      case SpaceOperation.Fork fork -> fork(fork);
      case SpaceOperation.SetMode setMode -> anytime(setMode);
      case SpaceOperation.SetOomScoreAdjust set -> scoreAdjust(set);
      case SpaceOperation.SetAttributes set -> attributes(set);
      case SpaceOperation.Destroy destroy ->
          new OperationPlan.Ready(
              List.of(new Footprint(0, Pages.PAGE_LIMIT, InvalidationKind.RELEASE, true)), destroy);
      case SpaceOperation.Advise advise -> advise(advise);
      case SpaceOperation.Unpin unpin -> anytime(unpin);
      case SpaceOperation.Sync sync -> mapped(sync, sync.address(), sync.length());
      case SpaceOperation.HandleMissing missing ->
          mapped(missing, missing.address(), missing.length());
      case SpaceOperation.Supply supply -> supply(supply);
      case SpaceOperation.AwaitSupply await ->
          ready(await, pages(await.vpn(), await.vpn() + 1), InvalidationKind.CLEAR, false);
      case SpaceOperation.Pin pin -> pin(pin);
      case SpaceOperation.MigrateToDevice migrate -> devices.plan(migrate);
      case SpaceOperation.MigrateToHost migrate -> devices.plan(migrate);
      case SpaceOperation.MigrateHome home -> devices.plan(home);
      case SpaceOperation.MakeExclusive make -> devices.plan(make);
      case SpaceOperation.Invalidate invalidate ->
          switch (VirtualRange.checkRoundingUp(invalidate.address(), invalidate.length())) {
            case VirtualRange.Invalid invalid -> invalid(invalid, invalidate.address());
            case VirtualRange.Valid valid ->
                ready(invalidate, valid.range(), InvalidationKind.CLEAR, true);
          };
      case SpaceOperation.OfMappings change -> mapped(change);
      case SpaceOperation.BreakCow copy ->
          ready(copy, pages(copy.vpn(), copy.vpn() + 1), InvalidationKind.CLEAR, true);
      case SpaceOperation.Reclaim reclaim -> swapper.plan(reclaim);
      case SpaceOperation.Reap reap ->
          ready(reap, pages(reap.vpnStart(), reap.vpnEnd()), InvalidationKind.CLEAR, true);
      case SpaceOperation.RevokeExclusive revoke ->
          ready(
              revoke, pages(revoke.vpnStart(), revoke.vpnEnd()), InvalidationKind.EXCLUSIVE, true);
    };
  }

  /**
   * From the first to the last private page that may be written: both sides lose that right. No
   * mapping may change meanwhile, or pages would be shared that were not drained.
   */
  private OperationPlan fork(SpaceOperation.Fork fork) {
    long pinned = devices.firstPinned();
    if (pinned >= 0) {
      return new OperationPlan.Refused(
          Errno.EBUSY,
          "page 0x%x is pinned in the memory of a device: a child can have no copy of it"
              .formatted(Pages.address(pinned)),
          Pages.address(pinned));
    }
    long start = Long.MAX_VALUE;
    long end = 0;
    for (Mapping mapping : mappings.mappingsIn(0, Pages.ADDRESS_LIMIT)) {
      if (mapping.protection().write() && !mapping.attributes().shared()) {
        start = Math.min(start, mapping.start());
        end = Math.max(end, mapping.end());
      }
    }
    if (end == 0) {
      return anytime(fork);
    }
    return new OperationPlan.Ready(
        List.of(
            new Footprint(
                Pages.number(start), Pages.number(end), InvalidationKind.PROTECTION, true),
            new Footprint(0, Pages.PAGE_LIMIT, InvalidationKind.PROTECTION, false)),
        fork);
  }

  private static OperationPlan scoreAdjust(SpaceOperation.SetOomScoreAdjust set) {
    return SpaceOperation.SetOomScoreAdjust.allows(set.adjust())
        ? anytime(set)
        : new OperationPlan.Refused(
            Errno.EINVAL, "adjustment " + set.adjust() + " is not in [-1000, 1000]", null);
  }

  private static VirtualRange pages(long vpnStart, long vpnEnd) {
    return new VirtualRange(Pages.address(vpnStart), Pages.address(vpnEnd));
  }

  /** All of it must be mapped so that it can be touched as it is asked for. */
  private OperationPlan pin(SpaceOperation.Pin pin) {
    return switch (VirtualRange.checkRoundingUp(pin.address(), pin.length())) {
      case VirtualRange.Invalid invalid -> invalid(invalid, pin.address());
      case VirtualRange.Valid valid -> {
        long address = valid.range().start();
        for (Mapping mapping : mappings.mappingsIn(valid.range().start(), valid.range().end())) {
          if (mapping.start() > address || !mapping.protection().read()) {
            break;
          }
          if (pin.write() && !mapping.protection().write()) {
            yield new OperationPlan.Refused(
                Errno.EPERM, "address 0x%x is mapped read-only".formatted(address), address);
          }
          address = mapping.end();
        }
        yield address < valid.range().end()
            ? new OperationPlan.Refused(
                Errno.EFAULT,
                "address 0x%x is not mapped, or not readable".formatted(address),
                address)
            : ready(pin, valid.range(), InvalidationKind.CLEAR, false);
      }
    };
  }

  /** The change of the mapping tree that an operation is; null if its arguments are no range. */
  static @Nullable MapOperation mapOperation(SpaceOperation.OfMappings operation) {
    return switch (operation) {
      case SpaceOperation.Map map -> mapOperation(map);
      case SpaceOperation.Unmap unmap -> {
        VirtualRange range = rangeOrNull(unmap.address(), unmap.length());
        yield range == null ? null : new MapOperation.Unmap(range);
      }
      case SpaceOperation.Protect protect -> {
        VirtualRange range = rangeOrNull(protect.address(), protect.length());
        yield range == null ? null : new MapOperation.Protect(range, protect.protection());
      }
      case SpaceOperation.Remap remap -> {
        VirtualRange range = rangeOrNull(remap.oldAddress(), remap.oldLength());
        yield range == null
            ? null
            : new MapOperation.Remap(range, Pages.roundUp(remap.newLength()), placement(remap));
      }
      case SpaceOperation.Brk brk -> new MapOperation.SetBreak(brk.end());
    };
  }

  private static @Nullable MapOperation mapOperation(SpaceOperation.Map map) {
    SpaceOperation.Region region = map.region();
    MappingAttributes attributes =
        region.backing().isEmpty()
            ? new MappingAttributes(
                region.protection(), MappingKind.ANONYMOUS, region.shared(), "", 0)
            : MappingAttributes.file(region.backing(), region.protection(), region.shared());
    if (region.hugetlb()) {
      attributes = attributes.withAdviceFlags(MappingAdvice.HUGETLB.flag());
    }
    long offset = attributes.hasBacking() ? Pages.number(region.offset()) : 0;
    if (map.placement() == SpaceOperation.Placement.ANYWHERE) {
      return map.length() <= 0 || map.length() > Pages.ADDRESS_LIMIT
          ? null
          : new MapOperation.MapAnywhere(
              Pages.roundUp(map.length()), map.address(), attributes, offset);
    }
    VirtualRange range = rangeOrNull(map.address(), map.length());
    if (range == null) {
      return null;
    }
    return map.placement() == SpaceOperation.Placement.FIXED
        ? new MapOperation.MapFixed(range, attributes, offset)
        : new MapOperation.MapFixedNoReplace(range, attributes, offset);
  }

  private static MapOperation.RemapPlacement placement(SpaceOperation.Remap remap) {
    if (remap.newAddress() != null) {
      return new MapOperation.RemapPlacement.Fixed(remap.newAddress());
    }
    return remap.mayMove()
        ? new MapOperation.RemapPlacement.MayMove()
        : new MapOperation.RemapPlacement.InPlace();
  }

  private OperationPlan mapped(SpaceOperation.OfMappings operation) {
    OperationPlan refused = checkArguments(operation);
    if (refused != null) {
      return refused;
    }
    MapOperation change = mapOperation(operation);
    if (change == null) {
      throw new IllegalStateException("arguments were checked: " + operation);
    }
    return switch (mappings.plan(change)) {
      case MapOutcome.Refused no -> new OperationPlan.Refused(no.errno(), no.detail(), null);
      case MapOutcome.Done done -> footprint(operation, done);
    };
  }

  private OperationPlan footprint(SpaceOperation.OfMappings operation, MapOutcome.Done done) {
    boolean unmaps = !done.unmapped().isEmpty();
    return switch (operation) {
      case SpaceOperation.Map map ->
          ready(
              map,
              new VirtualRange(done.address(), done.address() + Pages.roundUp(map.length())),
              InvalidationKind.UNMAP,
              unmaps);
      case SpaceOperation.Unmap unmap ->
          ready(unmap, range(unmap.address(), unmap.length()), InvalidationKind.UNMAP, unmaps);
      case SpaceOperation.Protect protect ->
          ready(
              protect,
              range(protect.address(), protect.length()),
              InvalidationKind.PROTECTION,
              takesRights(done.altered(), protect.protection()));
      case SpaceOperation.Brk brk -> {
        List<Footprint> parts = new ArrayList<>(reservedHeap(brk));
        done.unmapped().forEach(piece -> parts.add(part(piece.range(), true)));
        yield new OperationPlan.Ready(parts, brk);
      }
      case SpaceOperation.Remap remap -> remap(remap, done);
    };
  }

  /** Changes of the heap run one after another: the whole of it is kept for this one. */
  private List<Footprint> reservedHeap(SpaceOperation.Brk brk) {
    MappingTree.Heap heap = mappings.heap();
    if (heap == null || brk.end() == 0) {
      return List.of();
    }
    long start = heap.start() & -Pages.SIZE_BYTES;
    long end = Pages.roundUp(Math.max(heap.end(), brk.end()));
    return start < end ? List.of(part(new VirtualRange(start, end), false)) : List.of();
  }

  /** The old place, and the new one if it is elsewhere; where it goes is settled here. */
  private static OperationPlan remap(SpaceOperation.Remap remap, MapOutcome.Done done) {
    VirtualRange old = range(remap.oldAddress(), remap.oldLength());
    long newEnd = done.address() + Pages.roundUp(remap.newLength());
    if (done.moved() == null) {
      VirtualRange both = new VirtualRange(old.start(), Math.max(old.end(), newEnd));
      return ready(remap, both, InvalidationKind.UNMAP, !done.unmapped().isEmpty());
    }
    VirtualRange target = new VirtualRange(done.address(), newEnd);
    boolean targetMapped =
        done.unmapped().stream()
            .anyMatch(piece -> piece.start() < target.end() && target.start() < piece.end());
    SpaceOperation resolved =
        new SpaceOperation.Remap(
            remap.spaceId(),
            remap.oldAddress(),
            remap.oldLength(),
            remap.newLength(),
            true,
            done.address());
    return new OperationPlan.Ready(List.of(part(old, true), part(target, targetMapped)), resolved);
  }

  private OperationPlan attributes(SpaceOperation.SetAttributes set) {
    return switch (VirtualRange.checkRoundingUp(set.address(), set.length())) {
      case VirtualRange.Invalid invalid -> invalid(invalid, set.address());
      case VirtualRange.Valid valid -> {
        VirtualRange range = valid.range();
        OptionalLong hole = mappings.firstHole(range.start(), range.end());
        yield hole.isPresent()
            ? new OperationPlan.Refused(
                Errno.ENOMEM,
                "address 0x%x is not mapped".formatted(hole.getAsLong()),
                hole.getAsLong())
            : ready(set, range, InvalidationKind.CLEAR, false);
      }
    };
  }

  private OperationPlan advise(SpaceOperation.Advise advise) {
    return switch (VirtualRange.checkRoundingUp(advise.address(), advise.length())) {
      case VirtualRange.Invalid invalid -> invalid(invalid, advise.address());
      case VirtualRange.Valid valid -> {
        VirtualRange range = valid.range();
        OptionalLong hole = mappings.firstHole(range.start(), range.end());
        if (hole.isPresent()) {
          yield new OperationPlan.Refused(
              Errno.ENOMEM,
              "address 0x%x is not mapped".formatted(hole.getAsLong()),
              hole.getAsLong());
        }
        if (advise.advice() == SpaceOperation.Advice.COLLAPSE) {
          yield collapse(advise, Pages.number(range.start()), Pages.number(range.end()));
        }
        boolean frees = advise.advice() == SpaceOperation.Advice.FREE;
        for (Mapping piece : frees ? mappings.piecesIn(range) : List.<Mapping>of()) {
          if (piece.attributes().shared() || piece.attributes().hasBacking()) {
            yield new OperationPlan.Refused(
                Errno.EINVAL,
                "address 0x%x is not private anonymous memory".formatted(piece.start()),
                piece.start());
          }
        }
        boolean drops = frees || advise.advice() == SpaceOperation.Advice.DONTNEED;
        if (drops) {
          for (Mapping piece : mappings.piecesIn(range)) {
            if (piece.attributes().hugetlb()) {
              yield new OperationPlan.Refused(
                  Errno.EINVAL,
                  "address 0x%x is hugetlb: its pages go when it is unmapped"
                      .formatted(piece.start()),
                  piece.start());
            }
          }
        }
        yield ready(advise, range, InvalidationKind.CLEAR, drops);
      }
    };
  }

  /** From the first block that is not large to the last. */
  private OperationPlan collapse(SpaceOperation.Advise advise, long vpnStart, long vpnEnd) {
    long start = Pages.blockStart(vpnStart + Pages.PER_BLOCK - 1);
    long end = Pages.blockStart(vpnEnd);
    while (start < end && large.isLarge(start)) {
      start += Pages.PER_BLOCK;
    }
    while (start < end && large.isLarge(end - 1)) {
      end -= Pages.PER_BLOCK;
    }
    return start >= end
        ? anytime(advise)
        : ready(advise, pages(start, end), InvalidationKind.CLEAR, true);
  }

  /**
   * Not while something there changes: nobody could be using the pages, as they are not there, and
   * who waits for them holds them already.
   */
  private OperationPlan supply(SpaceOperation.Supply supply) {
    return switch (mapped(supply, supply.address(), supply.bytes().length)) {
      case OperationPlan.Refused refused -> refused;
      case OperationPlan.Ready ready -> anytime(supply);
    };
  }

  /** Of a range without holes, and nobody has to be told. */
  private OperationPlan mapped(SpaceOperation operation, long address, long length) {
    return switch (VirtualRange.checkRoundingUp(address, length)) {
      case VirtualRange.Invalid invalid -> invalid(invalid, address);
      case VirtualRange.Valid valid -> {
        OptionalLong hole = mappings.firstHole(valid.range().start(), valid.range().end());
        yield hole.isPresent()
            ? new OperationPlan.Refused(
                Errno.ENOMEM,
                "address 0x%x is not mapped".formatted(hole.getAsLong()),
                hole.getAsLong())
            : ready(operation, valid.range(), InvalidationKind.CLEAR, false);
      }
    };
  }

  /** True if the new protection takes away what some page had. */
  private static boolean takesRights(List<Mapping> altered, Protection protection) {
    return altered.stream().anyMatch(piece -> !protection.covers(piece.protection()));
  }

  private static @Nullable OperationPlan checkArguments(SpaceOperation.OfMappings operation) {
    return switch (operation) {
      case SpaceOperation.Map map -> checkMap(map);
      case SpaceOperation.Unmap unmap -> check(unmap.address(), unmap.length());
      case SpaceOperation.Protect protect -> check(protect.address(), protect.length());
      case SpaceOperation.Remap remap -> checkRemap(remap);
      case SpaceOperation.Brk brk ->
          brk.end() < 0 || brk.end() > Pages.ADDRESS_LIMIT
              ? new OperationPlan.Refused(
                  Errno.EINVAL, "end of the heap 0x%x".formatted(brk.end()), brk.end())
              : null;
    };
  }

  private static @Nullable OperationPlan checkMap(SpaceOperation.Map map) {
    SpaceOperation.Region region = map.region();
    if (region.hugetlb() && (region.shared() || !region.backing().isEmpty())) {
      return new OperationPlan.Refused(
          Errno.EINVAL, "only private anonymous memory can be hugetlb", null);
    }
    if (region.hugetlb() && Pages.number(map.length()) % Pages.PER_BLOCK != 0) {
      return new OperationPlan.Refused(
          Errno.EINVAL,
          "length %d of a hugetlb mapping is not a multiple of 2 MiB".formatted(map.length()),
          null);
    }
    if (!Pages.aligned(map.region().offset()) || map.region().offset() < 0) {
      return new OperationPlan.Refused(
          Errno.EINVAL,
          "offset %d is not a multiple of 4096".formatted(map.region().offset()),
          null);
    }
    if (map.placement() != SpaceOperation.Placement.ANYWHERE) {
      return check(map.address(), map.length());
    }
    if (map.length() <= 0) {
      return new OperationPlan.Refused(
          Errno.EINVAL, "length %d: must be positive".formatted(map.length()), null);
    }
    return map.length() > Pages.ADDRESS_LIMIT
        ? new OperationPlan.Refused(
            Errno.ENOMEM, "length %d is more than 2^47".formatted(map.length()), null)
        : null;
  }

  private static @Nullable OperationPlan checkRemap(SpaceOperation.Remap remap) {
    OperationPlan old = check(remap.oldAddress(), remap.oldLength());
    if (old != null) {
      return old;
    }
    if (remap.newLength() <= 0 || remap.newLength() > Pages.ADDRESS_LIMIT) {
      return new OperationPlan.Refused(
          Errno.EINVAL,
          "new length %d: must be positive and at most 2^47".formatted(remap.newLength()),
          null);
    }
    if (remap.newAddress() == null) {
      return null;
    }
    if (!remap.mayMove()) {
      return new OperationPlan.Refused(
          Errno.EINVAL, "a fixed new address needs leave to move (may_move)", remap.newAddress());
    }
    return check(remap.newAddress(), remap.newLength());
  }

  private static @Nullable OperationPlan check(long address, long length) {
    return VirtualRange.checkRoundingUp(address, length) instanceof VirtualRange.Invalid invalid
        ? invalid(invalid, address)
        : null;
  }

  private static OperationPlan.Refused invalid(VirtualRange.Invalid invalid, long address) {
    return new OperationPlan.Refused(Errno.EINVAL, invalid.detail(), address);
  }

  private static @Nullable VirtualRange rangeOrNull(long address, long length) {
    return VirtualRange.checkRoundingUp(address, length) instanceof VirtualRange.Valid valid
        ? valid.range()
        : null;
  }

  private static VirtualRange range(long address, long length) {
    return new VirtualRange(address, address + Pages.roundUp(length));
  }

  private static Footprint part(VirtualRange range, boolean invalidated) {
    return new Footprint(
        Pages.number(range.start()),
        Pages.number(range.end()),
        InvalidationKind.UNMAP,
        invalidated);
  }

  private static OperationPlan ready(
      SpaceOperation operation, VirtualRange range, InvalidationKind kind, boolean invalidated) {
    return new OperationPlan.Ready(
        List.of(
            new Footprint(
                Pages.number(range.start()), Pages.number(range.end()), kind, invalidated)),
        operation);
  }

  private static OperationPlan anytime(SpaceOperation operation) {
    return new OperationPlan.Ready(List.of(), operation);
  }
}
