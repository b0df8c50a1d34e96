package dev.fenceline.host.engine.shard;

import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.LocalPages;
import dev.fenceline.model.MigrationRun;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * An agent with one device that has memory and follows the protocol of migrations: it answers what
 * it was sent when it is told to, for tests.
 */
final class FakeMemory {
  private final ShardFixture shard;
  final String agentId;
  private final long bootToken;
  private final DeviceDescription device;

  /** Which migration filled each local page that was reported and not released. */
  final TreeMap<Integer, Long> held = new TreeMap<>();

  private final TreeMap<Long, List<Integer>> leaving = new TreeMap<>();
  private final TreeMap<Long, List<Integer>> arriving = new TreeMap<>();
  private final List<HostMessage> seen = new ArrayList<>();
  long session;

  FakeMemory(ShardFixture shard, String agentId, int pages, String ownerGroup) {
    this(shard, agentId, new DeviceDescription(0, agentId, 1, pages, ownerGroup, false));
  }

  FakeMemory(ShardFixture shard, String agentId, DeviceDescription device) {
    this.shard = shard;
    this.agentId = agentId;
    this.bootToken = 1;
    this.device = device;
  }

  /** Attaches as a session, and says what it holds. */
  void attach(long newSession) {
    session = newSession;
    List<LocalPages> pages = new ArrayList<>();
    held.forEach((local, migration) -> pages.add(new LocalPages(0, migration, local, 1)));
    shard.input(new ShardInput.SessionOpened(session, agentId, List.of(device)));
    shard.input(
        new ShardInput.SessionGreeted(
            session,
            new AgentMessage.Hello(
                1,
                agentId,
                bootToken,
                newSession,
                List.of(device),
                agentId + ":1",
                held.isEmpty() ? 0 : ShardFixture.EPOCH,
                pages)));
    obey();
  }

  /** Processes commits and releases that it was sent. */
  void obey() {
    for (HostMessage message : unseen()) {
      switch (message) {
        case HostMessage.MigrationCommit commit -> committed(commit);
        case HostMessage.PagesReleased released -> {
          for (LocalPages run : released.pages()) {
            for (int i = 0; i < run.pageCount(); i++) {
              held.remove(run.firstLocalPage() + i, run.migrationId());
            }
          }
        }
        default -> {}
      }
    }
  }

  private List<HostMessage> unseen() {
    List<HostMessage> sent =
        shard.effects.stream()
            .filter(ShardEffect.Send.class::isInstance)
            .map(ShardEffect.Send.class::cast)
            .filter(send -> send.sessionId() == session)
            .map(ShardEffect.Send::message)
            .filter(message -> seen.stream().noneMatch(old -> old == message))
            .toList();
    seen.addAll(sent);
    return sent;
  }

  private void committed(HostMessage.MigrationCommit commit) {
    List<Integer> in = arriving.remove(commit.migrationId());
    List<Integer> out = leaving.remove(commit.migrationId());
    int at = 0;
    for (MigrationRun.Commit run : commit.runs()) {
      for (int i = 0; i < run.pageCount(); i++, at++) {
        if (in != null && at < in.size() && !run.accepted()) {
          held.remove(in.get(at));
        } else if (out != null && at < out.size() && run.accepted()) {
          held.remove(out.get(at));
        }
      }
    }
  }

  HostMessage.MigrateIn lastIn() {
    return mine(HostMessage.MigrateIn.class).getLast();
  }

  HostMessage.MigrateOut lastOut() {
    return mine(HostMessage.MigrateOut.class).getLast();
  }

  /** What was sent to this agent's session. */
  <T extends HostMessage> List<T> mine(Class<T> type) {
    return shard.effects.stream()
        .filter(ShardEffect.Send.class::isInstance)
        .map(ShardEffect.Send.class::cast)
        .filter(send -> send.sessionId() == session)
        .map(ShardEffect.Send::message)
        .filter(type::isInstance)
        .map(type::cast)
        .toList();
  }

  /** Reports everything that the last MigrateIn asked for as done, as far as there is room. */
  void reportIn() {
    HostMessage.MigrateIn in = lastIn();
    List<MigrationRun.Report> runs = new ArrayList<>();
    List<Integer> pages = new ArrayList<>();
    for (MigrationRun.In run : in.runs()) {
      for (int i = 0; i < run.pageCount(); i++) {
        int local = run.source() == MigrationRun.Source.SKIPPED ? -1 : allocate(in.migrationId());
        pages.add(local);
        runs.add(
            local < 0
                ? new MigrationRun.Report(1, MigrationRun.Outcome.NO_MEMORY, 0)
                : new MigrationRun.Report(1, MigrationRun.Outcome.DONE, local));
      }
    }
    arriving.put(in.migrationId(), pages);
    shard.agent(session, new AgentMessage.MigrationReport(in.migrationId(), runs));
    obey();
  }

  private int allocate(long migration) {
    for (int local = 0; local < device.memoryPages(); local++) {
      if (held.putIfAbsent(local, migration) == null) {
        return local;
      }
    }
    return -1;
  }

  /** Reports what the last MigrateOut asked for as pushed. */
  void reportOut() {
    HostMessage.MigrateOut out = lastOut();
    List<MigrationRun.Report> runs = new ArrayList<>();
    List<Integer> pages = new ArrayList<>();
    for (MigrationRun.Out run : out.runs()) {
      for (int i = 0; i < run.pageCount(); i++) {
        pages.add(run.skipped() ? -1 : run.firstLocalPage() + i);
      }
      runs.add(
          new MigrationRun.Report(
              run.pageCount(),
              run.skipped() ? MigrationRun.Outcome.FAILED : MigrationRun.Outcome.DONE,
              0));
    }
    leaving.put(out.migrationId(), pages);
    shard.agent(session, new AgentMessage.MigrationReport(out.migrationId(), runs));
    obey();
  }
}
