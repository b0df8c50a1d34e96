package dev.fenceline.client.resource;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A host as of its last report; immutable.
 *
 * @param quarantinedAgents agents that it has in quarantine
 */
public record Host(
    String id,
    Registration node,
    String hostEpoch,
    int spaceCount,
    int sessionCount,
    long totalFrames,
    long freeFrames,
    List<String> quarantinedAgents) {

  /**
   * A host with what it says now; immutable.
   *
   * @param status null if the host does not answer
   * @param sessions empty if the host does not answer
   * @param unavailable null if the host answers
   */
  public record Detail(
      Host host,
      @Nullable Account status,
      List<Session> sessions,
      @Nullable Unavailable unavailable) {}

  /** A host's own account; immutable. */
  public record Account(
      long totalFrames,
      long freeFrames,
      long spaceCount,
      long sessionCount,
      long pendingInvalidationCount,
      double leaseTtlMillis,
      double leaseExpiryMillis,
      long lateMessageCount,
      Memory memory) {}

  /**
   * Where the page frames are, and what reclaim did since the host's start, in pages; immutable.
   *
   * @param swapSlots 0: it has no swap file
   * @param reclaimBackOffCount reclaims that passed over devices that were slow to drain
   * @param wakeUpCount how often free frames fell below the low watermark
   * @param keptFrames of the pinned ones, those that no page maps any more
   */
  public record Memory(
      long activeFrames,
      long inactiveFrames,
      long unevictableFrames,
      long swapSlots,
      long swapSlotsUsed,
      long swappedOutCount,
      long swappedInCount,
      long reclaimBackOffCount,
      long wakeUpCount,
      long pinCount,
      long pinnedFrames,
      long keptFrames) {}

  /**
   * An agent's session with the host; immutable.
   *
   * @param leaseLeftMillis until the host declares the agent dead unless the lease is renewed
   * @param overdue the oldest pending fence is overdue: the lease is not renewed
   */
  public record Session(
      String agentId,
      String sessionId,
      String bootToken,
      String state,
      double leaseLeftMillis,
      long pendingFenceCount,
      boolean overdue,
      List<String> deviceNames) {}
}
