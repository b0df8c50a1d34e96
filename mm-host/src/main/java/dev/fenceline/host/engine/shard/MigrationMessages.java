package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.migration.Migration;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.MigrationRun;
import dev.fenceline.model.Pages;
import java.util.List;

/** What a migration has a device told. Confined to the shard. */
final class MigrationMessages {
  private final ShardState state;

  MigrationMessages(ShardState state) {
    this.state = state;
  }

  /** The device is to fetch the pages. */
  void in(AddressSpace space, Migration migration) {
    send(
        migration,
        new HostMessage.MigrateIn(
            migration.id(),
            space.id(),
            migration.owner().device().deviceIndex(),
            Pages.address(migration.place().vpnStart()),
            migration.inRuns(),
            space
                .memory()
                .large()
                .orderTogether(migration.place().vpnStart(), migration.pageCount())));
  }

  /** The device is to drop its translations and to push the pages. */
  void out(AddressSpace space, Migration migration) {
    migration.markTold();
    send(
        migration,
        new HostMessage.MigrateOut(
            migration.id(),
            space.id(),
            migration.owner().device().deviceIndex(),
            Pages.address(migration.place().vpnStart()),
            space.sequence(),
            migration.outRuns(space.memory().devices().localPages(migration))));
  }

  /** Nothing of it moves. */
  void refused(AddressSpace space, Migration migration) {
    send(
        migration,
        new HostMessage.MigrationCommit(
            migration.id(),
            space.sequence(),
            List.of(new MigrationRun.Commit(migration.pageCount(), false, 0, false))));
  }

  /**
   * Nothing of it moves, and the device, which heard of nothing else (owner filter), has
   * translations of an older generation than the host since the pages were held: it drops them.
   */
  void nothingComesHome(AddressSpace space, Migration migration) {
    out(space, migration);
    refused(space, migration);
  }

  private void send(Migration migration, HostMessage message) {
    state.emit(new ShardEffect.Send(migration.owner().sessionId(), message));
  }
}
