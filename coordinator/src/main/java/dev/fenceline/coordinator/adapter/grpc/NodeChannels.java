package dev.fenceline.coordinator.adapter.grpc;

import dev.fenceline.coordinator.runtime.EndpointPort;
import dev.fenceline.security.PeerIdentity;
import dev.fenceline.security.PeerRole;
import dev.fenceline.security.TransportSecurity;
import io.grpc.ManagedChannel;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * One channel per endpoint, made when first asked for. Thread-safe. The registry's bound on nodes
 * bounds the channels: it releases the endpoint of each node that it forgets.
 */
public final class NodeChannels implements EndpointPort, AutoCloseable {
  private static final long IDLE_SECONDS = 60;
  private static final int MAX_ANSWER_BYTES = 16 << 20;

  /** A node is reached as what it is, so an endpoint that changes hands needs a new channel. */
  private record Key(PeerRole role, String endpoint) {}

  private final TransportSecurity security;
  private final ConcurrentHashMap<Key, ManagedChannel> channels = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<String, Long> failingSinceMillis = new ConcurrentHashMap<>();

  public NodeChannels(TransportSecurity security) {
    this.security = security;
  }

  /**
   * @param role what must answer at the endpoint
   */
  ManagedChannel channel(String endpoint, PeerRole role) {
    return channels.computeIfAbsent(new Key(role, endpoint), this::open);
  }

  /** When the failures in a row at the endpoint began, of which this is one. */
  long failed(String endpoint) {
    return failingSinceMillis.computeIfAbsent(endpoint, key -> System.currentTimeMillis());
  }

  void succeeded(String endpoint) {
    failingSinceMillis.remove(endpoint);
  }

  @Override
  public void release(String endpoint) {
    failingSinceMillis.remove(endpoint);
    for (PeerRole role : PeerRole.values()) {
      ManagedChannel channel = channels.remove(new Key(role, endpoint));
      if (channel != null) {
        channel.shutdown();
      }
    }
  }

  @Override
  public void close() {
    channels.values().forEach(ManagedChannel::shutdownNow);
    channels.clear();
  }

  private ManagedChannel open(Key key) {
    return security
        .dial("dns:///" + key.endpoint(), PeerIdentity.any(key.role()))
        .directExecutor()
        .idleTimeout(IDLE_SECONDS, TimeUnit.SECONDS)
        .maxInboundMessageSize(MAX_ANSWER_BYTES)
        .build();
  }
}
