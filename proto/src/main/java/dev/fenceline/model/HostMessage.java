package dev.fenceline.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a host says on the attach stream; immutable. The wire form is {@code attach.proto}. */
public sealed interface HostMessage {
  /**
   * Accepts a Hello.
   *
   * @param discarded those of the held pages that the host does not count on: free them
   */
  record Welcome(
      String hostId,
      long hostEpoch,
      long sessionId,
      long leaseTtlNanos,
      long heartbeatIntervalNanos,
      int faultCredit,
      List<LocalPages> discarded)
      implements HostMessage {
    /** To an agent that may keep all that it held. */
    public Welcome(
        String hostId,
        long hostEpoch,
        long sessionId,
        long leaseTtlNanos,
        long heartbeatIntervalNanos,
        int faultCredit) {
      this(
          hostId,
          hostEpoch,
          sessionId,
          leaseTtlNanos,
          heartbeatIntervalNanos,
          faultCredit,
          List.of());
    }
  }

  /** Does not accept a Hello; the stream ends behind it. */
  record Refusal(RefusalReason reason, String message, long retryAfterNanos)
      implements HostMessage {}

  /** Why a Hello was refused. */
  enum RefusalReason {
    PROTOCOL_VERSION,
    /** Another process attached with this agent id and its lease is alive. */
    AGENT_ID_TAKEN,
    MALFORMED,
    TOO_MANY_AGENTS,
    QUARANTINED
  }

  /** The lease runs from the time at which the agent sent heartbeat {@code number}. */
  record HeartbeatAck(long number) implements HostMessage {}

  /** The mirror hears invalidations from {@code sequence} on. */
  record MirrorAdded(int mirrorId, long sequence) implements HostMessage {}

  record MirrorRefused(int mirrorId, Errno errno, String message) implements HostMessage {}

  /** No Invalidate for the mirror follows. */
  record MirrorRemoved(int mirrorId) implements HostMessage {}

  /**
   * Answers a fault: translations of a prefix of what was asked for, read at {@code sequence}; or a
   * refusal of its first page.
   *
   * @param pagesBefore how many pages before the first one asked for the runs begin
   */
  record FaultReply(
      long faultId,
      long sequence,
      List<PageRun> runs,
      int pagesBefore,
      @Nullable Errno errno,
      String message)
      implements HostMessage {
    /** Of nothing but what was asked for. */
    public FaultReply(
        long faultId, long sequence, List<PageRun> runs, @Nullable Errno errno, String message) {
      this(faultId, sequence, runs, 0, errno, message);
    }
  }

  /**
   * Drop the translations of [start, end), drain, acknowledge each id.
   *
   * @param deviceIndex the device that must do so, or {@link #ALL_DEVICES}
   */
  record Invalidate(
      List<Long> invalidationIds,
      long spaceId,
      long start,
      long end,
      long sequence,
      InvalidationKind kind,
      int deviceIndex)
      implements HostMessage {
    /** Every device of the agent that mirrors the interval. */
    public static final int ALL_DEVICES = -1;
  }

  /** The address space is gone and every mirror of it with it. */
  record SpaceReleased(long spaceId) implements HostMessage {}

  /** The host ends the session. */
  record Goodbye(String reason) implements HostMessage {}

  /** What concerns device memory. */
  sealed interface OfMemory extends HostMessage {}

  /**
   * Allocate, fetch, report; the runs follow each other from {@code start} on.
   *
   * @param order 9 if the pages should stay together as a large one, else 0
   */
  record MigrateIn(
      long migrationId,
      long spaceId,
      int deviceIndex,
      long start,
      List<MigrationRun.In> runs,
      int order)
      implements OfMemory {
    /** Of small pages. */
    public MigrateIn(
        long migrationId, long spaceId, int deviceIndex, long start, List<MigrationRun.In> runs) {
      this(migrationId, spaceId, deviceIndex, start, runs, 0);
    }
  }

  /**
   * Drop the translations, drain, push, report; keep the pages until the commit.
   *
   * @param hold push nothing: another device reads the pages here
   * @param sequence a fault reply read at a smaller one is not installed over these pages (INV-5)
   */
  record MigrateOut(
      long migrationId,
      long spaceId,
      int deviceIndex,
      long start,
      long sequence,
      List<MigrationRun.Out> runs,
      boolean hold)
      implements OfMemory {
    /** The pages go home. */
    public MigrateOut(
        long migrationId,
        long spaceId,
        int deviceIndex,
        long start,
        long sequence,
        List<MigrationRun.Out> runs) {
      this(migrationId, spaceId, deviceIndex, start, sequence, runs, false);
    }
  }

  /** How a migration ended; before its report: it was given up. */
  record MigrationCommit(long migrationId, long sequence, List<MigrationRun.Commit> runs)
      implements OfMemory {}

  /** Nobody needs these pages any more: free them. */
  record PagesReleased(List<LocalPages> pages) implements OfMemory {}

  /** Answers a MigrateRequest when its migrations have ended. */
  record MigrateReply(long requestId, int movedPages, @Nullable Errno errno, String message)
      implements OfMemory {}

  /** Answers an EvictRequest when its migrations have ended. */
  record EvictReply(long requestId, int pageCount) implements OfMemory {}

  /**
   * Answers CloseDevice when nothing of the device is needed any more.
   *
   * @param requestId of the CloseDevice; 0 from older hosts
   */
  record DeviceClosed(int deviceIndex, int remainingPages, long requestId) implements OfMemory {}

  /** Messages of one session as they travel together. */
  record Batch(long hostEpoch, long sessionId, List<HostMessage> messages) {}
}
