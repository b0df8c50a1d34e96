package dev.fenceline.client.rest;

import dev.fenceline.client.DeviceProgram;
import java.util.LinkedHashMap;
import java.util.Map;

/** Programs as requests to the coordinator. Stateless. */
final class ProgramBodies {
  private ProgramBodies() {}

  static Map<String, Object> of(DeviceProgram program) {
    return switch (program) {
      case DeviceProgram.Fill fill ->
          members(
              "fill",
              "address",
              hex(fill.address()),
              "length",
              fill.length(),
              "word",
              hex(fill.word()));
      case DeviceProgram.Copy copy ->
          members(
              "copy",
              "source",
              hex(copy.source()),
              "target",
              hex(copy.target()),
              "length",
              copy.length());
      case DeviceProgram.Add add -> add(add);
      case DeviceProgram.Checksum sum ->
          members("checksum", "address", hex(sum.address()), "length", sum.length());
      case DeviceProgram.PointerChase chase ->
          members("pointer-chase", "start", hex(chase.start()), "hops", chase.hops());
      case DeviceProgram.RandomAccess random -> random(random);
      case DeviceProgram.AtomicAdd add ->
          members(
              "atomic-add",
              "address",
              hex(add.address()),
              "times",
              add.times(),
              "operand",
              hex(add.operand()));
    };
  }

  private static Map<String, Object> add(DeviceProgram.Add add) {
    Map<String, Object> members =
        members("add", "a", hex(add.a()), "b", hex(add.b()), "target", hex(add.target()));
    members.put("length", add.length());
    return members;
  }

  private static Map<String, Object> random(DeviceProgram.RandomAccess random) {
    Map<String, Object> members =
        members("random-access", "address", hex(random.address()), "length", random.length());
    members.put("operations", random.operations());
    members.put("writePercent", random.writePercent());
    members.put("seed", hex(random.seed()));
    members.put("writer", random.writer());
    return members;
  }

  private static Map<String, Object> members(String kind, Object... namesAndValues) {
    Map<String, Object> members = new LinkedHashMap<>();
    members.put("kind", kind);
    for (int i = 0; i < namesAndValues.length; i += 2) {
      members.put(namesAndValues[i].toString(), namesAndValues[i + 1]);
    }
    return members;
  }

  private static String hex(long value) {
    return Query.hex(value);
  }
}
