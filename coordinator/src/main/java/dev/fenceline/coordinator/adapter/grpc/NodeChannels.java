package dev.fenceline.coordinator.adapter.grpc;

import dev.fenceline.coordinator.runtime.EndpointPort;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * One channel per endpoint, made when first asked for. Thread-safe. The registry's bound on nodes
 * bounds the channels: it releases the endpoint of each node that it forgets.
 */
public final class NodeChannels implements EndpointPort, AutoCloseable {
  private static final long IDLE_SECONDS = 60;
  private static final int MAX_ANSWER_BYTES = 16 << 20;

  private final ConcurrentHashMap<String, ManagedChannel> channels = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<String, Long> failingSinceMillis = new ConcurrentHashMap<>();

  ManagedChannel channel(String endpoint) {
    return channels.computeIfAbsent(endpoint, NodeChannels::open);
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
    ManagedChannel channel = channels.remove(endpoint);
    if (channel != null) {
      channel.shutdown();
    }
  }

  @Override
  public void close() {
    channels.values().forEach(ManagedChannel::shutdownNow);
    channels.clear();
  }

  private static ManagedChannel open(String endpoint) {
    return NettyChannelBuilder.forTarget("dns:///" + endpoint)
        .usePlaintext()
        .directExecutor()
        .idleTimeout(IDLE_SECONDS, TimeUnit.SECONDS)
        .maxInboundMessageSize(MAX_ANSWER_BYTES)
        .build();
  }
}
