package dev.fenceline.coordinator.config;

import dev.fenceline.coordinator.adapter.grpc.GrpcAgentCommands;
import dev.fenceline.coordinator.adapter.grpc.GrpcAgentQueries;
import dev.fenceline.coordinator.adapter.grpc.GrpcHostCommands;
import dev.fenceline.coordinator.adapter.grpc.GrpcHostQueries;
import dev.fenceline.coordinator.adapter.grpc.NodeCalls;
import dev.fenceline.coordinator.adapter.grpc.NodeChannels;
import dev.fenceline.coordinator.adapter.grpc.RegistryGrpcService;
import dev.fenceline.coordinator.adapter.grpc.ReportStreams;
import dev.fenceline.coordinator.adapter.metrics.CoordinatorMeters;
import dev.fenceline.coordinator.adapter.metrics.RegistryGauges;
import dev.fenceline.coordinator.engine.RegistryEngine;
import dev.fenceline.coordinator.engine.RegistrySettings;
import dev.fenceline.coordinator.runtime.AgentCommands;
import dev.fenceline.coordinator.runtime.AgentQueries;
import dev.fenceline.coordinator.runtime.FanOut;
import dev.fenceline.coordinator.runtime.HostCommands;
import dev.fenceline.coordinator.runtime.HostQueries;
import dev.fenceline.coordinator.runtime.RegistryEvents;
import dev.fenceline.coordinator.runtime.RegistryRuntime;
import dev.fenceline.security.PeerIdentity;
import dev.fenceline.security.PeerRole;
import dev.fenceline.security.TransportSecurity;
import dev.fenceline.security.boot.TransportSecurityConfiguration;
import io.grpc.netty.NettyServerBuilder;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.grpc.server.ServerBuilderCustomizer;

/** Puts the coordinator together. Stateless. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(CoordinatorProperties.class)
@Import(TransportSecurityConfiguration.class)
class RegistryConfiguration {

  @Bean
  RegistrySettings registrySettings(CoordinatorProperties properties) {
    long timeoutNanos = properties.livenessTimeout().toNanos();
    long intervalNanos =
        nanosOr(properties.reportInterval(), timeoutNanos / RegistrySettings.REPORTS_PER_TIMEOUT);
    long windowNanos =
        nanosOr(properties.recoveryWindow(), RegistrySettings.derivedRecoveryNanos(intervalNanos));
    try {
      Integer expected = properties.expectedHosts();
      return new RegistrySettings(
          timeoutNanos,
          intervalNanos,
          windowNanos,
          properties.retention().toNanos(),
          expected == null ? 1 : expected,
          // Who was told how many there are waits for them; who was not must not wait for ever.
          expected == null ? RegistrySettings.WINDOWS_WITHOUT_HOST * windowNanos : Long.MAX_VALUE);
    } catch (IllegalArgumentException e) {
      throw new ContradictoryConfiguration(
          "below fenceline.coordinator, " + e.getMessage(),
          "Change liveness-timeout, report-interval, recovery-window or retention; leave the middle"
              + " two out to have them derived.",
          e);
    }
  }

  @Bean
  ServiceClock serviceClock() {
    return new ServiceClock();
  }

  @Bean
  CoordinatorMeters coordinatorMeters(MeterRegistry meters) {
    return new CoordinatorMeters(meters);
  }

  @Bean
  ReportStreams reportStreams() {
    return new ReportStreams();
  }

  @Bean
  PeerIdentity ownIdentity() {
    return PeerIdentity.any(PeerRole.COORDINATOR);
  }

  @Bean
  NodeChannels nodeChannels(TransportSecurity security) {
    return new NodeChannels(security);
  }

  @Bean(destroyMethod = "shutdownNow")
  ScheduledThreadPoolExecutor registryTimer() {
    ScheduledThreadPoolExecutor timer =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("registry-timer").factory());
    timer.setRemoveOnCancelPolicy(true);
    // A tick that comes when the process ends is nobody's.
    timer.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
    return timer;
  }

  @Bean(destroyMethod = "shutdownNow")
  ExecutorService virtualThreads() {
    return Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("coordinator-", 0).factory());
  }

  @Bean
  RegistryRuntime registryRuntime(
      RegistrySettings settings,
      RegistryRuntime.Ports ports,
      ServiceClock clock,
      ScheduledThreadPoolExecutor registryTimer,
      CoordinatorProperties properties,
      ExecutorService virtualThreads) {
    return new RegistryRuntime(
        new RegistryEngine(settings, bootToken(), clock.getAsLong()),
        ports,
        clock,
        registryTimer,
        properties.queueCapacity(),
        virtualThreads);
  }

  @Bean
  RegistryRuntime.Ports registryPorts(
      ReportStreams streams,
      NodeChannels channels,
      CoordinatorMeters meters,
      RegistryEvents events) {
    return new RegistryRuntime.Ports(streams, channels, meters, events);
  }

  @Bean
  RegistryGauges registryGauges(RegistryRuntime runtime) {
    return new RegistryGauges(runtime);
  }

  @Bean
  RegistryGrpcService registryGrpcService(RegistryRuntime runtime, ReportStreams streams) {
    return new RegistryGrpcService(runtime, streams);
  }

  /** Handlers of the registry never block, so that a report needs no second thread. */
  @Bean
  ServerBuilderCustomizer<NettyServerBuilder> directExecutor() {
    return NettyServerBuilder::directExecutor;
  }

  @Bean
  NodeCalls nodeCalls(
      NodeChannels channels, CoordinatorProperties properties, CoordinatorMeters meters) {
    return new NodeCalls(channels, properties.queryTimeout().toNanos(), meters);
  }

  @Bean
  HostQueries hostQueries(NodeCalls calls) {
    return new GrpcHostQueries(calls);
  }

  @Bean
  AgentQueries agentQueries(NodeCalls calls) {
    return new GrpcAgentQueries(calls);
  }

  @Bean
  HostCommands hostCommands(NodeCalls calls, CoordinatorProperties properties) {
    return new GrpcHostCommands(calls, properties.commandTimeout().toNanos());
  }

  @Bean
  AgentCommands agentCommands(NodeCalls calls) {
    return new GrpcAgentCommands(calls);
  }

  @Bean
  FanOut fanOut(ExecutorService virtualThreads, CoordinatorProperties properties) {
    return new FanOut(virtualThreads, properties.queryParallelism());
  }

  private static long nanosOr(@Nullable Duration configured, long derivedNanos) {
    return configured == null ? derivedNanos : configured.toNanos();
  }

  private static long bootToken() {
    SecureRandom random = new SecureRandom();
    long token = random.nextLong();
    while (token == 0) {
      token = random.nextLong(); // 0 is "not set" on the wire
    }
    return token;
  }
}
