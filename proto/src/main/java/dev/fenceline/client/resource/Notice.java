package dev.fenceline.client.resource;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What a follower of the events is told; immutable. */
public sealed interface Notice {

  /**
   * Something that happened in the installation; immutable.
   *
   * @param id where to resume; its first part changes when the coordinator starts anew
   * @param at on the clock of whoever saw it
   * @param kind such as {@code fence-overdue}
   * @param actor who did it, if a person did
   * @param message one sentence for a person
   */
  record Event(
      String id,
      Instant at,
      String kind,
      @Nullable String hostId,
      @Nullable String agentId,
      @Nullable String device,
      @Nullable String addressSpaceId,
      @Nullable String fenceId,
      @Nullable String actor,
      String message)
      implements Notice {}

  /**
   * Events that were asked for and are gone; immutable.
   *
   * @param lostFrom the first that is lost; null if the coordinator started anew meanwhile
   */
  record Gap(@Nullable String lostFrom, @Nullable String lostTo, String reason) implements Notice {}

  /**
   * The stream broke, or could not be opened, and is opened again behind the last event that
   * arrived: nothing is lost unless a {@link Gap} says so; immutable.
   */
  record Interrupted(String why) implements Notice {}
}
