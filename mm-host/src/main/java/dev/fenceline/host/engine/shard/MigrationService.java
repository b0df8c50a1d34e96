package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.DeviceView;
import dev.fenceline.host.engine.invalidation.Operation;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.migration.DeviceOwner;
import dev.fenceline.host.engine.migration.Migration;
import dev.fenceline.host.engine.migration.Migration.Direction;
import dev.fenceline.host.engine.migration.SkipTally;
import dev.fenceline.host.engine.migration.SkippedPages;
import dev.fenceline.host.engine.space.DeviceResidents;
import dev.fenceline.host.engine.space.OperationPlan.Footprint;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.AgentMessage.Hello;
import dev.fenceline.model.AgentMessage.MigrationReport;
import dev.fenceline.model.Errno;
import dev.fenceline.model.FenceResolution;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.LocalPages;
import dev.fenceline.model.MigrationRun;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Moves pages between frames and devices: from C of an operation to its commit. Confined to the
 * shard.
 *
 * <pre>
 *   host (this)                                  device
 *   C  entries MIGRATION
 *      MigrateIn  ------------------------.
 *                                          '-->  page allocated
 *      bytes out, generation checked  &lt;------->  bytes in
 *                                     .---------  report: done
 *      entries DEVICE_PRIVATE  &lt;-----'
 *      frames freed, commit  -------------.
 *                                          '-->  entries installed
 * </pre>
 *
 * <p>The line that matters is the one where the report is processed: up to there the frame is the
 * page, and from there on the device's copy, whoever dies in between (INV-8).
 */
final class MigrationService {
  private static final OperationOutcome NOTHING_MOVED =
      new OperationOutcome.Done(0, OperationOutcome.Timing.NONE);

  private final ShardState state;
  private final OperationDriver operations;
  private final MigrationMessages messages;
  private final HeldPages held;
  private final Map<Long, Migration> running = new LinkedHashMap<>();

  /** Those across, by the id under which the source's agent holds their pages. */
  private final Map<Long, Migration> holds = new LinkedHashMap<>();

  private final Map<Migration, SkipTally> tallies = new LinkedHashMap<>();

  MigrationService(ShardState state, OperationDriver operations) {
    this.state = state;
    this.operations = operations;
    this.messages = new MigrationMessages(state);
    this.held = new HeldPages(state);
  }

  /** Those under way, oldest first. */
  List<Migration> running() {
    return List.copyOf(running.values());
  }

  int arrivingFrames() {
    int frames = 0;
    for (Migration migration : running.values()) {
      frames += migration.direction() == Direction.TO_HOST ? migration.included() : 0;
    }
    return frames;
  }

  // ---- C

  /** Pages that are held set out for the device. */
  Application toDevice(
      AddressSpace space,
      Operation operation,
      SpaceOperation.MigrateToDevice migrate,
      long nowNanos) {
    DeviceOwner owner = state.owners.owner(migrate.device());
    OperationOutcome.Refused refused = MigrationTargets.refusal(migrate, owner);
    if (refused != null || owner == null) {
      return new Application.Ended(
          refused != null
              ? refused
              : new OperationOutcome.Refused(Errno.UNAVAILABLE, "no such device", null));
    }
    SkipTally tally = new SkipTally();
    DeviceResidents residents = space.memory().devices();
    if (migrate.requester() == null) {
      ThrashDesk.movedByCaller(space, migrate.address(), migrate.length());
    }
    Footprint taken = MigrationTargets.taken(operation, Pages.number(migrate.address()));
    residents.tallyRest(migrate, taken, tally);
    if (operation.footprint().isEmpty()) {
      return ended(operation, 0, tally, nowNanos);
    }
    if (migrate.direct()) {
      Migration across = begin(operation, Direction.ACROSS, owner, taken, nowNanos);
      return across(space, operation, across, tally, nowNanos);
    }
    Migration migration = begin(operation, Direction.TO_DEVICE, owner, taken, nowNanos);
    residents.collect(migration, tally, vpn -> owes(owner, space, vpn));
    if (migration.included() == 0) {
      return ended(operation, 0, tally, nowNanos);
    }
    run(migration, tally, nowNanos);
    messages.in(space, migration);
    return new Application.Continues();
  }

