package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An invalidation and the fences that it waits, or waited, for; immutable. */
@Schema(description = "An invalidation and its fences, pending or from the host's bounded history")
public record FenceView(
    @Schema(description = "hostId.invalidationId", example = "host-1.42") String id,
    String hostId,
    @Schema(description = "Decimal", example = "42") String invalidationId,
    @Schema(example = "host-1.1") String addressSpaceId,
    String start,
    String end,
    @Schema(allowableValues = {"unmap", "clear", "protection", "release", "migrate", "exclusive"})
        String kind,
    @Schema(allowableValues = {"split", "sequential"}) String notificationMode,
    @Schema(allowableValues = {"queued", "scheduled", "waiting", "completed", "backed-off"})
        String state,
    boolean pending,
    @Schema(description = "Of the address space; grows with each invalidation", example = "42")
        long sequence,
    Instant startedAt,
    @Schema(description = "Phase A: telling the devices; in microseconds", example = "35.0")
        double scheduleMicros,
    @Schema(description = "Phase B: unmapping meanwhile; in microseconds", example = "12.0")
        double unmapMicros,
    @Schema(description = "So far, while pending; in microseconds", example = "640.0")
        double waitMicros,
    List<Participant> participants) {

  /** One fence; immutable. */
  @Schema(name = "FenceParticipant", description = "One participant's fence")
  public record Participant(
      @Schema(description = "cpu/0 for the host's own TLBs", example = "agent-1/0") String device,
      String deviceName,
      @Schema(
              allowableValues = {
                "pending",
                "acked",
                "not-held",
                "reattached",
                "lease-expired",
                "left"
              })
          String resolution,
      @Schema(
              description = "From schedule to resolution; so far, while pending; in microseconds",
              example = "850.0")
          double elapsedMicros,
      @Schema(
              description =
                  "Behind the first participant that resolved; so far, while pending; in microseconds",
              example = "210.0")
          double latenessMicros,
      @Schema(description = "The host's words on a pending fence, or empty") String diagnosis) {}

  /** A fence with who is late and what happens next; immutable. */
  @Schema(name = "FenceDetail")
  public record Detail(
      FenceView fence,
      @Schema(description = "One sentence for a person") String summary,
      @Schema(description = "Who holds it up; empty when it is over") List<Late> late) {}

  /** Who is late; immutable. */
  @Schema(name = "FenceLate", description = "A participant that holds the invalidation up")
  public record Late(
      @Schema(example = "agent-1/0") String device,
      String deviceName,
      Instant since,
      @Schema(
              allowableValues = {
                "cpu-access",
                "in-flight",
                "draining",
                "overdue",
                "partitioned",
                "frozen",
                "gone"
              })
          String cause,
      String why,
      @Schema(description = "What happens next, at the latest") String next,
      @Schema(
              description =
                  "When the host gives the agent up unless its lease is renewed; null if the host"
                      + " did not say",
              nullable = true)
          @Nullable Instant leaseEndsAt) {}

  /** A list of fences; immutable. */
  @Schema(name = "FencePage", description = "Newest first, over all hosts that answered")
  public record Page(
      List<FenceView> items,
      @Schema(description = "Null when this is the last page", nullable = true)
          @Nullable String nextCursor,
      @Schema(description = "True if there is more than this page") boolean truncated,
      @Schema(description = "Hosts whose fences are missing here")
          List<UnavailableHost> unavailableHosts) {}
}
