package dev.fenceline.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Wishes for a range (UVM's policies, KFD's and Xe's attributes); immutable. They never change what
 * a program reads, only where it is.
 *
 * @param preferred where pages should be; {@link DeviceId#CPU} is the host, null no wish
 * @param accessedBy devices that should be able to reach the pages where they are; sorted
 * @param readDuplication whether readers may have copies of their own
 */
public record RangeAttributes(
    @Nullable DeviceId preferred,
    List<DeviceId> accessedBy,
    boolean readDuplication,
    Granularity granularity,
    MigrationPolicy migrationPolicy,
    AtomicMode atomicMode) {
  /** What holds where nothing was said. */
  public static final RangeAttributes NONE =
      new RangeAttributes(
          null,
          List.of(),
          false,
          Granularity.UNSPECIFIED,
          MigrationPolicy.ALLOWED,
          AtomicMode.UNSPECIFIED);

  /** Devices that may be named for one range. */
  public static final int MAX_ACCESSED_BY = 64;

  public RangeAttributes {
    accessedBy = accessedBy.stream().sorted().distinct().toList();
  }

  /** Pages that are migrated and mapped together. */
  public enum Granularity {
    UNSPECIFIED,
    PAGE_4K,
    PAGE_64K,
    PAGE_2M
  }

  /** Which pages a device's fault may move. */
  public enum MigrationPolicy {
    ALLOWED,
    /** Only those that are at the host. */
    FROM_HOST_ONLY,
    FORBIDDEN
  }

  /** Where atomics on the range have to work. */
  public enum AtomicMode {
    UNSPECIFIED,
    DEVICE,
    GLOBAL,
    CPU
  }
}
