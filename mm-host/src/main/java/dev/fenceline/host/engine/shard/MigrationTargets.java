package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.migration.DeviceOwner;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Errno;
import org.jspecify.annotations.Nullable;

/** Which devices pages can migrate to. Stateless. */
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
            Errno.UNAVAILABLE, "device " + migrate.device() + " is being closed", null)
        : null;
  }
}
