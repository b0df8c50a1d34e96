package dev.fenceline.coordinator.config;

import dev.fenceline.coordinator.runtime.RegistryRuntime;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * What the probes ask: liveness is whether the engine works, readiness whether its content is an
 * answer. Stateless.
 */
@Configuration(proxyBeanMethods = false)
class RegistryHealth {

  @Bean("registry")
  HealthIndicator registryHealth(RegistryRuntime runtime) {
    return () ->
        runtime.isBroken()
            ? Health.down().withDetail("reason", "the registry engine broke; see the log").build()
            : Health.up().build();
  }

  @Bean("recovery")
  HealthIndicator recoveryHealth(RegistryRuntime runtime) {
    return () ->
        runtime.counts().recovering()
            ? Health.outOfService().withDetail("reason", "recovering").build()
            : Health.up().build();
  }
}