  /** Pages of one other device set out from there, past the host. */
  private Application across(
      AddressSpace space,
      Operation operation,
      Migration migration,
      SkipTally tally,
      long nowNanos) {
    DeviceOwner from =
        space
            .memory()
            .devices()
            .collectAcross(migration, tally, vpn -> owes(migration.owner(), space, vpn));
    if (from == null) {
      return ended(operation, 0, tally, nowNanos);
    }
    Migration.Source source = new Migration.Source(from, state.nextMigrationId());
    migration.source(source);
    run(migration, tally, nowNanos);
    holds.put(source.holdId(), migration);
    messages.hold(space, migration, source);
    return new Application.Continues();
  }

  /** The source holds the pages for the target, which may fetch them now. */
  private void held(Migration migration, MigrationReport report, long nowNanos) {
    AddressSpace space = spaceOf(migration);
    Migration.Source source = migration.source();
    int at = 0;
    for (MigrationRun.Report run : report.runs()) {
      for (int i = 0; i < run.pageCount() && at < migration.pageCount(); i++, at++) {
        if (run.outcome() != MigrationRun.Outcome.DONE && migration.includes(at)) {
          space.memory().devices().stayed(migration, at);
          migration.exclude(at);
        }
      }
    }
    if (at < migration.pageCount() || migration.included() == 0 || source == null) {
      giveUp(migration, Errno.EINVAL, "the source holds nothing of it", nowNanos);
      return;
    }
    migration.deadlineNanos(nowNanos + state.config.migration().boundNanos());
    messages.across(space, migration, source);
  }

  /**
   * Whether the device has yet to drain an invalidation of the page that was not waited for. Its
   * acknowledgement will say that it holds nothing there, which must not be said of what a commit
   * gives it meanwhile (INV-12). While the page is held nothing more comes to be owed.
   */
  private boolean owes(DeviceOwner owner, AddressSpace space, long vpn) {
    ShardSession session = state.sessions.get(owner.sessionId());
    DeviceView view =
        session == null ? null : session.view(space.id(), owner.device().deviceIndex());
    return view != null && AddressSpace.firstOwedPage(view, vpn, vpn + 1) == vpn;
  }

  /**
   * Pages that are held set out for the host. An operation of the public API may concern several
   * devices: each has a migration of its own, one after another.
   */
  Application toHost(AddressSpace space, Operation operation, long nowNanos) {
    if (operation.footprint().isEmpty()) {
      return ended(operation, 0, new SkipTally(), nowNanos);
    }
    Footprint taken = operation.footprint().getFirst();
    DeviceOwner owner = MigrationTargets.firstOwner(space, taken);
    if (owner == null) {
      return ended(operation, 0, new SkipTally(), nowNanos);
    }
    Migration migration = begin(operation, Direction.TO_HOST, owner, taken, nowNanos);
    SkipTally tally = new SkipTally();
    space.memory().devices().collectHome(migration, tally);
    if (migration.included() == 0) {
      // No frame: who needs the page finds it out when it asks again.
      if (owner.attached() && operation.resolved() instanceof SpaceOperation.MigrateHome) {
        messages.nothingComesHome(space, migration);
      }
      return ended(operation, 0, tally, nowNanos);
    }
    run(migration, tally, nowNanos);
    if (owner.attached()) {
      messages.out(space, migration);
    } else {
      migration.deadlineNanos(owner.orphanedSinceNanos() + state.config.migration().graceNanos());
    }
    return new Application.Continues();
  }

  private Migration begin(
      Operation operation, Direction direction, DeviceOwner owner, Footprint taken, long nowNanos) {
    return new Migration(
        state.nextMigrationId(),
        operation.id(),
        direction,
        new Migration.Place(
            owner,
            operation.request().spaceId(),
            taken.vpnStart(),
            Math.toIntExact(taken.vpnEnd() - taken.vpnStart())),
        nowNanos);
  }

  private void run(Migration migration, SkipTally tally, long nowNanos) {
    migration.deadlineNanos(nowNanos + state.config.migration().boundNanos());
    running.put(migration.id(), migration);
    tallies.put(migration, tally);
  }

  private static Application ended(
      Operation operation, long moved, SkipTally tally, long nowNanos) {
    return new Application.Ended(
        new OperationOutcome.Done(moved, operation.timing(nowNanos), tally.list()));
  }

  // ---- the report

