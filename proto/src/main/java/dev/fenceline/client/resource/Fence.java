package dev.fenceline.client.resource;

import java.time.Instant;
import java.util.List;

/**
 * An invalidation and the fences that it waits, or waited, for; immutable.
 *
 * @param id {@code hostId.invalidationId}
 * @param waitMicros so far, while pending
 */
public record Fence(
    String id,
    String hostId,
    String invalidationId,
    String addressSpaceId,
    String start,
    String end,
    String kind,
    String notificationMode,
    String state,
    boolean pending,
    long sequence,
    Instant startedAt,
    double scheduleMicros,
    double unmapMicros,
    double waitMicros,
    List<Participant> participants) {

  /**
   * One participant's fence; immutable.
   *
   * @param device {@code agentId/index}; {@code cpu/0} for the host's own TLBs
   * @param resolution {@code pending}, {@code acked}, {@code not-held}, {@code reattached}, {@code
   *     lease-expired} or {@code left}
   * @param elapsedMicros from schedule to resolution; so far, while pending
   * @param latenessMicros behind the first participant that resolved; so far, while pending
   * @param diagnosis the host's words on a pending fence, or empty
   */
  public record Participant(
      String device,
      String deviceName,
      String resolution,
      double elapsedMicros,
      double latenessMicros,
      String diagnosis) {}

  /**
   * A fence with who is late and what happens next; immutable.
   *
   * @param summary one sentence for a person
   * @param late who holds it up; empty when it is over
   */
  public record Detail(Fence fence, String summary, List<Late> late) {}

  /**
   * Who is late; immutable.
   *
   * @param next what happens next, at the latest
   */
  public record Late(String device, String deviceName, Instant since, String why, String next) {}
}
