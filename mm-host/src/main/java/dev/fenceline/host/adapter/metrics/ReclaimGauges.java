package dev.fenceline.host.adapter.metrics;

import dev.fenceline.host.engine.shard.FrameCounts;
import dev.fenceline.host.runtime.HostRuntime;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToDoubleFunction;

/**
 * Where a host's frames are and what reclaim did, at the moment of a scrape. Thread-safe; a scrape
 * reads the shards once, not once per gauge.
 */
final class ReclaimGauges {
  private static final long MAX_AGE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final HostRuntime host;
  private final Map<Integer, FrameCounts> byShard = new ConcurrentHashMap<>();
  private final AtomicLong readNanos = new AtomicLong(System.nanoTime() - MAX_AGE_NANOS);

  ReclaimGauges(MeterRegistry registry, HostRuntime host) {
    this.host = host;
    list(registry, "inactive", counts -> counts.lists().inactive());
    list(registry, "active", counts -> counts.lists().active());
    list(registry, "unevictable", counts -> counts.lists().unevictable());
    gauge(registry, "fenceline_host_pins", "Pins that have not ended", FrameCounts::pins);
    gauge(
        registry,
        "fenceline_host_frames_pinned",
        "Page frames that pins hold in place",
        FrameCounts::pinnedFrames);
    gauge(
        registry,
        "fenceline_host_swap_used",
        "Pages of the swap file in use",
        FrameCounts::swapUsed);
    Gauge.builder("fenceline_host_swap", host, h -> h.settings().reclaim().swapSlots())
        .description("Pages of the swap file")
        .register(registry);
    counter(
        registry,
        "fenceline_host_swapped_out_pages",
        "Pages written to the swap file",
        counts -> counts.reclaimed().swappedOut());
    counter(
        registry,
        "fenceline_host_swapped_in_pages",
        "Pages read from the swap file",
        counts -> counts.reclaimed().swappedIn());
    counter(
        registry,
        "fenceline_host_reclaims_backed_off",
        "Reclaims that passed over devices that were slow to drain",
        counts -> counts.reclaimed().backedOff());
    counter(
        registry,
        "fenceline_host_reclaim_wake_ups",
        "Times that free frames fell below the low watermark",
        counts -> counts.reclaimed().wakeUps());
    large(registry);
  }

  private void large(MeterRegistry registry) {
    gauge(
        registry,
        "fenceline_host_large_pages",
        "Pages of 2 MiB that are mapped",
        counts -> counts.large().now());
    counter(
        registry,
        "fenceline_host_large_pages_allocated",
        "Large frames that first touches mapped",
        counts -> counts.large().allocated());
    counter(
        registry,
        "fenceline_host_large_pages_fallback",
        "First touches that found no large frame and mapped small pages",
        counts -> counts.large().fellBack());
    counter(
        registry,
        "fenceline_host_large_pages_collapsed",
        "Large pages that small ones were brought together in",
        counts -> counts.large().collapsed());
    counter(
        registry,
        "fenceline_host_large_pages_split",
        "Large pages of which a part was changed",
        counts -> counts.large().split());
  }

  private void list(MeterRegistry registry, String list, ToDoubleFunction<FrameCounts> value) {
    Gauge.builder("fenceline_host_frames_listed", this, g -> value.applyAsDouble(g.sum()))
        .description("Mapped page frames by how lately they were used")
        .tag("list", list)
        .register(registry);
  }

  private void gauge(
      MeterRegistry registry,
      String name,
      String description,
      ToDoubleFunction<FrameCounts> value) {
    Gauge.builder(name, this, g -> value.applyAsDouble(g.sum()))
        .description(description)
        .register(registry);
  }

  private void counter(
      MeterRegistry registry,
      String name,
      String description,
      ToDoubleFunction<FrameCounts> value) {
    FunctionCounter.builder(name, this, g -> value.applyAsDouble(g.sum()))
        .description(description)
        .register(registry);
  }

  /** Reads again what is old. Answered at once unless a shard is busy; then its last must do. */
  private FrameCounts sum() {
    long now = System.nanoTime();
    long read = readNanos.get();
    if (now - read >= MAX_AGE_NANOS && readNanos.compareAndSet(read, now)) {
      for (int i = 0; i < host.shardCount(); i++) {
        int shard = i;
        host.query(host.shard(i), (queries, nowNanos) -> queries.frameCounts())
            .thenAccept(counts -> byShard.put(shard, counts));
      }
    }
    return byShard.values().stream().reduce(FrameCounts.NONE, FrameCounts::plus);
  }
}
