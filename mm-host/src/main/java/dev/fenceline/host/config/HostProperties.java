package dev.fenceline.host.config;

import dev.fenceline.host.engine.frame.Watermarks;
import dev.fenceline.host.engine.session.LeasePolicy;
import dev.fenceline.host.engine.shard.OomConfig;
import dev.fenceline.host.engine.shard.ReclaimConfig;
import dev.fenceline.host.engine.thrash.ThrashPolicy;
import dev.fenceline.host.runtime.RuntimeSettings;
import dev.fenceline.host.runtime.SwapFile;
import dev.fenceline.model.Pages;
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
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * What an operator sets below {@code fenceline.host}; immutable.
 *
 * @param hostId unique in the installation
 * @param shards 0: one per core
 * @param arena size of the frame arena
 * @param coordinators {@code host:port} of the coordinators' gRPC servers; a name with several
 *     addresses leads to a coordinator at each; empty: there is none
 * @param advertisedHost the name under which others reach this process
 * @param faultCredit faults that an agent may have outstanding
 * @param shardCapacity inputs that may wait at a shard before callers are refused
 * @param dedicatedThreads a thread per shard instead of draining by whoever brings an input
 * @param cpuAccessBound how long a CPU access may wait for translations
 * @param helloTimeout how long an attach stream may be open without saying Hello
 * @param swap how much can be swapped out when no frame is left; 0: nothing
 * @param reclaimWait how long swapping out waits for devices before it passes over their pages
 * @param reclaimPatience how long who finds no frame waits while nothing can be swapped out
 * @param pinAgeLimit age from which a pin is reported as perhaps forgotten; 0: never
 * @param watermarks how much memory is kept free by swapping out in the background; absent: derived
 *     from the arena
 * @param swapDirectory where the swap file is made; empty: the system's temporary directory
 * @param filesDirectory below which callers may map files; empty: they may map none
 * @param oom what is done when no frame is left and none can be got
 * @param thrashing when pages are wanted back and forth, and what is done about it
 */