  /** What became of the pages on the device's side. */
  void report(ShardSession session, MigrationReport report, long nowNanos) {
    Migration ofHold = holds.get(report.migrationId());
    if (ofHold != null && !ofHold.told() && ofHold.concerns(session.sessionId())) {
      held(ofHold, report, nowNanos);
      return;
    }
    Migration migration = running.get(report.migrationId());
    if (migration == null || migration.owner().sessionId() != session.sessionId()) {
      state.emit(new ShardEffect.LateMessage(session.sessionId()));
      return;
    }
    int covered = report.runs().stream().mapToInt(MigrationRun::pageCount).sum();
    if (covered != migration.pageCount()) {
      giveUp(
          migration,
          Errno.EINVAL,
          "a report of %d pages for %d".formatted(covered, migration.pageCount()),
          nowNanos);
      return;
    }
    int[] local = new int[migration.pageCount()];
    MigrationRun.Outcome[] outcomes = new MigrationRun.Outcome[migration.pageCount()];
    int at = 0;
    for (MigrationRun.Report run : report.runs()) {
      for (int i = 0; i < run.pageCount(); i++) {
        local[at] = run.firstLocalPage() + i;
        outcomes[at++] = run.outcome();
      }
    }
    commit(migration, local, outcomes, nowNanos);
  }

  private void commit(
      Migration migration, int[] local, MigrationRun.Outcome[] outcomes, long nowNanos) {
    AddressSpace space = spaceOf(migration);
    DeviceResidents residents = space.memory().devices();
    SkipTally tally = tallies.getOrDefault(migration, new SkipTally());
    CommitRuns runs = new CommitRuns();
    int moved = 0;
    for (int i = 0; i < migration.pageCount(); i++) {
      boolean done =
          migration.includes(i)
              && !(space.memory().killed() && migration.direction() != Direction.TO_HOST)
              && outcomes[i] == MigrationRun.Outcome.DONE
              && MigrationTargets.placeable(migration, local[i]);
      if (done) {
        moved++;
        runs.add(settle(residents, migration, i, local[i]));
        continue;
      }
      runs.add(CommitRuns.NOT_ACCEPTED);
      if (migration.includes(i)) {
        residents.stayed(migration, i);
        tally.add(
            outcomes[i] == MigrationRun.Outcome.NO_MEMORY
                ? SkippedPages.Reason.NO_MEMORY
                : SkippedPages.Reason.FAILED);
      }
    }
    residents.ended(migration);
    space.memory().large().cameWhole(migration.place().vpnStart(), moved);
    runs.toHolders(state, space, migration);
    ThrashDesk.arrived(space, migration, nowNanos);
    end(migration);
    send(
        migration.owner().sessionId(),
        new HostMessage.MigrationCommit(migration.id(), space.sequence(), runs.build()));
    messages.released(space, migration, runs);
    OperationOutcome outcome = MigrationTargets.outcome(migration, moved, tally);
    operations.complete(migration.operationId(), outcome, nowNanos);
  }

  private static long settle(DeviceResidents residents, Migration migration, int i, int local) {
    if (migration.direction() == Direction.TO_DEVICE) {
      return residents.movedToDevice(migration, i, local);
    }
    if (migration.direction() == Direction.ACROSS) {
      return residents.movedAcross(migration, i, local);
    }
    residents.cameHome(migration, i);
    return CommitRuns.ACCEPTED;
  }

  // ---- the end without a report

  /** The source of each page is the page again. */
  private void giveUp(Migration migration, Errno errno, String message, long nowNanos) {
    undo(migration);
    if (migration.direction() == Direction.ACROSS) {
      messages.undone(spaceOf(migration), migration);
    } else if (migration.direction() == Direction.TO_DEVICE
        || (migration.owner().attached() && migration.told())) {
      messages.refused(spaceOf(migration), migration);
    }
    operations.complete(
        migration.operationId(),
        new OperationOutcome.Refused(errno, message, Pages.address(migration.place().vpnStart())),
        nowNanos);
  }

  private void undo(Migration migration) {
    DeviceResidents residents = spaceOf(migration).memory().devices();
    for (int i = 0; i < migration.pageCount(); i++) {
      if (migration.includes(i)) {
        residents.stayed(migration, i);
      }
    }
    residents.ended(migration);
    end(migration);
  }

  private void end(Migration migration) {
    running.remove(migration.id());
    holds.values().remove(migration);
    tallies.remove(migration);
  }

