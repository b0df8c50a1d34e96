package dev.fenceline.agent.adapter.metrics;

import dev.fenceline.agent.engine.LinkCounter;
import dev.fenceline.agent.engine.LinkState;
import dev.fenceline.agent.engine.memory.PagePool;
import dev.fenceline.agent.engine.standing.DeviceStanding;
import dev.fenceline.agent.runtime.AgentObserver;
import dev.fenceline.agent.runtime.AgentRuntime;
import dev.fenceline.agent.runtime.Device;
import dev.fenceline.agent.runtime.HostLink;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * The agent's meters; docs/METRICS.md lists them. Thread-safe. Labels name devices by index and
 * hosts by address, never ranges or address spaces.
 */
public final class AgentMeters implements AgentObserver {
  private static final double NANOS_PER_SECOND = 1e9;

  /** The bounds of every histogram: 10 us to 10 s. */
  private static final long[] BUCKET_MICROS = {
    10,
    25,
    50,
    100,
    250,
    500,
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000
  };

  private record Timers(Timer ack, Timer faultWait, Timer dma) {}

  private final MeterRegistry registry;
  private final Map<Device, Timers> timers = new ConcurrentHashMap<>();

  public AgentMeters(MeterRegistry registry) {
    this.registry = registry;
  }

  /** Adds the meters of the agent's devices; those of links come with the links. */
  public void observe(AgentRuntime agent) {
    standings(agent);
    for (Device device : agent.devices()) {
      count(device, "faults", "Accesses that missed the mirror", d -> d.counters().faults.sum());
      count(
          device,
          "fault_retries",
          "Accesses that began again because a translation was stale",
          d -> d.counters().faultRetries.sum());
      count(
          device,
          "invalidations",
          "Invalidations that the device was told of",
          d -> d.counters().invalidations.sum());
      count(device, "dma_requests", "Requests to move bytes", d -> d.counters().dmaRequests.sum());
      count(
          device,
          "stale_refusals",
          "Requests to move bytes that the host refused as stale",
          d -> d.counters().staleRefusals.sum());
      memory(device);
      bytes(device, "read", d -> d.counters().dmaReadBytes.sum());
      bytes(device, "write", d -> d.counters().dmaWrittenBytes.sum());
      gauges(device);
      timersOf(device);
    }
  }

  private void standings(AgentRuntime agent) {
    for (DeviceStanding.State state : DeviceStanding.State.values()) {
      Gauge.builder(
              "fenceline_agent_devices",
              agent,
              a ->
                  a.drains().standings().stream()
                      .filter(standing -> standing.state() == state)
                      .count())
          .description("Devices by whether they take work")
          .tag("standing", lower(state))
          .register(registry);
    }
  }

  private void memory(Device device) {
    for (PagePool.State state : PagePool.State.values()) {
      Gauge.builder("fenceline_agent_memory_pages", device, d -> d.memory().count(state))
          .description("Pages of the device's own memory by what they are good for")
          .tags(of(device).and("state", lower(state)))
          .register(registry);
    }
    count(
        device,
        "memory_allocations",
        "Pages of the device's own memory that were taken to be filled",
        d -> d.memory().allocations());
    count(
        device,
        "memory_failed_allocations",
        "Pages for which the device's own memory had no room",
        d -> d.memory().failures());
    count(
        device,
        "memory_evicted_pages",
        "Pages of the device's own memory that were picked to make room",
        d -> d.memory().victims());
    count(
        device,
        "memory_local_bytes",
        "Bytes that units read and wrote in the device's own memory",
        d -> d.counters().localBytes.sum());
    count(
        device,
        "memory_peer_bytes",
        "Bytes that units read and wrote in the memory of peers",
        d -> d.counters().peerBytes.sum());
  }

  private void gauges(Device device) {
    gauge(
        device,
        "mirror_entries",
        "Translations in the device's mirror tables",
        d -> d.counters().mirrorEntries.sum());
    gauge(device, "programs_running", "Programs on execution units", Device::runningPrograms);
    gauge(device, "programs_queued", "Programs that wait for a unit", Device::queuedPrograms);
    Gauge.builder("fenceline_agent_units", device, d -> d.description().units())
        .description("Execution units of the device, labelled with what it is called")
        .tags(of(device).and("name", device.description().name()))
        .register(registry);
  }

