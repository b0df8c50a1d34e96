package dev.fenceline.client.resource;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A range and what is wished of it, half-open; immutable.
 *
 * @param preferred a device, {@code cpu/0} for the host, or null: no wish
 * @param granularity {@code unspecified}, {@code page-4k}, {@code page-64k} or {@code page-2m}
 * @param migrationPolicy {@code allowed}, {@code from-host-only} or {@code forbidden}
 * @param atomicMode {@code unspecified}, {@code device}, {@code global} or {@code cpu}
 */
public record Attributes(
    String start,
    String end,
    @Nullable String preferred,
    List<String> accessedBy,
    boolean readDuplication,
    String granularity,
    String migrationPolicy,
    String atomicMode) {

  /** The members of a request that sets them. */
  public Map<String, Object> members() {
    Map<String, Object> members = new LinkedHashMap<>();
    if (preferred != null) {
      members.put("preferred", preferred);
    }
    members.put("accessedBy", accessedBy);
    members.put("readDuplication", readDuplication);
    members.put("granularity", granularity);
    members.put("migrationPolicy", migrationPolicy);
    members.put("atomicMode", atomicMode);
    return members;
  }
}