  /** Gives up what took too long, and what belongs to agents that did not come back. */
  void expire(long nowNanos) {
    if (nextDeadlineNanos() > nowNanos) {
      return;
    }
    for (Migration migration : running()) {
      if (migration.deadlineNanos() > nowNanos || !running.containsKey(migration.id())) {
        continue;
      }
      DeviceOwner owner = migration.owner();
      if (owner.state() == DeviceOwner.State.ORPHANED) {
        state.owners.lose(owner);
        giveUp(
            migration,
            Errno.DATA_LOSS,
            "%s went with the only copy and did not come back".formatted(owner.device()),
            nowNanos);
      } else {
        giveUp(migration, Errno.ETIME, owner.device() + " did not report in time", nowNanos);
      }
    }
  }

  long nextDeadlineNanos() {
    long next = Long.MAX_VALUE;
    for (Migration migration : running.values()) {
      next = Math.min(next, migration.deadlineNanos());
    }
    return next;
  }

  // ---- sessions

  /** An agent attached; what it holds has been settled. */
  void opened(long sessionId, Hello hello, long nowNanos) {
    List<LocalPages> unknown = held.opened(sessionId, hello);
    if (!unknown.isEmpty()) {
      send(sessionId, new HostMessage.PagesReleased(unknown));
    }
    resume(nowNanos);
  }

  /** What waited for the return of an agent goes on, or is lost. */
  private void resume(long nowNanos) {
    for (Migration migration : running()) {
      if (migration.direction() != Direction.TO_HOST || migration.told()) {
        continue;
      }
      if (migration.owner().state() == DeviceOwner.State.LOST) {
        giveUp(migration, Errno.DATA_LOSS, lost(migration), nowNanos);
        continue;
      }
      if (migration.owner().attached()) {
        AddressSpace space = spaceOf(migration);
        boolean stayed = false;
        for (int i = 0; i < migration.pageCount(); i++) {
          long entry = space.memory().entry(migration.place().vpnStart() + i);
          boolean pinned = state.pinned(Pte.frame(entry));
          stayed |= migration.includes(i) && pinned;
          if (migration.includes(i)
              && (pinned || state.devicePages.owner(Pte.frame(entry)) != migration.owner())) {
            space.memory().devices().stayed(migration, i);
            migration.exclude(i);
          }
        }
        if (migration.included() == 0 && stayed) {
          space.memory().devices().ended(migration);
          end(migration);
          operations.complete(migration.operationId(), NOTHING_MOVED, nowNanos);
        } else if (migration.included() == 0) {
          giveUp(migration, Errno.DATA_LOSS, lost(migration), nowNanos);
        } else {
          migration.deadlineNanos(nowNanos + state.config.migration().boundNanos());
          messages.out(space, migration);
        }
      }
    }
  }

  private static String lost(Migration migration) {
    return migration.owner().device() + " lost the only copy of the page";
  }

  /** The session has gone: what was on its way is where it came from. */
  void ended(ShardSession session, FenceResolution cause, long nowNanos) {
    List<Migration> cut = new ArrayList<>();
    for (Migration migration : running.values()) {
      if (migration.concerns(session.sessionId())) {
        cut.add(migration);
      }
    }
    state.owners.ended(session.sessionId(), cause == FenceResolution.LEFT, nowNanos);
    for (Migration migration : cut) {
      undo(migration);
      if (migration.direction() == Direction.ACROSS) {
        messages.undone(spaceOf(migration), migration); // whoever is still there
      }
      boolean home = migration.direction() != Direction.TO_DEVICE;
      operations.complete(
          migration.operationId(),
          home
              ? NOTHING_MOVED
              : new OperationOutcome.Refused(
                  Errno.UNAVAILABLE,
                  "the session of " + migration.owner().device() + " has ended",
                  null),
          nowNanos);
    }
  }

  /** Tells devices what they may free. */
  void sendReleases() {
    state.devicePages.takeReleased(
        (owner, pages) -> {
          if (owner.attached()) {
            send(owner.sessionId(), new HostMessage.PagesReleased(pages));
          }
        });
  }

  // ---- byte movements

  /** The migration whose bytes the session may move; null if there is none. */
  @Nullable Migration of(long migrationId, long sessionId) {
    Migration migration = running.get(migrationId);
    return migration != null && migration.owner().sessionId() == sessionId ? migration : null;
  }

  private AddressSpace spaceOf(Migration migration) {
    AddressSpace space = state.space(migration.place().spaceId());
    if (space == null) {
      throw new IllegalStateException("a space went during migration " + migration.id());
    }
    return space;
  }

  private void send(long sessionId, HostMessage message) {
    state.emit(new ShardEffect.Send(sessionId, message));
  }
}
