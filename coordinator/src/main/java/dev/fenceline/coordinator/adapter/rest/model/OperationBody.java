package dev.fenceline.coordinator.adapter.rest.model;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A change of an address space; immutable. Members that its type does not take are refused. */
@Schema(
    description = "A change of an address space; members that its type does not take are refused")
public record OperationBody(
    @Schema(
            requiredMode = Schema.RequiredMode.REQUIRED,
            allowableValues = {
              "map",
              "unmap",
              "protect",
              "remap",
              "advise",
              "set-attributes",
              "invalidate"
            },
            example = "invalidate")
        @Nullable String type,
    @Schema(
            description = "Needed, but for map with placement anywhere, where it is a hint",
            example = "0x7f0000000000")
        @Nullable String address,
    @Schema(
            description = "Bytes; rounded up to pages as mmap does",
            requiredMode = Schema.RequiredMode.REQUIRED,
            minimum = "1",
            maximum = "140737488355328",
            example = "4096")
        @Nullable Long length,
    @Schema(
            description = "map, protect: as in /proc/PID/maps",
            pattern = "[r-][w-][x-]",
            example = "rw-",
            nullable = true)
        @Nullable String protection,
    @Schema(
            description = "map; default anywhere",
            allowableValues = {"anywhere", "fixed", "fixed-noreplace"},
            nullable = true)
        @Nullable String placement,
    @Schema(description = "map; default false", nullable = true) @Nullable Boolean shared,
    @Schema(
            description = "map: name of what is mapped; default anonymous memory",
            maxLength = 128,
            nullable = true)
        @Nullable String backing,
    @Schema(
            description = "map: offset in the backing, a multiple of 4096; hexadecimal or decimal",
            example = "0x0",
            nullable = true)
        @Nullable String offset,
    @Schema(
            description =
                "map: pages of 2 MiB only, all taken at once, that stay at the host; private"
                    + " anonymous memory, address and length multiples of 2 MiB; default false",
            nullable = true)
        @Nullable Boolean hugetlb,
    @Schema(
            description = "remap: bytes",
            minimum = "1",
            maximum = "140737488355328",
            nullable = true,
            example = "8192")
        @Nullable Long newLength,
    @Schema(description = "remap: exactly there; needs mayMove", nullable = true)
        @Nullable String newAddress,
    @Schema(description = "remap; default false", nullable = true) @Nullable Boolean mayMove,
    @Schema(
            description = "advise",
            allowableValues = {
              "normal",
              "dontneed",
              "free",
              "willneed",
              "dontfork",
              "dofork",
              "wipeonfork",
              "keeponfork",
              "hugepage",
              "nohugepage",
              "collapse"
            },
            nullable = true)
        @Nullable String advice,
    @Schema(description = "set-attributes; null: none any more", nullable = true)
        @Nullable Attributes attributes,
    @Schema(description = "Default: block", nullable = true) @JsonProperty("wait")
        @Nullable Wait waiting) {

  /** What is wished of a range; immutable. */
  @Schema(name = "OperationAttributesBody", description = "What is wished of a range")
  public record Attributes(
      @Schema(
              description = "Where its pages should be: a device, or cpu/0 for the host",
              example = "agent-1/0",
              nullable = true)
          @Nullable String preferred,
      @Schema(
              description = "Devices that should reach the pages where they are, at most 64",
              nullable = true)
          @Nullable List<@Nullable String> accessedBy,
      @Schema(description = "Default false", nullable = true) @Nullable Boolean readDuplication,
      @Schema(
              description = "What moves together",
              allowableValues = {"unspecified", "page-4k", "page-64k", "page-2m"},
              nullable = true)
          @Nullable String granularity,
      @Schema(
              description = "Which pages a device's fault may move; default allowed",
              allowableValues = {"allowed", "from-host-only", "forbidden"},
              nullable = true)
          @Nullable String migrationPolicy,
      @Schema(
              description = "Where atomics have to work",
              allowableValues = {"unspecified", "device", "global", "cpu"},
              nullable = true)
          @Nullable String atomicMode) {}

  /** How long to wait for fences; immutable. */
  @Schema(name = "OperationWait", description = "How long to wait for fences")
  public record Wait(
      @Schema(
              requiredMode = Schema.RequiredMode.REQUIRED,
              allowableValues = {"block", "try", "deadline"})
          @Nullable String mode,
      @Schema(
              description = "With mode deadline; in milliseconds",
              minimum = "1",
              maximum = "60000",
              nullable = true,
              example = "500")
          @Nullable Long deadlineMillis) {}
}
