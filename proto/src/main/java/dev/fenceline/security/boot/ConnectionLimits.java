package dev.fenceline.security.boot;

import io.grpc.netty.NettyServerBuilder;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.grpc.server.autoconfigure.GrpcServerProperties;
import org.springframework.boot.grpc.server.autoconfigure.GrpcServerProperties.Keepalive;
import org.springframework.util.unit.DataSize;

/**
 * What a server grants a connection: Boot's {@code spring.grpc.server} limits, and two that Boot
 * does not have. Immutable.
 *
 * @param handshakeTimeout until TLS and the HTTP/2 preface are done
 * @param maxConcurrentCalls on one connection
 */
record ConnectionLimits(@Nullable Duration handshakeTimeout, @Nullable Integer maxConcurrentCalls) {
  static final ConnectionLimits DEFAULT = new ConnectionLimits(null, null);

  private static final Duration HANDSHAKE_TIMEOUT = Duration.ofSeconds(10);
  private static final int MAX_CONCURRENT_CALLS = 1024;

  void apply(GrpcServerProperties properties, NettyServerBuilder builder) {
    Duration handshake = handshakeTimeout == null ? HANDSHAKE_TIMEOUT : handshakeTimeout;
    builder.handshakeTimeout(handshake.toMillis(), TimeUnit.MILLISECONDS);
    builder.maxConcurrentCallsPerConnection(
        maxConcurrentCalls == null ? MAX_CONCURRENT_CALLS : maxConcurrentCalls);
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
