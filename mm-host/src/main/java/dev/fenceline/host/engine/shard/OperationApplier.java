package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.attribute.AttributeMap;
import dev.fenceline.host.engine.invalidation.Operation;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.OperationPlan;
import dev.fenceline.host.engine.space.PageTable;
import dev.fenceline.host.engine.space.PageTouch;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.PteType;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.InvalidationKind;
import dev.fenceline.model.Pages;
import org.jspecify.annotations.Nullable;

/** Makes operations take effect once nothing holds them up any more. Confined to the shard. */
final class OperationApplier {
  /** A pin of more pages finds its frames at once or is refused. */
  private static final int MAX_RECLAIMED_FOR_PIN = 1024;

  private final ShardState state;
  private final FaultService faults;
  private final MigrationService migrations;

  OperationApplier(ShardState state, FaultService faults, MigrationService migrations) {
    this.state = state;
    this.migrations = migrations;
    this.faults = faults;
  }

  Application apply(AddressSpace space, Operation operation, long nowNanos) {
    OperationOutcome.Timing timing = operation.timing(nowNanos);
    return switch (operation.resolved()) {
      case SpaceOperation.SetMode setMode -> {
        space.mode(setMode.mode());
        state.changed(space);
        yield done(0, timing);
      }
      case SpaceOperation.SetOomScoreAdjust set -> {
        space.oomScoreAdjust(set.adjust());
        state.changed(space);
        yield done(0, timing);
      }
      case SpaceOperation.SetAttributes set -> attributes(space, set);
      case SpaceOperation.Destroy destroy -> {
        space.memory().clear();
        forget(space);
        yield done(0, timing);
      }
      case SpaceOperation.Fork fork -> new Application.Ended(fork(space, fork));
      case SpaceOperation.Pin pin -> pin(space, pin, nowNanos);
      case SpaceOperation.MigrateToDevice migrate ->
          migrations.toDevice(space, operation, migrate, nowNanos);
      case SpaceOperation.MigrateToHost migrate -> {
        ThrashDesk.movedByCaller(space, migrate.address(), migrate.length());
        yield migrations.toHost(space, operation, nowNanos);
      }
      case SpaceOperation.MigrateHome home -> migrations.toHost(space, operation, nowNanos);
      case SpaceOperation.AwaitSupply await ->
          space.memory().awaitsSupply(await.vpn()) ? new Application.Continues() : done(0, timing);
      case SpaceOperation other ->
          switch (space.memory().apply(other)) {
            case OperationPlan.Applied applied -> {
              forgetAttributes(space, operation);
              if (other instanceof SpaceOperation.Advise advise
                  && advise.advice() == SpaceOperation.Advice.WILLNEED) {
                long vpn = Pages.number(advise.address());
                long end = vpn + Pages.number(Pages.roundUp(advise.length()));
                state.placement.advised(space, vpn, end);
              }
              yield done(applied.value(), timing);
            }
            case OperationPlan.NotApplied refused ->
                refused(refused.errno(), refused.message(), null);
          };
    };
  }

  private static Application attributes(AddressSpace space, SpaceOperation.SetAttributes set) {
    long vpnStart = Pages.number(set.address());
    long vpnEnd = vpnStart + Pages.number(Pages.roundUp(set.length()));
    space.thrashing().forget(vpnStart, vpnEnd); // judged anew (pitfall 37)
    return space.attributes().set(vpnStart, vpnEnd, set.attributes())
        ? done(set.address(), OperationOutcome.Timing.NONE)
        : refused(
            Errno.RESOURCE_EXHAUSTED,
            "the address space has " + AttributeMap.MAX_INTERVALS + " ranges with attributes",
            null);
  }

  /** Attributes go with the mapping, as with the kernel's users of mmu notifiers. */
  private static void forgetAttributes(AddressSpace space, Operation operation) {
    for (OperationPlan.Footprint part : operation.footprint()) {
      if (part.kind() == InvalidationKind.UNMAP) {
        space.thrashing().forget(part.vpnStart(), part.vpnEnd());
        space.attributes().clear(part.vpnStart(), part.vpnEnd());
      }
    }
  }

  private static Application done(long value, OperationOutcome.Timing timing) {
    return new Application.Ended(new OperationOutcome.Done(value, timing));
  }

  private static Application refused(Errno errno, String message, @Nullable Long address) {
    return new Application.Ended(new OperationOutcome.Refused(errno, message, address));
  }

