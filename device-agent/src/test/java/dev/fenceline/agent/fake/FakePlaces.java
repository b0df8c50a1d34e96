package dev.fenceline.agent.fake;

import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.MigrationRun;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Peer;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Which pages of {@link FakeHost} are on a device, and the migrations. Guarded by its lock. */
final class FakePlaces {
  private record Place(int device, int localPage, long migrationId) {}

  private record Moving(
      int device, long vpn, int pages, boolean in, CompletableFuture<Integer> moved) {}

  private final FakeMemory memory;
  private final String agentId;
  private final TreeMap<Long, Place> places = new TreeMap<>();
  private final TreeMap<Long, Moving> moving = new TreeMap<>();
  private long lastMigrationId;

  FakePlaces(FakeMemory memory, String agentId) {
    this.memory = memory;
    this.agentId = agentId;
  }

  /** The request that begins it; completes with the number of pages that came to the device. */
  HostMessage begin(int device, long vpn, int pages, CompletableFuture<Integer> moved) {
    lastMigrationId++;
    moving.put(lastMigrationId, new Moving(device, vpn, pages, true, moved));
    List<MigrationRun.In> runs = new ArrayList<>();
    memory.invalidate(Pages.address(vpn), Pages.address(vpn + pages));
    for (int i = 0; i < pages; i++) {
      runs.add(new MigrationRun.In(1, memory.generation(vpn + i), MigrationRun.Source.HOST));
    }
    return new HostMessage.MigrateIn(
        lastMigrationId, FakeHost.SPACE, device, Pages.address(vpn), runs);
  }

  /** As {@link #begin}, home. */
  HostMessage beginHome(long vpn, int pages, long sequence, CompletableFuture<Integer> moved) {
    lastMigrationId++;
    int device = places.get(vpn).device();
    moving.put(lastMigrationId, new Moving(device, vpn, pages, false, moved));
    List<MigrationRun.Out> runs = new ArrayList<>();
    for (int i = 0; i < pages; i++) {
      memory.invalidate(Pages.address(vpn + i), Pages.address(vpn + i + 1));
      runs.add(
          new MigrationRun.Out(
              1, memory.generation(vpn + i), places.get(vpn + i).localPage(), false));
    }
    return new HostMessage.MigrateOut(
        lastMigrationId, FakeHost.SPACE, device, Pages.address(vpn), sequence, runs);
  }

  /** The commit of everything that was done. */
  HostMessage reported(AgentMessage.MigrationReport report, long sequence) {
    Moving migration = moving.remove(report.migrationId());
    List<MigrationRun.Commit> runs = new ArrayList<>();
    long vpn = migration.vpn();
    int moved = 0;
    for (MigrationRun.Report run : report.runs()) {
      for (int i = 0; i < run.pageCount(); i++, vpn++) {
        boolean done = run.outcome() == MigrationRun.Outcome.DONE;
        moved += done ? 1 : 0;
        if (done && migration.in()) {
          places.put(
              vpn, new Place(migration.device(), run.firstLocalPage() + i, report.migrationId()));
        } else if (done) {
          places.remove(vpn);
        }
        memory.invalidate(Pages.address(vpn), Pages.address(vpn + 1));
        runs.add(new MigrationRun.Commit(1, done, memory.generation(vpn), true));
      }
    }
    migration.moved().complete(moved);
    return new HostMessage.MigrationCommit(report.migrationId(), sequence, runs);
  }

  /** Neither side can map a page that moves (INV-2). */
  boolean isMoving(long vpn) {
    return moving.values().stream()
        .anyMatch(each -> each.vpn() <= vpn && vpn < each.vpn() + each.pages());
  }

  /** What a fault of a device finds on a device; null if the page is here. */
  @Nullable PageRun runFor(int device, long vpn) {
    Place place = places.get(vpn);
    if (place == null) {
      return null;
    }
    boolean own = place.device() == device;
    return new PageRun(
        1,
        memory.generation(vpn),
        true,
        own ? PageRun.State.DEVICE_LOCAL : PageRun.State.PEER,
        place.localPage(),
        own ? null : new Peer(new DeviceId(agentId, place.device()), ""),
        0);
  }
}
