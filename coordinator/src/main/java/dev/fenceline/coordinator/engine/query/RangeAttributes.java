package dev.fenceline.coordinator.engine.query;

import dev.fenceline.model.DeviceId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is wished of a range; immutable.
 *
 * @param preferred where its pages should be; the CPU is the host; null: no wish
 * @param accessedBy devices that should reach the pages where they are
 */
public record RangeAttributes(
    @Nullable DeviceId preferred,
    List<DeviceId> accessedBy,
    boolean readDuplication,
    Granularity granularity,
    MigrationPolicy migrationPolicy,
    AtomicMode atomicMode) {
  /** No wishes. */
  public static final RangeAttributes NONE =
      new RangeAttributes(
          null,
          List.of(),
          false,
          Granularity.UNSPECIFIED,
          MigrationPolicy.ALLOWED,
          AtomicMode.UNSPECIFIED);

  /** What moves together. */
  public enum Granularity {
    UNSPECIFIED,
    PAGE_4K,
    PAGE_64K,
    PAGE_2M
  }

  /** Which pages a device's fault may move. */
  public enum MigrationPolicy {
    ALLOWED,
    FROM_HOST_ONLY,
    FORBIDDEN
  }

  /** Where atomics have to work. */
  public enum AtomicMode {
    UNSPECIFIED,
    DEVICE,
    GLOBAL,
    CPU
  }
}
