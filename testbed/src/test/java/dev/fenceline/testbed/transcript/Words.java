package dev.fenceline.testbed.transcript;

import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.PageRun;
import java.util.List;
import java.util.stream.Collectors;

/** Messages in the words of a transcript; stateless. */
final class Words {
  private Words() {}

  static String of(AgentMessage message) {
    return switch (message) {
      case AgentMessage.Hello hello -> "Hello, " + hello.devices().size() + " device";
      case AgentMessage.Heartbeat heartbeat -> "Heartbeat " + heartbeat.number();
      case AgentMessage.AddMirror add -> "AddMirror " + pages(add.start(), add.end());
      case AgentMessage.RemoveMirror remove -> "RemoveMirror " + remove.mirrorId();
      case AgentMessage.FaultRequest fault ->
          "Fault %s %s"
              .formatted(
                  pages(fault.address(), fault.address() + fault.pageCount() * 4096L),
                  fault.access());
      case AgentMessage.InvalidationAck ack -> "Ack " + ids(ack.invalidationIds());
      case AgentMessage.Leave leave -> "Leave";
      case AgentMessage.MigrationReport report ->
          "MigrationReport %d: %s"
              .formatted(report.migrationId(), MigrationWords.of(report.runs()));
      case AgentMessage.MigrateRequest request ->
          "MigrateRequest "
              + pages(request.address(), request.address() + request.pageCount() * 4096L);
      case AgentMessage.EvictRequest evict ->
          "EvictRequest, %d pages of %s".formatted(evict.pageCount(), evict.candidates());
      case AgentMessage.CloseDevice close -> "CloseDevice " + close.deviceIndex();
    };
  }

  static String of(HostMessage message) {
    return switch (message) {
      case HostMessage.Welcome welcome -> "Welcome, session " + welcome.sessionId();
      case HostMessage.Refusal refusal -> "Refusal: " + refusal.reason();
      case HostMessage.HeartbeatAck ack -> "HeartbeatAck " + ack.number();
      case HostMessage.MirrorAdded added -> "MirrorAdded, sequence " + added.sequence();
      case HostMessage.MirrorRefused refused -> "MirrorRefused: " + refused.errno();
      case HostMessage.MirrorRemoved removed -> "MirrorRemoved";
      case HostMessage.FaultReply reply ->
          reply.errno() != null
              ? "FaultReply " + reply.errno()
              : "FaultReply at sequence %d: %s".formatted(reply.sequence(), runs(reply.runs()));
      case HostMessage.Invalidate invalidate ->
          "Invalidate %s %s %s, sequence %d"
              .formatted(
                  ids(invalidate.invalidationIds()),
                  invalidate.kind(),
                  pages(invalidate.start(), invalidate.end()),
                  invalidate.sequence());
      case HostMessage.SpaceReleased released -> "SpaceReleased";
      case HostMessage.Goodbye goodbye -> "Goodbye: " + goodbye.reason();
      case HostMessage.MigrateIn in ->
          "MigrateIn %d from 0x%x: %s"
              .formatted(in.migrationId(), in.start(), MigrationWords.of(in.runs()));
      case HostMessage.MigrateOut out ->
          "MigrateOut %d from 0x%x, sequence %d: %s"
              .formatted(
                  out.migrationId(), out.start(), out.sequence(), MigrationWords.of(out.runs()));
      case HostMessage.MigrationCommit commit ->
          "MigrationCommit %d, sequence %d: %s"
              .formatted(commit.migrationId(), commit.sequence(), MigrationWords.of(commit.runs()));
      case HostMessage.PagesReleased released -> "PagesReleased " + released.pages();
      case HostMessage.MigrateReply reply ->
          reply.errno() != null
              ? "MigrateReply " + reply.errno()
              : "MigrateReply, " + reply.movedPages() + " moved";
      case HostMessage.EvictReply reply -> "EvictReply, " + reply.pageCount() + " left";
      case HostMessage.DeviceClosed closed ->
          "DeviceClosed, " + closed.remainingPages() + " remain";
    };
  }

  static String runs(List<PageRun> runs) {
    return runs.stream()
        .map(
            run ->
                "%d x %s generation %d%s"
                    .formatted(
                        run.pageCount(),
                        run.state(),
                        run.generation(),
                        run.writable() ? " writable" : ""))
        .collect(Collectors.joining(", "));
  }

  static String pages(long start, long end) {
    return "pages %d..%d".formatted((start - Stage.BASE) / 4096, (end - Stage.BASE) / 4096 - 1);
  }

  private static String ids(List<Long> ids) {
    return ids.stream().map(id -> "#" + id).collect(Collectors.joining(" "));
  }
}
