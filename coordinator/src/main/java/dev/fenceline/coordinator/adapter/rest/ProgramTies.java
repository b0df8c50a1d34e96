package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.adapter.rest.Parameters.CompositeId;
import dev.fenceline.coordinator.adapter.rest.model.ProgramBody;
import dev.fenceline.coordinator.engine.command.ProgramOrder;
import dev.fenceline.coordinator.engine.command.ProgramOrder.SyncPoint;
import dev.fenceline.coordinator.engine.command.ProgramOrder.Ties;
import dev.fenceline.model.Pages;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a program waits for, signals and holds, from its body. Stateless. */
final class ProgramTies {
  private static final int MAX_WAITS = 16;
  private static final int MAX_HELD_BYTES = 512 * Pages.SIZE_BYTES;
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,128}");

  private ProgramTies() {}

  /**
   * @param agentId who runs the program
   */
  static Ties parse(ProgramBody body, String agentId, NodeDirectory directory) {
    List<ProgramBody.@Nullable Point> points =
        body.waitsFor() == null ? List.of() : body.waitsFor();
    if (points.size() > MAX_WAITS) {
      throw ProblemException.invalidParameter(
          "waitsFor", points.size() + " sync points", "at most " + MAX_WAITS);
    }
    return new Ties(
        points.stream().map(point -> point(point, agentId, directory)).toList(),
        body.signals() == null ? "" : name("signals", body.signals()),
        hold(body.holds()),
        Boolean.TRUE.equals(body.replayable()));
  }

  private static SyncPoint point(
      ProgramBody.@Nullable Point given, String agentId, NodeDirectory directory) {
    ProgramBody.Point point = Members.needed("waitsFor", given);
    if ((point.program() == null) == (point.name() == null)) {
      throw ProblemException.invalidParameter(
          "waitsFor", String.valueOf(point), "either program or name");
    }
    if (point.program() != null) {
      if (point.agent() != null) {
        throw ProblemException.invalidParameter(
            "waitsFor.agent", point.agent(), "left out: the id of a program names its agent");
      }
      CompositeId id = Parameters.programId("waitsFor.program", point.program());
      return of(id.hostId(), id.number(), "", agentId, directory);
    }
    String owner =
        point.agent() == null ? agentId : Parameters.nodeId("waitsFor.agent", point.agent());
    return of(owner, 0, name("waitsFor.name", point.name()), agentId, directory);
  }

  private static SyncPoint of(
      String owner, long number, String name, String agentId, NodeDirectory directory) {
    return owner.equals(agentId)
        ? new SyncPoint("", "", number, name)
        : new SyncPoint(owner, directory.askableAgent(owner).endpoint(), number, name);
  }

  private static String name(String member, @Nullable String text) {
    String name = Members.needed(member, text);
    if (!NAME.matcher(name).matches()) {
      throw ProblemException.invalidParameter(member, name, "1 to 128 of A-Za-z0-9._-");
    }
    return name;
  }

  private static ProgramOrder.@Nullable Hold hold(ProgramBody.@Nullable Hold hold) {
    if (hold == null) {
      return null;
    }
    long start = Members.address("holds.address", hold.address());
    long length = Members.number("holds.length", hold.length(), 1, MAX_HELD_BYTES);
    long end = Math.min(Pages.ADDRESS_LIMIT, start + length);
    return new ProgramOrder.Hold(start, end, Boolean.TRUE.equals(hold.write()));
  }
}
