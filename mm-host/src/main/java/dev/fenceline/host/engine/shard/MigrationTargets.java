package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.Operation;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.migration.DeviceOwner;
import dev.fenceline.host.engine.migration.Migration;
import dev.fenceline.host.engine.migration.Migration.Direction;
import dev.fenceline.host.engine.migration.SkipTally;
import dev.fenceline.host.engine.space.OperationPlan.Footprint;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import org.jspecify.annotations.Nullable;

/** What migrations may do, and what became of them: pure functions. Stateless. */
final class MigrationTargets {
  private MigrationTargets() {}

  /** Why nothing can migrate to the device; null if it can. */
  static OperationOutcome.@Nullable Refused refusal(
      SpaceOperation.MigrateToDevice migrate, @Nullable DeviceOwner owner) {
    if (owner == null || !owner.attached()) {
      return new OperationOutcome.Refused(
          Errno.UNAVAILABLE, "device " + migrate.device() + " is not attached", null);
    }
    if (owner.description().memoryPages() == 0) {
      return new OperationOutcome.Refused(
          Errno.EINVAL, "device " + migrate.device() + " has no memory", null);
    }
    return owner.closing()
        ? new OperationOutcome.Refused(
            Errno.EAGAIN, "device " + migrate.device() + " is drained; return it first", null)
        : null;
  }

  static @Nullable DeviceOwner firstOwner(AddressSpace space, Footprint taken) {
    for (long vpn = taken.vpnStart(); vpn < taken.vpnEnd(); vpn++) {
      long entry = space.memory().entry(vpn);
      if (Pte.isInvalidating(entry) && Pte.frame(entry) > Pte.MAX_FRAME) {
        DeviceOwner owner = space.memory().devices().owner(entry);
        if (owner.state() != DeviceOwner.State.LOST) {
          return owner;
        }
      }
    }
    return null;
  }

  static Footprint taken(Operation operation, long vpnIfNone) {
    return operation.footprint().isEmpty()
        ? new Footprint(vpnIfNone, vpnIfNone, dev.fenceline.model.InvalidationKind.MIGRATE, false)
        : operation.footprint().getFirst();
  }

  /** The device may not name a page of its memory twice, nor one that it does not have. */
  static boolean placeable(Migration migration, int local) {
    DeviceOwner owner = migration.owner();
    return migration.direction() == Direction.TO_HOST
        || (local < owner.description().memoryPages() && !owner.pages().containsKey(local));
  }

  static OperationOutcome outcome(Migration migration, int moved, SkipTally tally) {
    if (moved == 0 && migration.direction() == Direction.TO_HOST) {
      return new OperationOutcome.Refused(
          Errno.UNAVAILABLE,
          "device %s could not bring the pages home".formatted(migration.owner().device()),
          Pages.address(migration.place().vpnStart()));
    }
    return new OperationOutcome.Done(moved, OperationOutcome.Timing.NONE, tally.list());
  }
}
