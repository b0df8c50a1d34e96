package dev.fenceline.client;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Whom a program waits for, and who for it; immutable.
 *
 * @param waitsFor ends of programs, at most 16
 * @param signals the name that is reached when it ends; null for none
 * @param holds pages that it keeps in use until it ends; null for none
 * @param replayable it may be preempted and begin again
 */
public record ProgramTies(
    List<Point> waitsFor, @Nullable String signals, @Nullable Hold holds, boolean replayable) {
  public static final ProgramTies NONE = new ProgramTies(List.of(), null, null, false);

  /** A sync point; immutable. */
  public sealed interface Point {}

  /** The end of this program, by its id: {@code agent-1.7}. */
  public record OfProgram(String id) implements Point {}

  /**
   * The end of a program that signals the name.
   *
   * @param agentId null: of the same agent
   */
  public record Named(@Nullable String agentId, String name) implements Point {}

  /** Pages, in bytes; immutable. */
  public record Hold(long address, long length, boolean writing) {}

  /** The members of a request to the coordinator. */
  public Map<String, Object> members() {
    Map<String, Object> members = new LinkedHashMap<>();
    List<Map<String, String>> points = new ArrayList<>();
    for (Point point : waitsFor) {
      points.add(
          switch (point) {
            case OfProgram program -> Map.of("program", program.id());
            case Named named ->
                named.agentId() == null
                    ? Map.of("name", named.name())
                    : Map.of("agent", named.agentId(), "name", named.name());
          });
    }
    if (!points.isEmpty()) {
      members.put("waitsFor", points);
    }
    if (signals != null) {
      members.put("signals", signals);
    }
    if (holds != null) {
      members.put(
          "holds",
          Map.of(
              "address",
              "0x" + Long.toHexString(holds.address()),
              "length",
              holds.length(),
              "write",
              holds.writing()));
    }
    if (replayable) {
      members.put("replayable", true);
    }
    return members;
  }
}
