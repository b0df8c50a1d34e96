package dev.fenceline.host.engine.attribute;

import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Pages;
import dev.fenceline.model.RangeAttributes;
import dev.fenceline.model.RangeAttributes.AtomicMode;
import dev.fenceline.model.RangeAttributes.MigrationPolicy;

/**
 * What attributes say of pages that a device touches, in the order of UVM's choice of a residency
 * (linux.md 6.3); immutable. What a caller moves by itself, it moves whatever they say.
 */
public final class PlacementRules {
  /** Pages of a 64 KiB block. */
  public static final int PAGES_64K = 16;

  private PlacementRules() {}

  /** Whether, and why, a page that a device touched is to be in its memory. */
  public enum Verdict {
    /** Nothing was said: as the agent's policy has it. */
    AS_ASKED,
    /** It should be there: the host moves it by itself. */
    BELONGS_THERE,
    /** It should be elsewhere, where the device reaches it. */
    STAYS
  }

  /** Of a page at the host that a device touches, or asks for. */
  public static Verdict of(RangeAttributes attributes, DeviceId device) {
    if (attributes.migrationPolicy() == MigrationPolicy.FORBIDDEN) {
      return Verdict.STAYS;
    }
    if (attributes.readDuplication()) {
      return Verdict
          .STAYS; // whoever reads it has a translation of its own; one copy moves for none
    }
    if (attributes.preferred() != null) {
      return attributes.preferred().equals(device) ? Verdict.BELONGS_THERE : Verdict.STAYS;
    }
    if (attributes.atomicMode() == AtomicMode.CPU || attributes.accessedBy().contains(device)) {
      return Verdict.STAYS;
    }
    return Verdict.AS_ASKED;
  }

  /** Whether a device may have a page for itself alone, for its atomics. */
  public static boolean exclusiveAllowed(RangeAttributes attributes) {
    return attributes.atomicMode() != AtomicMode.CPU;
  }

  /** Pages that move together; 0 if nothing was said. */
  public static int blockPages(RangeAttributes attributes) {
    return switch (attributes.granularity()) {
      case UNSPECIFIED -> 0;
      case PAGE_4K -> 1;
      case PAGE_64K -> PAGES_64K;
      case PAGE_2M -> Pages.PER_BLOCK;
    };
  }
}