  private OperationOutcome fork(AddressSpace parent, SpaceOperation.Fork fork) {
    if (state.spaces.size() >= state.config.maxSpaces()) {
      return new OperationOutcome.Refused(
          Errno.RESOURCE_EXHAUSTED, "the shard has " + state.spaces.size() + " spaces", null);
    }
    long childId = state.nextSpaceId();
    var copy = parent.memory().forkOrNull(childId);
    if (copy == null) {
      return new OperationOutcome.Refused(
          Errno.RESOURCE_EXHAUSTED, "no frames left to copy address space " + parent.id(), null);
    }
    AddressSpace child = new AddressSpace(childId, fork.name(), parent.mode(), copy, state.config);
    child.oomScoreAdjust(parent.oomScoreAdjust());
    state.changed(child);
    state.spaces.put(child.id(), child);
    return new OperationOutcome.Done(child.id(), OperationOutcome.Timing.NONE);
  }

  /** A pin for which there are not frames enough takes none, so that it starves nobody. */
  private boolean enoughFrames(AddressSpace space, long vpnStart, int pages, int inPlace) {
    long resident = PageTable.resident(space.memory().pages().tally(vpnStart, vpnStart + pages));
    int[] taken = state.allocateAll(Math.toIntExact(pages - resident - inPlace));
    if (taken == null) {
      return false;
    }
    for (int i = taken.length - 1; i >= 0; i--) {
      state.frames.cancel(taken[i]);
    }
    return true;
  }

  /** Pages that a pin for a short time leaves with their coherent devices. */
  private static int openToCpus(AddressSpace space, long vpnStart, int pages) {
    int count = 0;
    for (long vpn = vpnStart; vpn < vpnStart + pages; vpn++) {
      long entry = space.memory().entry(vpn);
      boolean there = Pte.type(entry) == PteType.DEVICE_PRIVATE;
      count += there && space.memory().devices().owner(entry).openToCpus() ? 1 : 0;
    }
    return count;
  }

  /** What was touched before a refusal stays resident; nothing is pinned. */
  private Application pin(AddressSpace space, SpaceOperation.Pin pin, long nowNanos) {
    if (state.pins.full()) {
      return refused(
          Errno.RESOURCE_EXHAUSTED,
          "the shard has " + PinTable.MAX_PINS + " pins, its limit",
          null);
    }
    long vpnStart = Pages.number(pin.address());
    int[] frames = new int[Math.toIntExact(Pages.number(Pages.roundUp(pin.length())))];
    int inPlace = pin.purpose().longTerm() ? 0 : openToCpus(space, vpnStart, frames.length);
    if (!enoughFrames(space, vpnStart, frames.length, inPlace)) {
      return state.mayComeFree() && frames.length <= MAX_RECLAIMED_FOR_PIN
          ? new Application.NeedsFrames(frames.length)
          : refused(
              Errno.RESOURCE_EXHAUSTED,
              "not enough frames are free to pin %d pages".formatted(frames.length),
              null);
    }
    for (int i = 0; i < frames.length; i++) {
      switch (faults.touchForPin(space, vpnStart + i, pin)) {
        case PageTouch.Mapped mapped -> frames[i] = Pte.frame(mapped.entry());
        case PageTouch.Needs needs -> {
          return new Application.Needs(needs.operation());
        }
        case PageTouch.NeedsFrame starves -> {
          return new Application.NeedsFrames(frames.length - i);
        }
        case PageTouch.Refused refused -> {
          return refused(refused.errno(), refused.message(), Pages.address(vpnStart + i));
        }
      }
    }
    Pin made =
        new Pin(
            state.nextPinId(),
            space.id(),
            new Pin.PinnedPages(vpnStart, frames),
            pin.write(),
            pin.purpose(),
            nowNanos);
    state.pins.add(made);
    if (!state.config.reclaim().notifiesPinned()) {
      for (int frame : frames) {
        if (frame <= Pte.MAX_FRAME) {
          state.frameTable.lists().hold(frame);
        }
      }
    }
    return done(made.id(), OperationOutcome.Timing.NONE);
  }

  private void forget(AddressSpace space) {
    state.spaces.remove(space.id());
    for (ShardSession session : state.sessions.values()) {
      if (session.forgetSpace(space.id())) {
        state.emit(
            new ShardEffect.Send(session.sessionId(), new HostMessage.SpaceReleased(space.id())));
      }
    }
    state.emit(new ShardEffect.ForgetSpace(space.id()));
    faults.failParked(space);
  }
}
