package dev.fenceline.agent.engine;

import dev.fenceline.agent.engine.memory.DeviceMemories;
import dev.fenceline.agent.engine.memory.PageCopy;
import dev.fenceline.agent.engine.memory.PagePool;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.LocalPages;
import dev.fenceline.model.MigrationRun;
import dev.fenceline.model.MigrationRun.Outcome;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Peer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Carries out the migrations of one link: fetches pages into a device's memory and pushes them
 * home. Confined to its engine.
 *
 * <p>A local page is the only copy from the report that fetched it until the commit that takes it
 * home or a release (INV-8). Thus:
 *
 * <pre>
 *   in    allocate, fetch          nothing is held; a session that ends here frees the pages, once
 *                                  the copies into them are over
 *         report                   held: the host may count on them from here on
 *         commit                   refused: freed; accepted: mapped
 *   out   drop entries, drain      no access of the device is under way any more (INV-7)
 *         push, report             still held: the host may not have heard
 *         commit                   accepted: freed; refused: it stays, and a fault maps it again
 * </pre>
 */
final class MigrationDesk {
  /** Copies that are under way at a time, of {@link PageCopy#MAX_PAGES} pages each. */
  static final int MAX_COPIES = 32;

  private static final int NONE = PagePool.NONE;

  private record Copying(Migration migration, int first, int pageCount) {}

  private final int devices;
  private final DeviceMemories memories;
  private final HeldPages held;
  private final FaultCommit commit;
  private final MirrorBook mirrors;
  private final DrainBook drains;
  private final Outbox outbox;
  private final LinkCounters counters;
  private final List<AgentEffect> effects;

  /** Of this session, by id. */
  private final TreeMap<Long, Migration> migrations = new TreeMap<>();

  private final TreeMap<Long, Copying> copying = new TreeMap<>();
  private final ArrayDeque<PageCopy> waiting = new ArrayDeque<>();
  private long lastCopyId;

  MigrationDesk(LinkParts parts, DeviceMemories memories, HeldPages held, FaultCommit commit) {
    this.devices = parts.settings().devices().size();
    this.memories = memories;
    this.held = held;
    this.commit = commit;
    this.mirrors = parts.mirrors();
    this.drains = parts.drains();
    this.outbox = parts.outbox();
    this.counters = parts.counters();
    this.effects = parts.effects();
  }

  // ---- to the device

  /** False if it is malformed: then every page of it is reported failed. */
  boolean migrateIn(HostMessage.MigrateIn in) {
    int pages = in.runs().stream().mapToInt(MigrationRun.In::pageCount).sum();
    DeviceSpace view = new DeviceSpace(in.spaceId(), in.deviceIndex());
    Migration migration =
        new Migration(in.migrationId(), true, view, in.start() / Pages.SIZE_BYTES, pages);
    migrations.put(migration.id, migration);
    counters.add(LinkCounter.MIGRATIONS_IN, 1);
    boolean known = 0 <= in.deviceIndex() && in.deviceIndex() < devices;
    int block = known && isWholeBlock(in, pages) ? memories.allocateBlock(in.deviceIndex()) : NONE;
    @Nullable Peer[] peers = new Peer[pages];
    List<Integer> zeros = new ArrayList<>();
    int index = 0;
    int missing = 0;
    for (MigrationRun.In run : in.runs()) {
      for (int i = 0; i < run.pageCount(); i++, index++) {
        migration.generations[index] = run.generation();
        peers[index] = run.peer();
        if (!known || run.source() == MigrationRun.Source.SKIPPED) {
          migration.ended(index, Outcome.FAILED);
        } else if (block != NONE) {
          migration.localPages[index] = block + index;
        } else if (!allocated(migration, index)) {
          missing++;
          continue;
        }
        if (migration.isOpen(index) && run.source() == MigrationRun.Source.ZEROS) {
          zeros.add(migration.localPages[index]);
          migration.ended(index, Outcome.DONE);
        }
      }
    }
    if (!zeros.isEmpty()) {
      effects.add(new AgentEffect.ZeroPages(in.deviceIndex(), zeros));
    }
    if (missing > 0) {
      effects.add(new AgentEffect.MakeRoom(in.deviceIndex(), missing));
    }
    copy(migration, peers);
    return known;
  }

  /** A large page; if none can be had, 512 small ones do (pitfall 28). */
  private static boolean isWholeBlock(HostMessage.MigrateIn in, int pages) {
    return in.order() == Pages.BLOCK_ORDER
        && pages == Pages.PER_BLOCK
        && in.runs().stream().noneMatch(run -> run.source() == MigrationRun.Source.SKIPPED);
  }

