package dev.fenceline.coordinator.runtime;

import dev.fenceline.coordinator.engine.NodeKind;
import dev.fenceline.coordinator.engine.NodeState;
import dev.fenceline.coordinator.engine.NodeView;
import dev.fenceline.coordinator.engine.event.EventDraft;
import dev.fenceline.coordinator.engine.query.HostEvent;
import dev.fenceline.coordinator.engine.query.HostEventBatch;
import dev.fenceline.model.DeviceId;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one watch open per host and brings what hosts tell into the event log. Thread-safe; {@link
 * #refresh} is called every second or so.
 */
public final class HostEventWatcher implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HostEventWatcher.class);

  /** A host that cannot be watched is tried again after this time, doubled up to the most. */
  private static final long FIRST_BACKOFF_NANOS = 1_000_000_000L;

  private static final long MOST_BACKOFF_NANOS = 30_000_000_000L;

  private final RegistryRuntime registry;
  private final HostEventSource source;
  private final EventHub events;
  private final LongSupplier nanoClock;
  private final InstantSource wallClock;
  private final Map<String, OfHost> hosts = new LinkedHashMap<>();
  private boolean closed;

  /**
   * Where a host's events have been read up to, and the watch that is open; guarded by {@code
   * this}.
   */
  private final class OfHost implements HostEventSource.Listener {
    final String hostId;
    String endpoint;
    long epoch;
    long readUpTo;
    long retryAtNanos;
    long backoffNanos = FIRST_BACKOFF_NANOS;
    boolean ended;
    HostEventSource.@Nullable Watch watch;

    OfHost(String hostId, String endpoint) {
      this.hostId = hostId;
      this.endpoint = endpoint;
    }

    @Override
    public void events(HostEventBatch batch) {
      received(this, batch);
    }

    @Override
    public void ended(String reason) {
      lost(this, reason);
    }
  }

  public HostEventWatcher(
      RegistryRuntime registry,
      HostEventSource source,
      EventHub events,
      LongSupplier nanoClock,
      InstantSource wallClock) {
    this.registry = registry;
    this.source = source;
    this.events = events;
    this.nanoClock = nanoClock;
    this.wallClock = wallClock;
  }

  /** Watches the hosts that are there now, and no others. */
  public void refresh() {
    Map<String, NodeView> present = new LinkedHashMap<>();
    registry.read((engine, nowNanos) -> engine.view(nowNanos)).nodes(NodeKind.HOST).stream()
        .filter(host -> host.state() == NodeState.LIVE || host.state() == NodeState.SUSPECT)
        .forEach(host -> present.put(host.key().nodeId(), host));
    synchronized (this) {
      if (closed) {
        return;
      }
      hosts.values().stream()
          .filter(host -> !present.containsKey(host.hostId))
          .forEach(HostEventWatcher::stop);
      present.values().forEach(this::watch);
    }
  }

  private void watch(NodeView node) {
    OfHost host = hosts.computeIfAbsent(node.key().nodeId(), id -> new OfHost(id, node.endpoint()));
    if (!host.endpoint.equals(node.endpoint())) {
      stop(host);
      host.endpoint = node.endpoint();
      host.retryAtNanos = 0;
    }
    if (host.watch == null && nanoClock.getAsLong() >= host.retryAtNanos) {
      host.ended = false;
      HostEventSource.Watch opened = source.watch(host.endpoint, host.epoch, host.readUpTo, host);
      // The end may have come on this very thread.
      host.watch = host.ended ? null : opened;
    }
  }

  private static void stop(OfHost host) {
    if (host.watch != null) {
      HostEventSource.Watch watch = host.watch;
      host.watch = null;
      watch.close();
    }
  }

  private synchronized void received(OfHost host, HostEventBatch batch) {
    host.backoffNanos = FIRST_BACKOFF_NANOS;
    if (batch.hostEpoch() != host.epoch) {
      host.epoch = batch.hostEpoch();
      host.readUpTo = 0;
    }
    if (batch.lost() > 0) {
      events.append(
          EventDraft.lost(wallClock.millis(), host.hostId, batch.lost(), batch.lostByKind()));
    }
    for (HostEvent event : batch.events()) {
      if (event.number() > host.readUpTo) {
        host.readUpTo = event.number();
        events.append(draft(host.hostId, event));
      }
    }
  }

  private synchronized void lost(OfHost host, String reason) {
    host.ended = true;
    host.watch = null;
    host.retryAtNanos = nanoClock.getAsLong() + host.backoffNanos;
    host.backoffNanos = Math.min(MOST_BACKOFF_NANOS, 2 * host.backoffNanos);
    LOG.debug("the watch on host {} ended: {}", host.hostId, reason);
  }

  private static EventDraft draft(String hostId, HostEvent event) {
    DeviceId device = event.device();
    return new EventDraft(
        event.atMillis(),
        event.kind(),
        hostId,
        device == null ? null : device.agentId(),
        device,
        event.spaceId(),
        event.invalidationId(),
        null,
        event.message());
  }

  @Override
  public synchronized void close() {
    closed = true;
    hosts.values().forEach(HostEventWatcher::stop);
  }
}
