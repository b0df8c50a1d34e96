package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.adapter.rest.model.ProgramBody;
import dev.fenceline.coordinator.engine.command.ProgramOrder.Task;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Programs, from their bodies. Stateless. */
final class ProgramBodies {
  private static final long MAX_WRITER = (1 << 23) - 1;
  private static final long MAX_COUNTER = (1L << 40) - 1;

  private ProgramBodies() {}

  /** What devices run; immutable. */
  private enum Kind {
    FILL("address", "length", "word"),
    COPY("source", "target", "length"),
    ADD("a", "b", "target", "length"),
    CHECKSUM("address", "length"),
    POINTER_CHASE("start", "hops"),
    RANDOM_ACCESS(
        "address",
        "length",
        "operations",
        "writePercent",
        "seed",
        "writer",
        "firstCounter",
        "strideWords"),
    ATOMIC_ADD("address", "times", "operand");

    final List<String> members;

    Kind(String... members) {
      this.members = List.of(members);
    }
  }

  static Task parse(ProgramBody body) {
    Kind kind = Members.word("kind", Members.needed("kind", body.kind()), Kind.class);
    Members.onlyThese(Views.word(kind), members(body), kind.members);
    return switch (kind) {
      case FILL ->
          new Task.Fill(
              Members.address("address", body.address()),
              Members.length("length", body.length()),
              Members.word("word", body.word()));
      case COPY ->
          new Task.Copy(
              Members.address("source", body.source()),
              Members.address("target", body.target()),
              Members.length("length", body.length()));
      case ADD ->
          new Task.Add(
              Members.address("a", body.a()),
              Members.address("b", body.b()),
              Members.address("target", body.target()),
              Members.length("length", body.length()));
      case CHECKSUM ->
          new Task.Checksum(
              Members.address("address", body.address()), Members.length("length", body.length()));
      case POINTER_CHASE ->
          new Task.PointerChase(Members.address("start", body.start()), count("hops", body.hops()));
      case RANDOM_ACCESS -> random(body);
      case ATOMIC_ADD ->
          new Task.AtomicAdd(
              Members.address("address", body.address()),
              count("times", body.times()),
              Members.word("operand", body.operand()));
    };
  }

  private static Task random(ProgramBody body) {
    return new Task.RandomAccess(
        Members.address("address", body.address()),
        Members.length("length", body.length()),
        count("operations", body.operations()),
        (int) Members.number("writePercent", body.writePercent(), 0, 100),
        body.seed() == null ? 0 : Members.word("seed", body.seed()),
        (int) Members.numberOr("writer", body.writer(), 1, MAX_WRITER, 1),
        Members.numberOr("firstCounter", body.firstCounter(), 0, MAX_COUNTER, 0),
        (int) Members.numberOr("strideWords", body.strideWords(), 1, Integer.MAX_VALUE, 1));
  }

  private static int count(String name, @Nullable Long value) {
    return (int) Members.number(name, value, 1, Integer.MAX_VALUE);
  }

  private static Map<String, @Nullable Object> members(ProgramBody body) {
    Map<String, @Nullable Object> members = new LinkedHashMap<>();
    members.put("address", body.address());
    members.put("length", body.length());
    members.put("word", body.word());
    members.put("source", body.source());
    members.put("target", body.target());
    members.put("a", body.a());
    members.put("b", body.b());
    members.put("start", body.start());
    members.put("hops", body.hops());
    members.put("operations", body.operations());
    members.put("writePercent", body.writePercent());
    members.put("seed", body.seed());
    members.put("writer", body.writer());
    members.put("firstCounter", body.firstCounter());
    members.put("strideWords", body.strideWords());
    members.put("times", body.times());
    members.put("operand", body.operand());
    return members;
  }
}