  /** Before anything is locked or fetched (pitfall 24): without room the page stays where it is. */
  private boolean allocated(Migration migration, int index) {
    int page = memories.allocate(migration.view.deviceIndex());
    migration.localPages[index] = page;
    if (page == PagePool.NONE) {
      counters.add(LinkCounter.MIGRATION_PAGES_WITHOUT_ROOM, 1);
      migration.ended(index, Outcome.NO_MEMORY);
      return false;
    }
    return true;
  }

  // ---- home

  /** False if it names a device that does not exist. */
  boolean migrateOut(HostMessage.MigrateOut out) {
    int pages = out.runs().stream().mapToInt(MigrationRun.Out::pageCount).sum();
    DeviceSpace view = new DeviceSpace(out.spaceId(), out.deviceIndex());
    Migration migration =
        new Migration(out.migrationId(), false, view, out.start() / Pages.SIZE_BYTES, pages);
    migration.hold = out.hold();
    migrations.put(migration.id, migration);
    counters.add(LinkCounter.MIGRATIONS_OUT, 1);
    int index = 0;
    for (MigrationRun.Out run : out.runs()) {
      for (int i = 0; i < run.pageCount(); i++, index++) {
        migration.generations[index] = run.generation();
        migration.localPages[index] = run.firstLocalPage() + i;
        if (run.skipped() || !held.holds(out.deviceIndex(), run.firstLocalPage() + i)) {
          migration.ended(index, Outcome.FAILED);
        }
      }
    }
    if (out.deviceIndex() < 0 || out.deviceIndex() >= devices) {
      report(migration);
      return false;
    }
    long end = out.start() + (long) pages * Pages.SIZE_BYTES;
    commit.invalidated(out.spaceId(), out.sequence(), out.start(), end);
    drains.drop(view, out.start(), end, new DrainBook.MoveDuty(migration.id));
    return true;
  }

  /** No access of the device reaches the pages of a migration home any more. */
  void drained(long migrationId) {
    Migration migration = migrations.get(migrationId);
    if (migration == null) {
      return;
    }
    if (!migration.hold) {
      copy(migration, new Peer[migration.pageCount()]);
      return;
    }
    for (int i = 0; i < migration.pageCount(); i++) {
      if (migration.isOpen(i)) {
        migration.ended(i, Outcome.DONE);
      }
    }
    serve(migration, true);
    report(migration);
  }

  /** Other devices may read the pages of a hold, or may no more. */
  private void serve(Migration migration, boolean begins) {
    int[] served = migration.localPages.clone();
    for (int i = 0; i < served.length; i++) {
      served[i] = migration.isDone(i) ? served[i] : PagePool.NONE;
    }
    effects.add(
        new AgentEffect.ServePages(
            migration.view.spaceId(),
            migration.view.deviceIndex(),
            migration.vpn,
            migration.generations,
            served,
            begins));
  }

  private void endServing(Migration migration) {
    if (migration.hold && migration.reported) {
      serve(migration, false);
    }
  }

  // ---- copies

  private void copy(Migration migration, @Nullable Peer[] peers) {
    List<PageCopy> copies = migration.copiesOfOpenPages(peers);
    migration.copies = copies.size();
    waiting.addAll(copies);
    beginCopies();
    if (copies.isEmpty()) {
      report(migration);
    }
  }

  private void beginCopies() {
    while (copying.size() < MAX_COPIES && !waiting.isEmpty()) {
      PageCopy copy = waiting.remove();
      Migration migration = migrations.get(copy.migrationId());
      if (migration == null) {
        continue;
      }
      lastCopyId++;
      copying.put(
          lastCopyId, new Copying(migration, (int) (copy.vpn() - migration.vpn), copy.pageCount()));
      effects.add(new AgentEffect.CopyPages(lastCopyId, copy));
    }
  }

  /** A copy is over: its bytes are where they should be, or not. */
  void copied(long copyId, boolean done) {
    Copying copy = copying.remove(copyId);
    if (copy == null) {
      return;
    }
    Migration migration = copy.migration();
    for (int i = 0; i < copy.pageCount(); i++) {
      migration.ended(copy.first() + i, done ? Outcome.DONE : Outcome.FAILED);
    }
    counters.add(
        migration.fromHost ? LinkCounter.PAGES_FETCHED : LinkCounter.PAGES_PUSHED,
        done ? copy.pageCount() : 0);
    migration.copies--;
    beginCopies();
    if (migration.copies == 0) {
      if (migration.abandoned) {
        freeAll(migration);
      } else {
        report(migration);
      }
    }
  }

