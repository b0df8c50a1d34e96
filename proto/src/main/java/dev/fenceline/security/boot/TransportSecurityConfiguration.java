package dev.fenceline.security.boot;

import dev.fenceline.security.PeerIdentity;
import dev.fenceline.security.SecuritySettings;
import dev.fenceline.security.TransportSecurity;
import io.grpc.netty.NettyServerBuilder;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.net.InetSocketAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.grpc.server.autoconfigure.GrpcServerProperties;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.env.Environment;
import org.springframework.grpc.server.GrpcServerFactory;
import org.springframework.grpc.server.ServerBuilderCustomizer;
import org.springframework.grpc.server.lifecycle.GrpcServerLifecycle;
import org.springframework.grpc.server.service.GrpcServiceConfigurer;
import org.springframework.grpc.server.service.GrpcServiceDiscoverer;

/**
 * The gRPC server of a service, secured by {@code fenceline.security}. Stateless. The service that
 * imports it has a bean of type {@link PeerIdentity}, which says what it is itself.
 */
@Configuration(proxyBeanMethods = false)
public class TransportSecurityConfiguration {
  private static final Logger LOG = LoggerFactory.getLogger(TransportSecurityConfiguration.class);

  @Bean
  SecuritySettings securitySettings(Environment environment) {
    SecuritySettings.Written written =
        Binder.get(environment)
            .bind(SecuritySettings.PREFIX, SecuritySettings.Written.class)
            .orElse(SecuritySettings.Written.NOTHING);
    return RefusedStart.unlessRefused(written::resolve);
  }

  @Bean(destroyMethod = "close")
  TransportSecurity transportSecurity(
      SecuritySettings settings, PeerIdentity self, MeterRegistry registry) {
    return RefusedStart.unlessRefused(
        () -> TransportSecurity.open(settings, self, new CallRefusals(registry)));
  }

  /** No number in plaintext, where nothing can expire: it compares as false in every alert. */
  @Bean
  MeterBinder certificateExpiry(TransportSecurity security) {
    return registry ->
        Gauge.builder(
                "fenceline.certificate.expiry.timestamp",
                security,
                from ->
                    from.certificateExpiry()
                        .map(expiry -> (double) expiry.getEpochSecond())
                        .orElse(Double.NaN))
            .baseUnit("seconds")
            .description("When the certificate in use expires, in seconds since 1970")
            .register(registry);
  }

  @Bean
  ConnectionLimits connectionLimits(Environment environment) {
    ConnectionLimits limits =
        Binder.get(environment)
            .bind(SecuritySettings.PREFIX + ".limits", ConnectionLimits.class)
            .orElse(ConnectionLimits.DEFAULT);
    return RefusedStart.unlessRefused(limits::checked);
  }

  @Bean(destroyMethod = "close")
  PendingConnections pendingConnections(ConnectionLimits limits) {
    return new PendingConnections(limits.pending());
  }

  @Bean(destroyMethod = "close")
  SlowRequests slowRequests(ConnectionLimits limits) {
    return new SlowRequests(limits.request());
  }

  @Bean
  ServerPlace serverPlace(
      SecuritySettings settings,
      GrpcServerProperties properties,
      ConnectionLimits limits,
      PendingConnections pending,
      SlowRequests slow) {
    Integer port = properties.getPort();
    InetSocketAddress bind =
        RefusedStart.unlessRefused(
            () -> BindAddress.of(settings, properties.getAddress(), port == null ? 9090 : port));
    tell(settings, bind);
    return new ServerPlace(
        bind,
        builder -> {
          limits.apply(properties, builder);
          pending.apply(builder);
          builder.intercept(slow);
        });
  }

  /** Takes the place of Boot's own factory, and serves what that one would. */
  @Bean
  GrpcServerFactory securedServerFactory(
      ServerPlace place,
      TransportSecurity security,
      ObjectProvider<ServerBuilderCustomizer<NettyServerBuilder>> customizers,
      GrpcServiceDiscoverer discoverer,
      GrpcServiceConfigurer configurer) {
    SecuredServerFactory factory =
        new SecuredServerFactory(place, security, customizers.orderedStream().toList());
    discoverer
        .findServices()
        .forEach(service -> factory.addService(configurer.configure(service, factory)));
    return factory;
  }

  @Bean
  @Lazy(false)
  GrpcServerLifecycle securedServerLifecycle(
      GrpcServerFactory factory,
      GrpcServerProperties properties,
      ApplicationEventPublisher publisher) {
    return new GrpcServerLifecycle(factory, properties.getShutdown().getGracePeriod(), publisher);
  }

  private static void tell(SecuritySettings settings, InetSocketAddress bind) {
    switch (settings) {
      case SecuritySettings.MutualTls ignored ->
          LOG.info("gRPC asks every caller for a certificate");
      case SecuritySettings.Plaintext plaintext -> {
        if (plaintext.networkAllowed()) {
          LOG.warn(
              "gRPC is plaintext on {}, as allow-plaintext-network says: whoever reaches it may do"
                  + " everything",
              bind);
        } else {
          LOG.warn(
              "development mode: gRPC is plaintext, on loopback only; docs/SECURITY.md tells how to"
                  + " serve a network");
        }
      }
    }
  }
}