@Validated
@ConfigurationProperties("fenceline.host")
public record HostProperties(
    @DefaultValue("host-1")
        @NotBlank
        @Size(max = 128)
        @Pattern(regexp = "[A-Za-z0-9._-]*", message = "must be made of [A-Za-z0-9._-]")
        String hostId,
    @DefaultValue("0") @Min(0) @Max(RuntimeSettings.MAX_SHARDS) int shards,
    @DefaultValue("256MB") @NotNull DataSize arena,
    @DefaultValue @Size(max = 64)
        List<@Pattern(regexp = CoordinatorTarget.SYNTAX, message = "must be host:port") String>
            coordinators,
    @DefaultValue("localhost") @NotBlank String advertisedHost,
    @DefaultValue("1024") @Min(1) @Max(1 << 20) int faultCredit,
    @DefaultValue("65536") @Min(1) @Max(1 << 24) int shardCapacity,
    @DefaultValue("false") boolean dedicatedThreads,
    @DefaultValue("30s") @DurationMin(millis = 1) @DurationMax(minutes = 10)
        Duration cpuAccessBound,
    @DefaultValue("10s") @DurationMin(millis = 1) @DurationMax(minutes = 10) Duration helloTimeout,
    @DefaultValue("0MB") @NotNull DataSize swap,
    @DefaultValue("10ms") @DurationMax(seconds = 10) Duration reclaimWait,
    @DefaultValue("1s") @DurationMax(minutes = 1) Duration reclaimPatience,
    @DefaultValue("10m") @DurationMin Duration pinAgeLimit,
    @Nullable FreeMemory watermarks,
    @DefaultValue("") String swapDirectory,
    @DefaultValue("") String filesDirectory,
    @DefaultValue @Valid @NotNull Oom oom,
    @DefaultValue @Valid @NotNull Thrashing thrashing,
    @DefaultValue @Valid @NotNull Lease lease) {

  /**
   * Times of leases and fences; {@link LeasePolicy} says how they hang together.
   *
   * @param ttl the lease as agents see it
   * @param driftPpm bound of the clock rates' error
   * @param longestDma bound of one DMA, from its check to its end
   * @param tick how late a timer may be
   * @param overdue age of a fence at which its agent's lease is not renewed; absent: half the TTL
   */
  public record Lease(
      @DefaultValue("2s") Duration ttl,
      @DefaultValue("500") long driftPpm,
      @DefaultValue("200ms") Duration longestDma,
      @DefaultValue("50ms") Duration tick,
      @Nullable Duration overdue) {}

  /**
   * Limits of pages that are wanted back and forth; {@link ThrashPolicy} says how they hang
   * together.
   *
   * @param moves in a row from which on a page thrashes; 0: never
   * @param lapse how soon a page has to be wanted away to count
   * @param naps before a page is kept where all reach it
   * @param pinLapses how many lapses it is kept there
   * @param forgetLapses quiet, in lapses, after which it is forgotten
   */
  public record Thrashing(
      @DefaultValue("3") @Min(0) @Max(255) int moves,
      @DefaultValue("500us") @NotNull Duration lapse,
      @DefaultValue("10") @Min(1) @Max(255) int naps,
      @DefaultValue("300") @Min(1) @Max(1_000_000) int pinLapses,
      @DefaultValue("2000") @Min(1) @Max(1_000_000) int forgetLapses) {
    ThrashPolicy policy() {
      return new ThrashPolicy(moves, lapse.toNanos(), naps, pinLapses, forgetLapses);
    }
  }

  /**
   * What is done when no frame is left and none can be got.
   *
   * @param policy refuse who asks for one, or kill the address space with the greatest score
   */
  public record Oom(@DefaultValue("refuse") @NotNull OomConfig.Policy policy) {}

  /** Free memory at which the background begins to take what devices hold, begins at all, rests. */
  public record FreeMemory(
      @DefaultValue("0MB") @NotNull DataSize min,
      @DefaultValue("0MB") @NotNull DataSize low,
      @DefaultValue("0MB") @NotNull DataSize high) {}

  private Watermarks marks() {
    if (watermarks == null) {
      return Watermarks.of(arena.toBytes() / Pages.SIZE_BYTES);
    }
    return new Watermarks(
        watermarks.min().toBytes() / Pages.SIZE_BYTES,
        watermarks.low().toBytes() / Pages.SIZE_BYTES,
        watermarks.high().toBytes() / Pages.SIZE_BYTES);
  }

  /**
   * The lease times, checked against each other.
   *
   * @throws ContradictoryConfiguration naming the value that contradicts the others
   */
  LeasePolicy leasePolicy() {
    Duration overdue = lease.overdue() == null ? lease.ttl().dividedBy(2) : lease.overdue();
    try {
      return new LeasePolicy(
          lease.ttl().toNanos(),
          lease.driftPpm(),
          lease.longestDma().toNanos(),
          lease.tick().toNanos(),
          overdue.toNanos());
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new ContradictoryConfiguration(String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * The constants of the runtime.
   *
   * @throws ContradictoryConfiguration naming the value that is not allowed
   */
  RuntimeSettings runtimeSettings(long hostEpoch) {
    LeasePolicy leases = leasePolicy();
    try {
      return new RuntimeSettings(
          hostId,
          hostEpoch,
          shards == 0 ? Runtime.getRuntime().availableProcessors() : shards,
          arena.toBytes(),
          leases,
          faultCredit,
          shardCapacity,
          dedicatedThreads,
          cpuAccessBound.toNanos(),
          helloTimeout.toNanos(),
          new ReclaimConfig(
              SwapFile.slots(swap.toBytes()),
              reclaimWait.toNanos(),
              reclaimPatience.toNanos(),
              false,
              marks(),
              pinAgeLimit.toNanos()),
          thrashing.policy(),
          oom.policy(),
          swapDirectory,
          filesDirectory);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new ContradictoryConfiguration(String.valueOf(e.getMessage()), e);
    }
  }
}
