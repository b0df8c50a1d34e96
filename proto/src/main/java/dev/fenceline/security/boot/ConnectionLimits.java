package dev.fenceline.security.boot;

import dev.fenceline.security.SecurityRefusal;
import dev.fenceline.security.SecuritySettings;
import io.grpc.netty.NettyServerBuilder;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.grpc.server.autoconfigure.GrpcServerProperties;
import org.springframework.boot.grpc.server.autoconfigure.GrpcServerProperties.Keepalive;
import org.springframework.util.unit.DataSize;

/**
 * What a server grants a connection: Boot's {@code spring.grpc.server} limits, and those that Boot
 * does not have, below {@code fenceline.security.limits}. Immutable.
 *
 * @param handshakeTimeout until TLS and the HTTP/2 preface are done
 * @param pendingConnections that have not finished their handshake
 * @param concurrentCalls on one connection
 * @param requestTimeout from the start of a call with a single request until that has come whole
 */
record ConnectionLimits(
    @Nullable Duration handshakeTimeout,
    @Nullable Integer pendingConnections,
    @Nullable Integer concurrentCalls,
    @Nullable Duration requestTimeout) {
  static final ConnectionLimits DEFAULT = new ConnectionLimits(null, null, null, null);

  private static final Duration HANDSHAKE_TIMEOUT = Duration.ofSeconds(10);
  private static final int PENDING_CONNECTIONS = 256;
  private static final int CONCURRENT_CALLS = 1024;
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(30);

  /**
   * @throws SecurityRefusal naming the value that is no bound
   */
  ConnectionLimits checked() {
    require("pending-connections", pendingConnections == null ? 1 : pendingConnections);
    require("concurrent-calls", concurrentCalls == null ? 1 : concurrentCalls);
    require("handshake-timeout", handshakeTimeout == null ? 1 : handshakeTimeout.toMillis());
    require("request-timeout", requestTimeout == null ? 1 : requestTimeout.toMillis());
    return this;
  }

  private static void require(String name, long value) {
    if (value < 1) {
      throw new SecurityRefusal(
          SecuritySettings.PREFIX + ".limits." + name + " is less than 1",
          "Give a positive value.");
    }
  }

  int pending() {
    return pendingConnections == null ? PENDING_CONNECTIONS : pendingConnections;
  }

  Duration request() {
    return requestTimeout == null ? REQUEST_TIMEOUT : requestTimeout;
  }

  void apply(GrpcServerProperties properties, NettyServerBuilder builder) {
    Duration handshake = handshakeTimeout == null ? HANDSHAKE_TIMEOUT : handshakeTimeout;
    builder.handshakeTimeout(handshake.toMillis(), TimeUnit.MILLISECONDS);
    builder.maxConcurrentCallsPerConnection(
        concurrentCalls == null ? CONCURRENT_CALLS : concurrentCalls);
    DataSize message = properties.getInbound().getMessage().getMaxSize();
    builder.maxInboundMessageSize(Math.toIntExact(message.toBytes()));
    DataSize metadata = properties.getInbound().getMetadata().getMaxSize();
    builder.maxInboundMetadataSize(Math.toIntExact(metadata.toBytes()));
    keepalive(properties.getKeepalive(), builder);
  }

  private static void keepalive(Keepalive keepalive, NettyServerBuilder builder) {
    set(keepalive.getTime(), builder::keepAliveTime);
    set(keepalive.getTimeout(), builder::keepAliveTimeout);
    set(keepalive.getPermit().getTime(), builder::permitKeepAliveTime);
    builder.permitKeepAliveWithoutCalls(keepalive.getPermit().isWithoutCalls());
    set(keepalive.getConnection().getMaxIdleTime(), builder::maxConnectionIdle);
    set(keepalive.getConnection().getMaxAge(), builder::maxConnectionAge);
    set(keepalive.getConnection().getGracePeriod(), builder::maxConnectionAgeGrace);
  }

  private static void set(@Nullable Duration duration, BiConsumer<Long, TimeUnit> setter) {
    if (duration != null) {
      setter.accept(duration.toNanos(), TimeUnit.NANOSECONDS);
    }
  }
}
