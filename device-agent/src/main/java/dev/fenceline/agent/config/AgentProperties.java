package dev.fenceline.agent.config;

import dev.fenceline.agent.engine.memory.MigrationPolicy;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.registration.CoordinatorTarget;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import java.time.Duration;
import java.util.List;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * What can be configured, below {@code fenceline.agent}; immutable.
 *
 * @param agentId unique in the installation
 * @param devices the devices by name; if empty, {@code device-count} of them with {@code
 *     device-units} units each
 * @param deviceMemoryPages memory of each device that names no size of its own, in pages of 4 KiB;
 *     0 for none
 * @param migrateOnFault when a device asks by itself for pages to come to its memory
 * @param hosts {@code host:port} of hosts to attach to, whatever the coordinator says
 * @param coordinators {@code host:port} of the coordinators' gRPC servers; a name with several
 *     addresses leads to a coordinator at each; empty means there is none
 * @param advertisedAddress the name or address under which others reach this agent
 * @param leaseSafety how long before the end of the lease all access stops
 * @param stopTimeout how long leaving the hosts may take
 * @param drainTimeout how long programs may still run when the process is told to stop
 */
@Validated
@ConfigurationProperties("fenceline.agent")
public record AgentProperties(
    @NotBlank(message = "must be given: the agent's id, unique in the installation")
        @Size(max = 128)
        @Pattern(regexp = "[A-Za-z0-9._-]*", message = "must be made of [A-Za-z0-9._-]")
        @DefaultValue("")
        String agentId,
    @DefaultValue @Size(max = 64) List<@Valid DeviceProperties> devices,
    @DefaultValue("1") @Min(1) @Max(64) int deviceCount,
    @DefaultValue("2") @Min(1) @Max(1024) int deviceUnits,
    @DefaultValue("4096") @Min(0) @Max(DeviceDescription.MAX_MEMORY_PAGES) int deviceMemoryPages,
    @DefaultValue("never") @NotNull MigrationPolicy migrateOnFault,
    @DefaultValue List<@Pattern(regexp = TARGET, message = TARGET_RULE) String> hosts,
    @DefaultValue @Size(max = 64)
        List<@Pattern(regexp = CoordinatorTarget.SYNTAX, message = TARGET_RULE) String>
            coordinators,
    @DefaultValue("127.0.0.1") @NotBlank String advertisedAddress,
    @DefaultValue("5ms") @DurationMin(nanos = 0) @DurationMax(seconds = 10) Duration leaseSafety,
    @DefaultValue("3s") @DurationMin(millis = 1) @DurationMax(minutes = 1) Duration stopTimeout,
    @DefaultValue("2s") @DurationMin(nanos = 0) @DurationMax(minutes = 10) Duration drainTimeout,
    @DefaultValue @Valid @NotNull DelayProperties delays,
    @DefaultValue @Valid @NotNull LimitProperties limits) {
  private static final String TARGET = "[^\\s:/]+:[0-9]{1,5}";
  private static final String TARGET_RULE = "must be host:port";

  /**
   * One device.
   *
   * @param memoryPages as {@code deviceMemoryPages} if absent
   * @param ownerGroup devices of one group use each other's memory; empty: a group of its own
   * @param coherent whether CPUs use its memory as it is
   */
  public record DeviceProperties(
      @NotBlank @Size(max = 128) String name,
      @DefaultValue("2") @Min(1) @Max(1024) int units,
      @Min(0) @Max(DeviceDescription.MAX_MEMORY_PAGES) @Nullable Integer memoryPages,
      @DefaultValue("") @Size(max = 128) @Pattern(regexp = "[A-Za-z0-9._-]*") String ownerGroup,
      @DefaultValue("false") boolean coherent) {}

  /** How slow the devices pretend to be at first. */
  public record DelayProperties(
      @DefaultValue("0") @DurationMin(nanos = 0) @DurationMax(seconds = 10) Duration drain,
      @DefaultValue("0") @DurationMin(nanos = 0) @DurationMax(seconds = 10) Duration dma,
      @DefaultValue("0") @DurationMin(nanos = 0) @DurationMax(seconds = 10) Duration fault) {}

  /** Bounds of what may wait. */
  public record LimitProperties(
      @DefaultValue("1024") @Min(1) @Max(1 << 20) int queuedPrograms,
      @DefaultValue("65536") @Min(1) @Max(1 << 20) int waitingFaults,
      @DefaultValue("4096") @Min(1) @Max(1 << 20) int mirrors) {}
}
