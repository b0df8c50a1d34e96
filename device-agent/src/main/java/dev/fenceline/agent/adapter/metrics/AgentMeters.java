package dev.fenceline.agent.adapter.metrics;

import dev.fenceline.agent.engine.LinkCounter;
import dev.fenceline.agent.engine.LinkState;
import dev.fenceline.agent.runtime.AgentObserver;
import dev.fenceline.agent.runtime.AgentRuntime;
import dev.fenceline.agent.runtime.Device;
import dev.fenceline.agent.runtime.HostLink;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * The agent's meters. Thread-safe. Labels name devices and hosts, never ranges or address spaces.
 */
public final class AgentMeters implements AgentObserver {
  private static final double NANOS_PER_SECOND = 1e9;

  private final MeterRegistry registry;
  private final ConcurrentHashMap<String, Timer> drains = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<String, Timer> faults = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<String, Timer> transfers = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<String, DistributionSummary> bytes = new ConcurrentHashMap<>();

  public AgentMeters(MeterRegistry registry) {
    this.registry = registry;
  }

  /** Adds the meters of the agent's devices; those of links come with the links. */
  public void observe(AgentRuntime agent) {
    for (Device device : agent.devices()) {
      String name = device.description().name();
      counter("fenceline_agent_faults", device, name, d -> d.counters().faults.sum());
      counter("fenceline_agent_fault_retries", device, name, d -> d.counters().faultRetries.sum());
      counter("fenceline_agent_invalidations", device, name, d -> d.counters().invalidations.sum());
      counter("fenceline_agent_dma_requests", device, name, d -> d.counters().dmaRequests.sum());
      counter(
          "fenceline_agent_stale_refusals", device, name, d -> d.counters().staleRefusals.sum());
      gauge("fenceline_agent_mirror_entries", device, name, d -> d.counters().mirrorEntries.sum());
      gauge("fenceline_agent_programs_running", device, name, Device::runningPrograms);
      gauge("fenceline_agent_programs_queued", device, name, Device::queuedPrograms);
    }
  }

  private void counter(String name, Device device, String label, ToDoubleFunction<Device> value) {
    FunctionCounter.builder(name, device, value).tag("device", label).register(registry);
  }

  private void gauge(String name, Device device, String label, ToDoubleFunction<Device> value) {
    Gauge.builder(name, device, value).tag("device", label).register(registry);
  }

  @Override
  public void linkAdded(HostLink link) {
    for (LinkCounter counter : LinkCounter.values()) {
      FunctionCounter.builder(
              "fenceline_agent_link_" + counter.name().toLowerCase(Locale.ROOT),
              link,
              source -> source.counter(counter))
          .tag("host", link.target())
          .register(registry);
    }
    linkGauge(
        "fenceline_agent_lease_margin_seconds", link, l -> l.leaseLeftNanos() / NANOS_PER_SECOND);
    linkGauge("fenceline_agent_attached", link, l -> l.state() == LinkState.ATTACHED ? 1 : 0);
    linkGauge("fenceline_agent_link_state", link, l -> l.state().ordinal());
    linkGauge("fenceline_agent_fault_queue_depth", link, HostLink::waitingFaults);
    linkGauge("fenceline_agent_mailbox_depth", link, HostLink::mailboxDepth);
    linkGauge("fenceline_agent_dma_outstanding", link, HostLink::outstandingTransfers);
  }

  private void linkGauge(String name, HostLink link, ToDoubleFunction<HostLink> value) {
    Gauge.builder(name, link, value).tag("host", link.target()).register(registry);
  }

  @Override
  public void linkStateChanged(HostLink link, LinkState state, String reason) {}

  @Override
  public void drained(Device device, long nanos) {
    timer(drains, "fenceline_agent_ack", device).record(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void faultDone(Device device, long nanos) {
    timer(faults, "fenceline_agent_fault_wait", device).record(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void dmaDone(Device device, boolean write, int length, long nanos) {
    timer(transfers, "fenceline_agent_dma", device).record(nanos, TimeUnit.NANOSECONDS);
    String direction = write ? "write" : "read";
    String name = device.description().name();
    bytes
        .computeIfAbsent(
            name + "/" + direction,
            key ->
                DistributionSummary.builder("fenceline_agent_dma")
                    .baseUnit("bytes")
                    .tag("device", name)
                    .tag("direction", direction)
                    .register(registry))
        .record(length);
  }

  private Timer timer(ConcurrentHashMap<String, Timer> timers, String name, Device device) {
    String label = device.description().name();
    Timer known = timers.get(label);
    return known != null
        ? known
        : timers.computeIfAbsent(
            label,
            key ->
                Timer.builder(name)
                    .tag("device", label)
                    .publishPercentileHistogram()
                    .minimumExpectedValue(Duration.ofNanos(10_000))
                    .maximumExpectedValue(Duration.ofSeconds(10))
                    .register(registry));
  }
}
