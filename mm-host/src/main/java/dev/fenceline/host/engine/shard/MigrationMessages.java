package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.migration.DeviceOwner;
import dev.fenceline.host.engine.migration.Migration;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.MigrationRun;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Peer;
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

  /** The source is to drop its translations and to hold the pages for the target. */
  void hold(AddressSpace space, Migration migration, Migration.Source source) {
    send(
        source.owner(),
        new HostMessage.MigrateOut(
            source.holdId(),
            space.id(),
            source.owner().device().deviceIndex(),
            Pages.address(migration.place().vpnStart()),
            space.sequence(),
            migration.outRuns(space.memory().devices().localPages(migration)),
            true));
  }

  /** The target is to fetch what the source holds. */
  void across(AddressSpace space, Migration migration, Migration.Source source) {
    migration.markTold();
    DeviceOwner from = source.owner();
    send(
        migration,
        new HostMessage.MigrateIn(
            migration.id(),
            space.id(),
            migration.owner().device().deviceIndex(),
            Pages.address(migration.place().vpnStart()),
            migration.acrossRuns(
                space.memory().devices().localPages(migration),
                new Peer(from.device(), from.peerTarget(), from.description().coherent()))));
  }

  /** What the source may free: pages that are the target's now. */
  void released(AddressSpace space, Migration migration, CommitRuns runs) {
    Migration.Source source = migration.source();
    if (source == null) {
      return;
    }
    CommitRuns held = new CommitRuns();
    for (int i = 0; i < migration.pageCount(); i++) {
      held.add(runs.accepted(i) ? CommitRuns.ACCEPTED : CommitRuns.NOT_ACCEPTED);
    }
    send(
        source.owner(),
        new HostMessage.MigrationCommit(source.holdId(), space.sequence(), held.build()));
  }

  /** Nothing of one across moves: both are told, as far as they are there and know of it. */
  void undone(AddressSpace space, Migration migration) {
    CommitRuns nothing = new CommitRuns();
    for (int i = 0; i < migration.pageCount(); i++) {
      nothing.add(CommitRuns.NOT_ACCEPTED);
    }
    released(space, migration, nothing);
    if (migration.told()) {
      refused(space, migration);
    }
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
    send(migration.owner(), message);
  }

  private void send(DeviceOwner owner, HostMessage message) {
    if (owner.attached()) {
      state.emit(new ShardEffect.Send(owner.sessionId(), message));
    }
  }
}
