package dev.fenceline.host.config;

import dev.fenceline.host.adapter.grpc.GrpcServing;
import dev.fenceline.host.adapter.grpc.WireEncoder;
import dev.fenceline.host.adapter.metrics.HostMeters;
import dev.fenceline.host.runtime.HostRuntime;
import dev.fenceline.host.runtime.InvalidationTraces;
import dev.fenceline.peer.GrpcPeerConnector;
import dev.fenceline.security.PeerIdentity;
import dev.fenceline.security.PeerRole;
import dev.fenceline.security.TransportSecurity;
import dev.fenceline.security.boot.TransportSecurityConfiguration;
import io.grpc.BindableService;
import io.grpc.netty.NettyServerBuilder;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.grpc.server.ServerBuilderCustomizer;

/** The beans of a host. Stateless. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({HostProperties.class, HostMetricsProperties.class})
@Import(TransportSecurityConfiguration.class)
class HostConfiguration {
  @Bean
  PeerIdentity ownIdentity(HostProperties properties) {
    return new PeerIdentity(PeerRole.HOST, properties.hostId());
  }

  @Bean
  HostMeters hostMeters(
      MeterRegistry registry,
      HostMetricsProperties properties,
      ObjectProvider<InvalidationTraces> traces) {
    return new HostMeters(
        registry, properties.agentLabels(), traces.getIfAvailable(() -> InvalidationTraces.NONE));
  }

  /** The way to the memory of coherent devices. */
  @Bean
  GrpcPeerConnector deviceConnector(TransportSecurity security) {
    return new GrpcPeerConnector("", security);
  }

  /**
   * The epoch is the wall clock at start: greater at each start, as long as the clock is not set
   * back past the last one.
   */
  @Bean(destroyMethod = "close")
  HostRuntime hostRuntime(HostProperties properties, HostMeters meters, GrpcPeerConnector devices) {
    HostRuntime host;
    try {
      host =
          new HostRuntime(
              properties.runtimeSettings(System.currentTimeMillis()),
              new WireEncoder(),
              meters,
              devices);
    } catch (IllegalArgumentException | OutOfMemoryError e) {
      throw new ContradictoryConfiguration(String.valueOf(e.getMessage()), e);
    }
    meters.observe(host);
    return host;
  }

  @Bean
  GrpcServing grpcServing(HostRuntime host) {
    return new GrpcServing(host);
  }

  @Bean
  BindableService attachService(GrpcServing serving) {
    return serving.attach();
  }

  @Bean
  BindableService transferService(GrpcServing serving) {
    return serving.transfer();
  }

  @Bean
  BindableService spaceService(GrpcServing serving) {
    return serving.spaces();
  }

  @Bean
  BindableService queryService(GrpcServing serving) {
    return serving.queries();
  }

  @Bean
  BindableService controlService(GrpcServing serving) {
    return serving.control();
  }

  @Bean
  ServerBuilderCustomizer<NettyServerBuilder> serverThreads() {
    return GrpcServing::onThreads;
  }

  /** Down for good once an invariant was found broken: the process has to be restarted. */
  @Bean("invariants")
  HealthIndicator invariantsHealth(HostRuntime host) {
    return () -> {
      String stopped = host.stopped();
      return stopped == null
          ? Health.up().build()
          : Health.down().withDetail("reason", stopped).build();
    };
  }
}