  private void report(Migration migration) {
    migration.reported = true;
    int device = migration.view.deviceIndex();
    for (int i = 0; migration.fromHost && i < migration.pageCount(); i++) {
      if (migration.isDone(i)) {
        held.put(device, migration.localPages[i], migration.id);
      } else {
        free(migration, i);
      }
    }
    outbox.add(new AgentMessage.MigrationReport(migration.id, migration.report()));
  }

  // ---- the end

  /** False if it is of no migration of this session. */
  boolean committed(HostMessage.MigrationCommit end) {
    Migration migration = migrations.remove(end.migrationId());
    if (migration == null) {
      return false;
    }
    endServing(migration);
    if (!migration.reported) {
      counters.add(LinkCounter.MIGRATIONS_GIVEN_UP, 1);
      abandon(migration);
      return true;
    }
    List<PageRun> installable = new ArrayList<>();
    int index = 0;
    for (MigrationRun.Commit run : end.runs()) {
      for (int i = 0; i < run.pageCount() && index < migration.pageCount(); i++, index++) {
        boolean stays = run.accepted() == migration.fromHost;
        if (migration.isDone(index) && !stays) {
          release(migration.view.deviceIndex(), migration.localPages[index]);
        } else if (migration.isDone(index) && migration.fromHost) {
          memories.use(migration.view.deviceIndex(), migration.localPages[index]);
          install(migration, index, run, installable, end.sequence());
          continue;
        } else if (!migration.fromHost
            && held.holds(migration.view.deviceIndex(), migration.localPages[index])) {
          memories.use(migration.view.deviceIndex(), migration.localPages[index]);
        }
        flush(migration, index, installable);
      }
    }
    flush(migration, index, installable);
    return true;
  }

  private void install(
      Migration migration,
      int index,
      MigrationRun.Commit run,
      List<PageRun> installable,
      long sequence) {
    long vpn = migration.vpn + index;
    if (!mirrors.hears(migration.view, Pages.address(vpn))
        || commit.collides(migration.view.spaceId(), sequence, vpn, vpn + 1)) {
      flush(migration, index, installable); // it is held; a fault maps it (INV-5, INV-12)
      return;
    }
    installable.add(
        new PageRun(
            1,
            run.generation(),
            run.writable(),
            PageRun.State.DEVICE_LOCAL,
            migration.localPages[index],
            null,
            0));
  }

  /** Installs what lies in front of a page, if anything does. */
  private void flush(Migration migration, int index, List<PageRun> installable) {
    if (!installable.isEmpty()) {
      commit.install(
          migration.view, migration.vpn + index - installable.size(), List.copyOf(installable));
      installable.clear();
    }
  }

  /** The host does not need local pages any more; false if it never could. */
  boolean released(List<LocalPages> runs) {
    boolean all = true;
    for (LocalPages run : runs) {
      for (int i = 0; i < run.pageCount(); i++) {
        Long migration = held.migrationOf(run.deviceIndex(), run.firstLocalPage() + i);
        if (migration != null && migration == run.migrationId()) {
          release(run.deviceIndex(), run.firstLocalPage() + i);
        } else {
          all = false;
        }
      }
    }
    return all;
  }

  private void release(int deviceIndex, int localPage) {
    if (held.remove(deviceIndex, localPage)) {
      memories.free(deviceIndex, localPage);
    }
  }

  /** What was reported stays held; the rest never counted (a session that ends undoes it). */
  void sessionEnded() {
    List<Migration> ended = new ArrayList<>(migrations.values());
    migrations.clear();
    waiting.clear();
    ended.forEach(this::endServing);
    ended.forEach(this::abandon);
  }

  private void abandon(Migration migration) {
    if (migration.reported) {
      return;
    }
    migration.abandoned = true;
    waiting.removeIf(copy -> copy.migrationId() == migration.id);
    migration.copies =
        (int) copying.values().stream().filter(copy -> copy.migration() == migration).count();
    if (migration.copies == 0) {
      freeAll(migration);
    }
  }

  private void freeAll(Migration migration) {
    for (int i = 0; migration.fromHost && i < migration.pageCount(); i++) {
      free(migration, i);
    }
  }

  private void free(Migration migration, int index) {
    if (migration.localPages[index] != PagePool.NONE) {
      memories.free(migration.view.deviceIndex(), migration.localPages[index]);
      migration.localPages[index] = PagePool.NONE;
    }
  }
}
