package dev.fenceline.host.config;

import dev.fenceline.host.adapter.tracing.InvalidationTracer;
import org.springframework.boot.autoconfigure.condition.ConditionalOnExpression;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Traces, if there is an endpoint to send them to. Stateless. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(HostTracingProperties.class)
@ConditionalOnExpression("'${fenceline.host.tracing.endpoint:}' != ''")
class TracingConfiguration {
  /** Also what gives Prometheus' histograms their exemplars: Boot hands it to the registry. */
  @Bean(destroyMethod = "close")
  InvalidationTracer invalidationTracer(HostProperties host, HostTracingProperties tracing) {
    return new InvalidationTracer(host.hostId(), tracing.endpoint(), tracing.samplingRatio());
  }
}
