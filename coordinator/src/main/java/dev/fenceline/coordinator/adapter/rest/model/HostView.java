package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A host as of its last report; immutable. */
@Schema(description = "A host, as of its last report")
public record HostView(
    @Schema(example = "host-1") String id,
    NodeInfo node,
    @Schema(description = "Random per start of the host") String hostEpoch,
    @Schema(description = "Address spaces", example = "3") int spaceCount,
    @Schema(description = "Agents that are attached", example = "2") int sessionCount,
    @Schema(description = "Page frames of 4 KiB", example = "65536") long totalFrames,
    @Schema(description = "Page frames that are free", example = "40960") long freeFrames,
    @Schema(description = "Agents that it has in quarantine") List<String> quarantinedAgents) {

  /** A host with what it says now; immutable. */
  @Schema(name = "HostDetail", description = "A host, with what it says itself at the moment")
  public record Detail(
      HostView host,
      @Schema(description = "Null if the host does not answer", nullable = true)
          @Nullable Status status,
      @Schema(description = "Sessions of agents; empty if the host does not answer")
          List<SessionView> sessions,
      @Schema(description = "Null if the host answers", nullable = true)
          @Nullable UnavailableHost unavailable) {}

  /** A host's own account; immutable. */
  @Schema(name = "HostStatus")
  public record Status(
      @Schema(description = "Page frames of 4 KiB", example = "65536") long totalFrames,
      @Schema(description = "Page frames that are free", example = "40960") long freeFrames,
      @Schema(description = "Address spaces", example = "3") long spaceCount,
      @Schema(description = "Agents that are attached", example = "2") long sessionCount,
      @Schema(description = "Invalidations that have not ended", example = "1")
          long pendingInvalidationCount,
      @Schema(
              description = "How long a lease lasts unless it is renewed; in milliseconds",
              example = "2000.0")
          double leaseTtlMillis,
      @Schema(
              description =
                  "After this time without renewal a session is declared dead; in milliseconds",
              example = "2302.0")
          double leaseExpiryMillis,
      @Schema(
              description = "Messages of a stale epoch or session, which changed nothing",
              example = "0")
          long lateMessageCount,
      MemoryView memory) {}

  /** Where a host's page frames are; immutable. */
  @Schema(
      name = "HostMemory",
      description = "Where the host's page frames are, and what reclaim did since its start")
  public record MemoryView(
      @Schema(description = "Frames that were used lately", example = "120") long activeFrames,
      @Schema(description = "Frames that go first when memory is short", example = "80")
          long inactiveFrames,
      @Schema(description = "Frames that pins hold in place", example = "0") long unevictableFrames,
      @Schema(description = "Pages that the swap file holds; 0: there is none", example = "16384")
          long swapSlots,
      @Schema(description = "Of these, in use", example = "57") long swapSlotsUsed,
      @Schema(description = "Pages written to swap since the start", example = "128")
          long swappedOutCount,
      @Schema(description = "Pages read from swap since the start", example = "96")
          long swappedInCount,
      @Schema(
              description = "Reclaims that passed over devices that were slow to drain",
              example = "2")
          long reclaimBackOffCount,
      @Schema(description = "How often free frames fell below the low watermark", example = "4")
          long wakeUpCount,
      @Schema(description = "Pins that have not ended", example = "1") long pinCount,
      @Schema(description = "Frames that they hold", example = "16") long pinnedFrames,
      @Schema(description = "Of these, frames that no page maps any more", example = "0")
          long keptFrames) {}

  /** An agent's session with the host; immutable. */
  @Schema(name = "HostSession")
  public record SessionView(
      String agentId,
      String sessionId,
      String bootToken,
      @Schema(allowableValues = {"attached", "detached"}) String state,
      @Schema(
              description = "Milliseconds until the lease ends unless it is renewed",
              example = "1700.0")
          double leaseLeftMillis,
      @Schema(description = "Fences that it owes", example = "0") long pendingFenceCount,
      @Schema(description = "The oldest pending fence is overdue: the lease is not renewed")
          boolean overdue,
      List<String> deviceNames) {}
}
