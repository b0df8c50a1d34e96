package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.migration.Migration;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.host.engine.thrash.Thrashing;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes faults wait a while that would take a thrashing page from its holder, or exclusive access
 * in the turn of another device, and wakes them. Confined to the shard.
 *
 * <pre>
 *   device (holder)                    host (this)                  CPU, other devices
 *   page arrives, commit heard   &lt;---  arrived: the lapse begins
 *   uses the page                      wants: nap            &lt;---  fault
 *   uses the page                      the lapse is over     ---->  served: the page comes home
 * </pre>
 *
 * <p>The line that matters is the third: without it the page is called home before its holder could
 * use it, and nobody gets on (INV-9). A pin needs no nap: it takes pages through an operation.
 */
final class ThrashDesk {
  private final ShardState state;

  /** Where faults nap, and when the first of them wakes up. */
  private final Map<AddressSpace, Long> naps = new LinkedHashMap<>();

  ThrashDesk(ShardState state) {
    this.state = state;
  }

  /**
   * A fault needs an operation done first.
   *
   * @return the operation; null if the fault has to nap before it asks again
   */
  SpaceOperation.@Nullable Internal admit(
      AddressSpace space, DeviceId by, long vpn, SpaceOperation.Internal needed) {
    return switch (needed) {
      case SpaceOperation.MigrateHome home -> {
        SpaceOperation.MigrateHome sized = state.placement.sized(space, home, vpn);
        yield admitted(space, by, vpn, true)
            ? taking(space, by, sized.vpnStart(), sized.vpnEnd(), sized)
            : null;
      }
      case SpaceOperation.MakeExclusive make ->
          mayChangeHands(space, by, vpn) ? taking(space, by, vpn, make.vpnEnd(), make) : null;
      case SpaceOperation.RevokeExclusive revoke ->
          mayChangeHands(space, by, vpn) ? taking(space, by, vpn, vpn + 1, revoke) : null;
      case SpaceOperation.Reclaim reclaim -> reclaim;
      case SpaceOperation.Reap reap -> reap;
      case SpaceOperation.BreakCow copy -> copy;
      case SpaceOperation.AwaitSupply await -> await;
    };
  }

  private SpaceOperation.Internal taking(
      AddressSpace space,
      DeviceId by,
      long vpnStart,
      long vpnEnd,
      SpaceOperation.Internal operation) {
    if (!OperationQueue.underWay(space, operation)) {
      taken(space, vpnStart, vpnEnd, by);
    }
    return operation;
  }

  /** What a caller moves is no contention (pitfall 37). */
  static void movedByCaller(AddressSpace space, long address, long length) {
    long vpn = Pages.number(address);
    space.thrashing().forget(vpn, vpn + Pages.number(Pages.roundUp(length)));
  }

  /** A migration has come to its end: the lapse of its pages begins. */
  static void arrived(AddressSpace space, Migration migration, long nowNanos) {
    long start = migration.place().vpnStart();
    long end = start + migration.pageCount();
    space.thrashing().arrived(start, end, nowNanos - migration.startedNanos(), nowNanos);
  }

  /** Somebody gets pages that others had. */
  void taken(AddressSpace space, long vpnStart, long vpnEnd, DeviceId by) {
    if (space.thrashing().taken(vpnStart, vpnEnd, by, state.nowNanos)) {
      state.emit(new ShardEffect.Thrashes(space.id(), vpnStart, ShardEffect.Thrashes.Step.BEGAN));
    }
  }

  /**
   * Whether the page may change hands between one device alone and the others: not during the turn
   * of another one, which would lose it behind the very answer that gave it the turn (INV-9).
   */
  private boolean mayChangeHands(AddressSpace space, DeviceId by, long vpn) {
    long untilNanos = space.turns().othersUntilNanos(by, vpn);
    if (untilNanos > state.nowNanos) {
      naps.merge(space, untilNanos, Math::min);
      return false;
    }
    return admitted(space, by, vpn, false);
  }

  private boolean admitted(AddressSpace space, DeviceId by, long vpn, boolean mayPin) {
    if (hint(space, by, vpn, mayPin) instanceof Thrashing.Hint.Nap nap) {
      naps.merge(space, nap.untilNanos(), Math::min);
      return false;
    }
    return true;
  }

  /** Whether the device may have the page in its memory, which it asks for beyond its fault. */
  boolean mayMove(AddressSpace space, DeviceId by, long vpn) {
    return hint(space, by, vpn, true) instanceof Thrashing.Hint.Free;
  }

  private Thrashing.Hint hint(AddressSpace space, DeviceId by, long vpn, boolean mayPin) {
    Thrashing.Hint hint = space.thrashing().wants(vpn, by, mayPin, state.nowNanos);
    switch (hint) {
      case Thrashing.Hint.Pinned pinned when pinned.first() ->
          tell(space, vpn, ShardEffect.Thrashes.Step.PINNED);
      case Thrashing.Hint.Nap nap when nap.first() ->
          tell(space, vpn, ShardEffect.Thrashes.Step.NAPPED);
      default -> {}
    }
    return hint;
  }

  private void tell(AddressSpace space, long vpn, ShardEffect.Thrashes.Step step) {
    state.emit(new ShardEffect.Thrashes(space.id(), vpn, step));
  }

  /** The spaces where a fault has napped long enough. */
  List<AddressSpace> wake(long nowNanos) {
    if (nextWakeNanos() > nowNanos) {
      return List.of();
    }
    List<AddressSpace> awake = new ArrayList<>();
    naps.entrySet()
        .removeIf(
            nap -> {
              boolean over = nap.getValue() <= nowNanos;
              if (over && state.space(nap.getKey().id()) != null) {
                awake.add(nap.getKey());
                nap.getKey().thrashing().tidy(nowNanos);
              }
              return over;
            });
    return awake;
  }

  long nextWakeNanos() {
    long next = Long.MAX_VALUE;
    for (long nap : naps.values()) {
      next = Math.min(next, nap);
    }
    return next;
  }
}
