package dev.fenceline.host.config;

import dev.fenceline.host.adapter.grpc.GrpcServing;
import dev.fenceline.host.adapter.grpc.WireEncoder;
import dev.fenceline.host.runtime.HostObserver;
import dev.fenceline.host.runtime.HostRuntime;
import io.grpc.BindableService;
import io.grpc.netty.NettyServerBuilder;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.grpc.server.ServerBuilderCustomizer;

/** The beans of a host. Stateless. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(HostProperties.class)
class HostConfiguration {
  /**
   * The epoch is the wall clock at start: greater at each start as long as the clock is not set
   * back past the last one.
   */
  @Bean(destroyMethod = "close")
  HostRuntime hostRuntime(HostProperties properties) {
    return new HostRuntime(
        properties.runtimeSettings(System.currentTimeMillis()),
        new WireEncoder(),
        HostObserver.NONE);
  }

  @Bean
  GrpcServing grpcServing(HostRuntime host) {
    return new GrpcServing(host);
  }

  @Bean
  BindableService attachService(GrpcServing serving) {
    return serving.services().get(0);
  }

  @Bean
  BindableService transferService(GrpcServing serving) {
    return serving.services().get(1);
  }

  @Bean
  BindableService spaceService(GrpcServing serving) {
    return serving.services().get(2);
  }

  @Bean
  BindableService queryService(GrpcServing serving) {
    return serving.services().get(3);
  }

  @Bean
  ServerBuilderCustomizer<NettyServerBuilder> serverThreadsAndLimits() {
    return GrpcServing::configure;
  }
}
