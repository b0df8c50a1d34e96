package dev.fenceline.wire;

import dev.fenceline.model.DeviceId;
import dev.fenceline.model.RangeAttributes;
import dev.fenceline.model.RangeAttributes.AtomicMode;
import dev.fenceline.model.RangeAttributes.Granularity;
import dev.fenceline.model.RangeAttributes.MigrationPolicy;
import java.util.ArrayList;
import java.util.List;

/** What is wished of ranges, between the model and {@code space.proto}. Stateless. */
public final class RangeAttributesCodec {
  private RangeAttributesCodec() {}

  public static dev.fenceline.space.v1.RangeAttributes encode(RangeAttributes attributes) {
    var wire =
        dev.fenceline.space.v1.RangeAttributes.newBuilder()
            .setReadDuplication(attributes.readDuplication())
            .setGranularity(encode(attributes.granularity()))
            .setMigrationPolicy(encode(attributes.migrationPolicy()))
            .setAtomicMode(encode(attributes.atomicMode()));
    DeviceId preferred = attributes.preferred();
    if (preferred != null) {
      wire.setPreferred(CommonCodec.encode(preferred));
    }
    attributes.accessedBy().forEach(device -> wire.addAccessedBy(CommonCodec.encode(device)));
    return wire.build();
  }

  public static RangeAttributes decode(dev.fenceline.space.v1.RangeAttributes wire)
      throws MalformedMessageException {
    WireChecks.inRange(
        "number of devices in accessed_by",
        wire.getAccessedByCount(),
        0,
        RangeAttributes.MAX_ACCESSED_BY);
    List<DeviceId> accessedBy = new ArrayList<>();
    for (var device : wire.getAccessedByList()) {
      accessedBy.add(CommonCodec.decode(device));
    }
    return new RangeAttributes(
        wire.hasPreferred() ? CommonCodec.decode(wire.getPreferred()) : null,
        accessedBy,
        wire.getReadDuplication(),
        decode(wire.getGranularity()),
        decode(wire.getMigrationPolicy()),
        decode(wire.getAtomicMode()));
  }

  private static dev.fenceline.space.v1.RangeAttributes.Granularity encode(Granularity value) {
    return switch (value) {
      case UNSPECIFIED ->
          dev.fenceline.space.v1.RangeAttributes.Granularity.GRANULARITY_UNSPECIFIED;
      case PAGE_4K -> dev.fenceline.space.v1.RangeAttributes.Granularity.GRANULARITY_4K;
      case PAGE_64K -> dev.fenceline.space.v1.RangeAttributes.Granularity.GRANULARITY_64K;
      case PAGE_2M -> dev.fenceline.space.v1.RangeAttributes.Granularity.GRANULARITY_2M;
    };
  }

  private static Granularity decode(dev.fenceline.space.v1.RangeAttributes.Granularity value)
      throws MalformedMessageException {
    return switch (value) {
      case GRANULARITY_UNSPECIFIED -> Granularity.UNSPECIFIED;
      case GRANULARITY_4K -> Granularity.PAGE_4K;
      case GRANULARITY_64K -> Granularity.PAGE_64K;
      case GRANULARITY_2M -> Granularity.PAGE_2M;
      case UNRECOGNIZED ->
          throw WireChecks.malformed("granularity", "unknown", "one of Granularity");
    };
  }

  private static dev.fenceline.space.v1.RangeAttributes.MigrationPolicy encode(
      MigrationPolicy value) {
    return switch (value) {
      case ALLOWED ->
          dev.fenceline.space.v1.RangeAttributes.MigrationPolicy.MIGRATION_POLICY_UNSPECIFIED;
      case FROM_HOST_ONLY ->
          dev.fenceline.space.v1.RangeAttributes.MigrationPolicy.MIGRATION_POLICY_FROM_HOST_ONLY;
      case FORBIDDEN ->
          dev.fenceline.space.v1.RangeAttributes.MigrationPolicy.MIGRATION_POLICY_FORBIDDEN;
    };
  }

  private static MigrationPolicy decode(
      dev.fenceline.space.v1.RangeAttributes.MigrationPolicy value)
      throws MalformedMessageException {
    return switch (value) {
      case MIGRATION_POLICY_UNSPECIFIED -> MigrationPolicy.ALLOWED;
      case MIGRATION_POLICY_FROM_HOST_ONLY -> MigrationPolicy.FROM_HOST_ONLY;
      case MIGRATION_POLICY_FORBIDDEN -> MigrationPolicy.FORBIDDEN;
      case UNRECOGNIZED ->
          throw WireChecks.malformed("migration_policy", "unknown", "one of MigrationPolicy");
    };
  }

  private static dev.fenceline.space.v1.RangeAttributes.AtomicMode encode(AtomicMode value) {
    return switch (value) {
      case UNSPECIFIED -> dev.fenceline.space.v1.RangeAttributes.AtomicMode.ATOMIC_MODE_UNSPECIFIED;
      case DEVICE -> dev.fenceline.space.v1.RangeAttributes.AtomicMode.ATOMIC_MODE_DEVICE;
      case GLOBAL -> dev.fenceline.space.v1.RangeAttributes.AtomicMode.ATOMIC_MODE_GLOBAL;
      case CPU -> dev.fenceline.space.v1.RangeAttributes.AtomicMode.ATOMIC_MODE_CPU;
    };
  }

  private static AtomicMode decode(dev.fenceline.space.v1.RangeAttributes.AtomicMode value)
      throws MalformedMessageException {
    return switch (value) {
      case ATOMIC_MODE_UNSPECIFIED -> AtomicMode.UNSPECIFIED;
      case ATOMIC_MODE_DEVICE -> AtomicMode.DEVICE;
      case ATOMIC_MODE_GLOBAL -> AtomicMode.GLOBAL;
      case ATOMIC_MODE_CPU -> AtomicMode.CPU;
      case UNRECOGNIZED ->
          throw WireChecks.malformed("atomic_mode", "unknown", "one of AtomicMode");
    };
  }
}
