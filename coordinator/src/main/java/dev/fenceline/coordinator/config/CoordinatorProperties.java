package dev.fenceline.coordinator.config;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * What can be configured, below {@code fenceline.coordinator}; immutable.
 *
 * @param livenessTimeout silence after which a node counts as lost
 * @param reportInterval what nodes are told to report at; a fifth of the liveness timeout if absent
 * @param recoveryWindow how long after its start the coordinator says {@code recovering}; three
 *     report intervals, and 3 s at least, if absent
 * @param retention how long a lost node, or one that left, is remembered
 * @param queryTimeout how long a question to a host or agent may take
 * @param commandTimeout how long a change may take that waits for fences
 * @param expectedHosts the registry stays {@code recovering} until so many hosts have reported; if
 *     absent, until one has, or for ten recovery windows
 * @param queryParallelism questions under way at once
 * @param queueCapacity inputs that may wait for the registry
 * @param deadlockBreaker whether circles of waits are broken when the process starts; REST changes
 *     it
 * @param deadlockLookInterval time between two looks for circles; one is broken at the second look
 */
@Validated
@ConfigurationProperties("fenceline.coordinator")
public record CoordinatorProperties(
    @DefaultValue("5s") @NotNull Duration livenessTimeout,
    @Nullable Duration reportInterval,
    @Nullable Duration recoveryWindow,
    @DefaultValue("5m") @NotNull Duration retention,
    @DefaultValue("2s") @DurationMin(millis = 10) @DurationMax(minutes = 1) Duration queryTimeout,
    @DefaultValue("30s") @DurationMin(millis = 10) @DurationMax(minutes = 10)
        Duration commandTimeout,
    @Nullable @Min(0) @Max(256) Integer expectedHosts,
    @DefaultValue("32") @Min(1) @Max(1024) int queryParallelism,
    @DefaultValue("16384") @Min(16) @Max(1 << 20) int queueCapacity,
    @DefaultValue("true") boolean deadlockBreaker,
    @DefaultValue("500ms") @DurationMin(millis = 50) @DurationMax(minutes = 1)
        Duration deadlockLookInterval) {}
