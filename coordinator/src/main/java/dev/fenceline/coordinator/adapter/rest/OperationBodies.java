package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.adapter.rest.model.OperationBody;
import dev.fenceline.coordinator.engine.command.SpaceOperation;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.RangeAttributes;
import dev.fenceline.model.RangeAttributes.AtomicMode;
import dev.fenceline.model.RangeAttributes.Granularity;
import dev.fenceline.model.RangeAttributes.MigrationPolicy;
import dev.fenceline.model.WaitPolicy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Changes of address spaces, from their bodies. Stateless. */
final class OperationBodies {
  private static final long MAX_DEADLINE_MILLIS = 60_000;
  private static final int MAX_BACKING_LENGTH = 128;
  private static final int MAX_ACCESSED_BY = 64;

  private OperationBodies() {}

  /** What can be done; immutable. */
  private enum Type {
    MAP("address", "protection", "placement", "shared", "backing", "offset", "hugetlb"),
    UNMAP("address"),
    PROTECT("address", "protection"),
    REMAP("address", "newLength", "newAddress", "mayMove"),
    ADVISE("address", "advice"),
    SET_ATTRIBUTES("address", "attributes"),
    INVALIDATE("address");

    final List<String> members;

    Type(String... members) {
      this.members = List.of(members);
    }
  }

  static SpaceOperation parse(OperationBody body) {
    Type type = Members.word("type", Members.needed("type", body.type()), Type.class);
    List<String> taken = new ArrayList<>(type.members);
    taken.add("length");
    if (type != Type.SET_ATTRIBUTES) {
      taken.add("wait");
    }
    Members.onlyThese(Views.word(type), members(body), taken);
    long length = Members.length("length", body.length());
    WaitPolicy waiting = waiting(body.waiting());
    if (type == Type.MAP) {
      return map(body, length, waiting);
    }
    long address = Members.address("address", body.address());
    return switch (type) {
      case MAP -> map(body, length, waiting);
      case UNMAP -> new SpaceOperation.Unmap(address, length, waiting);
      case PROTECT ->
          new SpaceOperation.Protect(
              address, length, Members.protection("protection", body.protection()), waiting);
      case REMAP -> remap(body, address, length, waiting);
      case ADVISE ->
          new SpaceOperation.Advise(
              address,
              length,
              Members.word(
                  "advice", Members.needed("advice", body.advice()), SpaceOperation.Advice.class),
              waiting);
      case SET_ATTRIBUTES ->
          new SpaceOperation.SetAttributes(address, length, attributes(body.attributes()));
      case INVALIDATE -> new SpaceOperation.Invalidate(address, length, waiting);
    };
  }

  private static SpaceOperation map(OperationBody body, long length, WaitPolicy waiting) {
    SpaceOperation.Placement placement =
        body.placement() == null
            ? SpaceOperation.Placement.ANYWHERE
            : Members.word("placement", body.placement(), SpaceOperation.Placement.class);
    long address =
        placement == SpaceOperation.Placement.ANYWHERE && body.address() == null
            ? 0
            : Members.address("address", body.address());
    return new SpaceOperation.Map(
        address,
        length,
        Members.protection("protection", body.protection()),
        placement,
        Boolean.TRUE.equals(body.shared()),
        Members.text("backing", body.backing(), MAX_BACKING_LENGTH),
        body.offset() == null ? 0 : Members.word("offset", body.offset()),
        Boolean.TRUE.equals(body.hugetlb()),
        waiting);
  }

  private static SpaceOperation remap(
      OperationBody body, long address, long length, WaitPolicy waiting) {
    boolean mayMove = Boolean.TRUE.equals(body.mayMove());
    if (body.newAddress() != null && !mayMove) {
      throw ProblemException.invalidParameter("mayMove", "false", "true if newAddress is given");
    }
    return new SpaceOperation.Remap(
        address,
        length,
        Members.length("newLength", body.newLength()),
        mayMove,
        body.newAddress() == null ? null : Members.address("newAddress", body.newAddress()),
        waiting);
  }

  private static RangeAttributes attributes(OperationBody.@Nullable Attributes given) {
    if (given == null) {
      return RangeAttributes.NONE;
    }
    List<@Nullable String> accessedBy = given.accessedBy() == null ? List.of() : given.accessedBy();
    if (accessedBy.size() > MAX_ACCESSED_BY) {
      throw ProblemException.invalidParameter(
          "attributes.accessedBy",
          accessedBy.size() + " devices",
          "at most " + MAX_ACCESSED_BY + " devices");
    }
    return new RangeAttributes(
        Parameters.device("attributes.preferred", given.preferred()),
        accessedBy.stream().map(OperationBodies::accessor).toList(),
        Boolean.TRUE.equals(given.readDuplication()),
        wordOr("attributes.granularity", given.granularity(), Granularity.UNSPECIFIED),
        wordOr("attributes.migrationPolicy", given.migrationPolicy(), MigrationPolicy.ALLOWED),
        wordOr("attributes.atomicMode", given.atomicMode(), AtomicMode.UNSPECIFIED));
  }

  private static DeviceId accessor(@Nullable String text) {
    DeviceId device = Parameters.device("attributes.accessedBy", text);
    return Members.needed("attributes.accessedBy", device);
  }

  private static <E extends Enum<E>> E wordOr(String name, @Nullable String value, E byDefault) {
    return value == null ? byDefault : Members.word(name, value, byDefault.getDeclaringClass());
  }

  private static WaitPolicy waiting(OperationBody.@Nullable Wait wait) {
    if (wait == null) {
      return WaitPolicy.BLOCK;
    }
    String mode = Members.needed("wait.mode", wait.mode());
    if (!mode.equals("deadline") && wait.deadlineMillis() != null) {
      throw ProblemException.invalidParameter(
          "wait.deadlineMillis",
          String.valueOf(wait.deadlineMillis()),
          "left out unless mode is deadline");
    }
    return switch (mode) {
      case "block" -> WaitPolicy.BLOCK;
      case "try" -> WaitPolicy.TRY;
      case "deadline" ->
          new WaitPolicy.Deadline(
              1_000_000
                  * Members.number(
                      "wait.deadlineMillis", wait.deadlineMillis(), 1, MAX_DEADLINE_MILLIS));
      default ->
          throw ProblemException.invalidParameter("wait.mode", mode, "one of block, try, deadline");
    };
  }

  private static Map<String, @Nullable Object> members(OperationBody body) {
    Map<String, @Nullable Object> members = new LinkedHashMap<>();
    members.put("address", body.address());
    members.put("protection", body.protection());
    members.put("placement", body.placement());
    members.put("shared", body.shared());
    members.put("backing", body.backing());
    members.put("offset", body.offset());
    members.put("hugetlb", body.hugetlb());
    members.put("newLength", body.newLength());
    members.put("newAddress", body.newAddress());
    members.put("mayMove", body.mayMove());
    members.put("advice", body.advice());
    members.put("attributes", body.attributes());
    members.put("wait", body.waiting());
    return members;
  }
}
