package dev.fenceline.testbed.sim;

import dev.fenceline.agent.engine.AgentEffect;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.MigrationRun;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The breakages of an agent that maps what a migration brought although nobody tells it any more of
 * what happens there, and of one that holds pages for another device before they have drained.
 * Confined to the event loop.
 */
final class UncheckedMigrations {
  private final SimWorld world;
  private final SimAgent agent;
  private final Map<Long, HostMessage.MigrateIn> arriving = new TreeMap<>();
  private final Map<Long, List<MigrationRun.Report>> reported = new TreeMap<>();

  /** Where pages are being held for another device. */
  private final Set<Long> held = new TreeSet<>();

  UncheckedMigrations(SimWorld world, SimAgent agent) {
    this.world = world;
    this.agent = agent;
  }

  /** A batch is about to reach the engine. */
  void hearing(HostMessage.Batch batch) {
    held.clear();
    for (HostMessage message : batch.messages()) {
      if (message instanceof HostMessage.MigrateOut out && out.hold()) {
        held.add(out.start());
      }
    }
  }

  /** Whether nobody waits for the accesses to pages that another device is to fetch. */
  boolean isHeldEarly(AgentEffect.DropEntries drop) {
    return world.broken(Breakage.HELD_BEFORE_DRAIN) && held.contains(drop.start());
  }

  void said(AgentMessage.Batch batch) {
    for (AgentMessage message : batch.messages()) {
      if (message instanceof AgentMessage.MigrationReport report) {
        reported.put(report.migrationId(), report.runs());
      }
    }
  }

  void heard(HostMessage.Batch batch) {
    for (HostMessage message : batch.messages()) {
      if (message instanceof HostMessage.MigrateIn in) {
        arriving.put(in.migrationId(), in);
      } else if (message instanceof HostMessage.MigrationCommit commit) {
        HostMessage.MigrateIn in = arriving.remove(commit.migrationId());
        List<MigrationRun.Report> report = reported.remove(commit.migrationId());
        if (in != null && report != null && batch.sessionId() == agent.sessionId()) {
          map(in, report, commit);
        }
      }
    }
  }

  private void map(
      HostMessage.MigrateIn in,
      List<MigrationRun.Report> report,
      HostMessage.MigrationCommit commit) {
    List<Integer> localPages = new ArrayList<>();
    for (MigrationRun.Report run : report) {
      for (int i = 0; i < run.pageCount(); i++) {
        localPages.add(run.firstLocalPage() + i);
      }
    }
    long vpn = Pages.number(in.start());
    int at = 0;
    for (MigrationRun.Commit run : commit.runs()) {
      for (int i = 0; i < run.pageCount() && at < localPages.size(); i++, at++) {
        if (run.accepted()) {
          PageRun page =
              new PageRun(
                  1,
                  run.generation(),
                  run.writable(),
                  PageRun.State.DEVICE_LOCAL,
                  localPages.get(at),
                  null,
                  0);
          agent
              .devices()
              .get(in.deviceIndex())
              .install(
                  new SimSpace(agent.hostEpoch(), in.spaceId()),
                  agent.sessionId(),
                  vpn + at,
                  List.of(page));
        }
      }
    }
  }
}
