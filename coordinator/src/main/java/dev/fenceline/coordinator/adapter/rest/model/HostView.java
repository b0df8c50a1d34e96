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
    int spaceCount,
    int sessionCount,
    long totalFrames,
    long freeFrames,
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
      long totalFrames,
      long freeFrames,
      long spaceCount,
      long sessionCount,
      long pendingInvalidationCount,
      double leaseTtlMillis,
      @Schema(description = "After this time without renewal a session is declared dead")
          double leaseExpiryMillis,
      long lateMessageCount) {}

  /** An agent's session with the host; immutable. */
  @Schema(name = "HostSession")
  public record SessionView(
      String agentId,
      String sessionId,
      String bootToken,
      @Schema(allowableValues = {"attached", "detached"}) String state,
      double leaseLeftMillis,
      long pendingFenceCount,
      @Schema(description = "The oldest pending fence is overdue: the lease is not renewed")
          boolean overdue,
      List<String> deviceNames) {}
}
