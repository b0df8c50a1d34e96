package dev.fenceline.agent.engine;

import dev.fenceline.agent.engine.memory.LinkMemory;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.HostMessage;

/**
 * Device memory on the agent's side of one link: what is held, what moves, what has to go. Confined
 * to its engine.
 */
final class MemoryDesk {
  private final LinkMemory memory;
  private final HeldPages held = new HeldPages();
  private final MigrationDesk migrations;
  private final EvictionDesk evictions;
  private final MigrationWishes wishes;

  /** Of the host to which what is held belongs. */
  private long heldEpoch;

  MemoryDesk(LinkParts parts, LinkMemory memory, FaultCommit commit, MigrationWishes wishes) {
    this.memory = memory;
    this.wishes = wishes;
    this.migrations = new MigrationDesk(parts, memory.memories(), held, commit);
    this.evictions = new EvictionDesk(parts, memory.memories(), held);
    commit.holding(held);
  }

  /** The first word of a session: who is there, and what the host may count on. */
  AgentMessage.Hello hello(LinkSettings settings, long attempt) {
    return new AgentMessage.Hello(
        LinkSettings.PROTOCOL_VERSION,
        settings.agentId(),
        settings.bootToken(),
        attempt,
        settings.devices(),
        memory.peerTarget(),
        held.size() == 0 ? 0 : heldEpoch,
        held.all());
  }

  int heldPages() {
    return held.size();
  }

  /** Settles what is held with what the host counts on. */
  void sessionOpened(HostMessage.Welcome welcome) {
    boolean otherHost = welcome.hostEpoch() != heldEpoch;
    migrations.released(otherHost ? held.all() : welcome.discarded());
    heldEpoch = welcome.hostEpoch();
    evictions.sessionOpened();
  }

  void sessionEnded() {
    migrations.sessionEnded();
    evictions.sessionEnded();
    wishes.sessionEnded();
  }

  void refuseAll() {
    evictions.refuseAll();
  }

  void drained(DrainBook.MoveDuty duty) {
    migrations.drained(duty.migrationId());
  }

  /** What the agent's own side says. */
  void told(AgentInput.OfMemory input, boolean attached) {
    switch (input) {
      case AgentInput.PagesCopied copied -> migrations.copied(copied.copyId(), copied.done());
      case AgentInput.EvictPages evict ->
          evictions.evict(evict.deviceIndex(), evict.localPages(), attached);
      case AgentInput.CloseMemory close ->
          evictions.close(close.ticket(), close.deviceIndex(), attached);
      case AgentInput.OpenMemory open -> evictions.open(open.deviceIndex(), attached);
    }
  }

  /** What the host says; false if nobody waited for it. */
  boolean heard(HostMessage.OfMemory message, long nowNanos) {
    return switch (message) {
      case HostMessage.MigrateIn in -> migrations.migrateIn(in);
      case HostMessage.MigrateOut out -> migrations.migrateOut(out);
      case HostMessage.MigrationCommit commit -> migrations.committed(commit);
      case HostMessage.PagesReleased released -> migrations.released(released.pages());
      case HostMessage.MigrateReply reply -> wishes.answered(reply, nowNanos);
      case HostMessage.EvictReply reply -> evictions.evicted(reply.requestId());
      case HostMessage.DeviceClosed closed -> evictions.closed(closed);
    };
  }
}