  private static Tags of(Device device) {
    return Tags.of("device", Integer.toString(device.description().index()));
  }

  private void count(
      Device device, String name, String description, ToDoubleFunction<Device> value) {
    FunctionCounter.builder("fenceline_agent_" + name, device, value)
        .description(description)
        .tags(of(device))
        .register(registry);
  }

  private void bytes(Device device, String direction, ToDoubleFunction<Device> value) {
    FunctionCounter.builder("fenceline_agent_dma_bytes", device, value)
        .description("Bytes moved between the device and its hosts")
        .tags(of(device).and("direction", direction))
        .register(registry);
  }

  private void gauge(
      Device device, String name, String description, ToDoubleFunction<Device> value) {
    Gauge.builder("fenceline_agent_" + name, device, value)
        .description(description)
        .tags(of(device))
        .register(registry);
  }

  @Override
  public void linkAdded(HostLink link) {
    for (LinkCounter counter : LinkCounter.values()) {
      FunctionCounter.builder(
              "fenceline_agent_link_" + lower(counter), link, source -> source.counter(counter))
          .description("What the link to a host counts over all its sessions")
          .tag("host", link.target())
          .register(registry);
    }
    for (LinkState state : LinkState.values()) {
      Gauge.builder("fenceline_agent_link_state", link, l -> l.state() == state ? 1 : 0)
          .description("1 for the state that the link is in, 0 for every other")
          .tag("host", link.target())
          .tag("state", lower(state))
          .register(registry);
    }
    link(
        link,
        "lease_margin_seconds",
        "Time until the agent stops all access by its own clock; negative when it has",
        l -> l.leaseLeftNanos() / NANOS_PER_SECOND);
    link(
        link,
        "attached",
        "1 if the link is in a session",
        l -> l.state() == LinkState.ATTACHED ? 1 : 0);
    link(
        link,
        "held_pages",
        "Pages whose only copy is in the memory of this agent's devices",
        HostLink::heldPages);
    link(link, "fault_queue_depth", "Faults that wait for an answer", HostLink::waitingFaults);
    link(link, "mailbox_depth", "Inputs that wait at the link", HostLink::mailboxDepth);
    link(
        link,
        "dma_outstanding",
        "Requests to move bytes without an answer yet",
        HostLink::outstandingTransfers);
  }

  private void link(
      HostLink link, String name, String description, ToDoubleFunction<HostLink> value) {
    Gauge.builder("fenceline_agent_" + name, link, value)
        .description(description)
        .tag("host", link.target())
        .register(registry);
  }

  @Override
  public void linkStateChanged(HostLink link, LinkState state, String reason) {}

  @Override
  public void drained(Device device, long nanos) {
    timersOf(device).ack().record(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void faultDone(Device device, long nanos) {
    timersOf(device).faultWait().record(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void dmaDone(Device device, boolean write, int length, long nanos) {
    timersOf(device).dma().record(nanos, TimeUnit.NANOSECONDS);
  }

  private Timers timersOf(Device device) {
    Timers known = timers.get(device);
    return known != null
        ? known
        : timers.computeIfAbsent(
            device,
            of ->
                new Timers(
                    timer(of, "ack", "From an invalidation's arrival until its accesses drained"),
                    timer(of, "fault_wait", "How long an execution unit waited for a fault"),
                    timer(of, "dma", "From a request to move bytes to its answer")));
  }

  private Timer timer(Device device, String name, String description) {
    return Timer.builder("fenceline_agent_" + name)
        .description(description)
        .tags(of(device))
        .serviceLevelObjectives(buckets())
        .register(registry);
  }

  private static Duration[] buckets() {
    Duration[] bounds = new Duration[BUCKET_MICROS.length];
    for (int i = 0; i < bounds.length; i++) {
      bounds[i] = Duration.ofNanos(BUCKET_MICROS[i] * 1_000);
    }
    return bounds;
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
