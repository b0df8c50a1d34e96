package dev.fenceline.coordinator.adapter.rest.model;

import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A program for a device; immutable. Members that its kind does not take are refused. */
@Schema(description = "A program for a device; members that its kind does not take are refused")
public record ProgramBody(
    @Schema(requiredMode = Schema.RequiredMode.REQUIRED, example = "agent-1/0")
        @Nullable String device,
    @Schema(requiredMode = Schema.RequiredMode.REQUIRED, example = "host-1.1")
        @Nullable String space,
    @Schema(
            requiredMode = Schema.RequiredMode.REQUIRED,
            allowableValues = {
              "fill",
              "copy",
              "add",
              "checksum",
              "pointer-chase",
              "random-access",
              "atomic-add"
            },
            example = "checksum")
        @Nullable String kind,
    @Schema(description = "fill, checksum, random-access, atomic-add", example = "0x7f0000000000")
        @Nullable String address,
    @Schema(
            description = "fill, copy, add, checksum, random-access: bytes",
            minimum = "1",
            maximum = "140737488355328",
            example = "4096")
        @Nullable Long length,
    @Schema(description = "fill: 8 bytes, hexadecimal or decimal", nullable = true)
        @Nullable String word,
    @Schema(description = "copy: from", nullable = true) @Nullable String source,
    @Schema(description = "copy, add: to", nullable = true) @Nullable String target,
    @Schema(description = "add: first summand", nullable = true) @Nullable String a,
    @Schema(description = "add: second summand", nullable = true) @Nullable String b,
    @Schema(description = "pointer-chase", nullable = true) @Nullable String start,
    @Schema(
            description = "pointer-chase",
            minimum = "1",
            maximum = "2147483647",
            nullable = true,
            example = "1000")
        @Nullable Long hops,
    @Schema(
            description = "random-access",
            minimum = "1",
            maximum = "2147483647",
            nullable = true,
            example = "1000")
        @Nullable Long operations,
    @Schema(
            description = "random-access",
            minimum = "0",
            maximum = "100",
            nullable = true,
            example = "30")
        @Nullable Long writePercent,
    @Schema(description = "random-access: hexadecimal or decimal; default 0", nullable = true)
        @Nullable String seed,
    @Schema(
            description = "random-access: makes written values unique; default 1",
            minimum = "1",
            maximum = "8388607",
            nullable = true,
            example = "1")
        @Nullable Long writer,
    @Schema(
            description = "random-access; default 0",
            minimum = "0",
            maximum = "1099511627775",
            nullable = true,
            example = "0")
        @Nullable Long firstCounter,
    @Schema(
            description = "random-access; default 1",
            minimum = "1",
            maximum = "2147483647",
            nullable = true,
            example = "1")
        @Nullable Long strideWords,
    @Schema(
            description = "atomic-add",
            minimum = "1",
            maximum = "2147483647",
            nullable = true,
            example = "100")
        @Nullable Long times,
    @Schema(description = "atomic-add: hexadecimal or decimal", nullable = true)
        @Nullable String operand,
    @Schema(
            description = "Ends of programs that it waits for before it does anything, at most 16",
            nullable = true)
        @Nullable List<@Nullable Point> waitsFor,
    @Schema(
            description = "The name that is reached when it ends: 1 to 128 of A-Za-z0-9._-",
            nullable = true)
        @Nullable String signals,
    @Schema(description = "Pages that it keeps in use until it ends, at most 512", nullable = true)
        @Nullable Hold holds,
    @Schema(description = "It may be preempted and begin again; default false", nullable = true)
        @Nullable Boolean replayable,
    @Schema(
            description =
                "It takes each page that it accesses for its device alone, until another touch ends that"
                    + " (private memory only); default false",
            nullable = true)
        @Nullable Boolean exclusive,
    @Schema(
            description = "Bound of the whole run; default 60; in seconds",
            minimum = "1",
            maximum = "600",
            nullable = true,
            example = "30")
        @Nullable Long deadlineSeconds) {

  /** A sync point; immutable. */
  @Schema(name = "SyncPointBody", description = "The end of a program: one of its members is given")
  public record Point(
      @Schema(description = "By its id", example = "agent-2.7", nullable = true)
          @Nullable String program,
      @Schema(description = "By the name that it signals", nullable = true) @Nullable String name,
      @Schema(
              description = "With name: whose program; default the device's own agent",
              example = "agent-2",
              nullable = true)
          @Nullable String agent) {}

  /** Pages that a program keeps in use; immutable. */
  @Schema(
      name = "ProgramHoldBody",
      description = "Pages that the program keeps in use until it ends")
  public record Hold(
      @Schema(requiredMode = Schema.RequiredMode.REQUIRED, example = "0x7f0000000000")
          @Nullable String address,
      @Schema(
              description = "Bytes",
              requiredMode = Schema.RequiredMode.REQUIRED,
              minimum = "1",
              maximum = "2097152",
              example = "4096")
          @Nullable Long length,
      @Schema(description = "Default false", nullable = true) @Nullable Boolean write) {}
}
