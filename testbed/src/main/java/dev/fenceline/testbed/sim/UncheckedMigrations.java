package dev.fenceline.testbed.sim;

import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.MigrationRun;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The breakage of an agent that maps what a migration brought although nobody tells it any more of
 * what happens there. Confined to the event loop.
 */
final class UncheckedMigrations {
  private final SimAgent agent;
  private final Map<Long, HostMessage.MigrateIn> arriving = new TreeMap<>();
  private final Map<Long, List<MigrationRun.Report>> reported = new TreeMap<>();

  UncheckedMigrations(SimAgent agent) {
    this.agent = agent;
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
