package dev.fenceline.agent.config;

import dev.fenceline.agent.adapter.grpc.AgentControlGrpcService;
import dev.fenceline.agent.adapter.grpc.DeviceGrpcService;
import dev.fenceline.agent.adapter.grpc.GrpcHostConnector;
import dev.fenceline.agent.adapter.grpc.GrpcSyncPeers;
import dev.fenceline.agent.adapter.grpc.PeerMemoryGrpcService;
import dev.fenceline.agent.adapter.grpc.SyncPointGrpcService;
import dev.fenceline.agent.adapter.metrics.AgentMeters;
import dev.fenceline.agent.engine.LinkSettings;
import dev.fenceline.agent.engine.LinkState;
import dev.fenceline.agent.runtime.AgentPeers;
import dev.fenceline.agent.runtime.AgentRuntime;
import dev.fenceline.agent.runtime.Delays;
import dev.fenceline.agent.runtime.HostLink;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.peer.GrpcPeerConnector;
import dev.fenceline.security.PeerIdentity;
import dev.fenceline.security.PeerRole;
import dev.fenceline.security.TransportSecurity;
import dev.fenceline.security.boot.TransportSecurityConfiguration;
import io.grpc.netty.NettyServerBuilder;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.grpc.server.ServerBuilderCustomizer;

/** Puts the agent together. Stateless. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(AgentProperties.class)
@Import(TransportSecurityConfiguration.class)
class AgentConfiguration {

  @Bean
  AgentRuntime.Settings agentSettings(AgentProperties properties) {
    LinkSettings defaults = LinkSettings.of(properties.agentId(), bootToken(), devices(properties));
    LinkSettings link =
        new LinkSettings(
            defaults.agentId(),
            defaults.bootToken(),
            defaults.devices(),
            properties.leaseSafety().toNanos(),
            defaults.greetingTimeoutNanos(),
            defaults.backoffInitialNanos(),
            defaults.backoffMaxNanos(),
            defaults.faultRetryInitialNanos(),
            defaults.faultRetryMaxNanos(),
            properties.limits().waitingFaults(),
            properties.limits().mirrors());
    return new AgentRuntime.Settings(
        link,
        new Delays(
            properties.delays().drain().toNanos(),
            properties.delays().dma().toNanos(),
            properties.delays().fault().toNanos()),
        properties.limits().queuedPrograms(),
        properties.stopTimeout().toNanos(),
        properties.migrateOnFault());
  }

  private static List<DeviceDescription> devices(AgentProperties properties) {
    List<DeviceDescription> devices = new ArrayList<>();
    for (AgentProperties.DeviceProperties device : properties.devices()) {
      Integer pages = device.memoryPages();
      devices.add(
          new DeviceDescription(
              devices.size(),
              device.name(),
              device.units(),
              pages == null ? properties.deviceMemoryPages() : pages,
              device.ownerGroup(),
              device.coherent()));
    }
    while (properties.devices().isEmpty() && devices.size() < properties.deviceCount()) {
      int index = devices.size();
      devices.add(
          new DeviceDescription(
              index,
              properties.agentId() + "-" + index,
              properties.deviceUnits(),
              properties.deviceMemoryPages(),
              "",
              false));
    }
    return devices;
  }

  @Bean
  PeerIdentity ownIdentity(AgentProperties properties) {
    return new PeerIdentity(PeerRole.AGENT, properties.agentId());
  }

  private static long bootToken() {
    return LinkSettings.bootToken(
        System.currentTimeMillis(), new SecureRandom().nextInt(1 << LinkSettings.BOOT_RANDOM_BITS));
  }

  @Bean
  AgentMeters agentMeters(MeterRegistry registry) {
    return new AgentMeters(registry);
  }

  @Bean
  AgentRuntime agentRuntime(
      AgentRuntime.Settings settings,
      AgentMeters meters,
      TransportSecurity security,
      GrpcPeerConnector peers) {
    AgentRuntime agent =
        new AgentRuntime(
            settings,
            (hostId, target) -> GrpcHostConnector.to(security, hostId, target),
            System::nanoTime,
            meters,
            new SplittableRandom(settings.link().bootToken()),
            new AgentPeers(peers, new GrpcSyncPeers(security)));
    meters.observe(agent);
    return agent;
  }

  @Bean
  GrpcPeerConnector peerConnector(AgentProperties properties, TransportSecurity security) {
    return new GrpcPeerConnector(properties.agentId(), security);
  }

  @Bean
  PeerMemoryGrpcService peerMemoryGrpcService(AgentRuntime agent) {
    return new PeerMemoryGrpcService(agent.peerDesk());
  }

  @Bean
  DeviceGrpcService deviceGrpcService(AgentRuntime agent) {
    return new DeviceGrpcService(agent);
  }

  @Bean
  SyncPointGrpcService syncPointGrpcService(AgentRuntime agent) {
    return new SyncPointGrpcService(agent);
  }

  @Bean
  AgentControlGrpcService agentControlGrpcService(AgentRuntime agent) {
    return new AgentControlGrpcService(agent);
  }

  @Bean(destroyMethod = "shutdownNow")
  ExecutorService virtualThreads() {
    return Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("agent-call-", 0).factory());
  }

  /** Handlers of the device service wait for programs. */
  @Bean
  ServerBuilderCustomizer<NettyServerBuilder> callsOnVirtualThreads(
      ExecutorService virtualThreads) {
    return builder -> builder.executor(virtualThreads);
  }

  @Bean("links")
  HealthIndicator linksHealth(AgentRuntime agent) {
    return () ->
        agent.links().stream().anyMatch(HostLink::isBroken)
            ? Health.down().withDetail("reason", "a link's engine broke; see the log").build()
            : Health.up().build();
  }

  @Bean("attached")
  HealthIndicator attachedHealth(AgentRuntime agent) {
    return () ->
        agent.links().stream().anyMatch(link -> link.state() == LinkState.ATTACHED)
            ? Health.up().build()
            : Health.outOfService()
                .withDetail(
                    "reason",
                    agent.left()
                        ? "every device is drained"
                        : "not attached to any of " + agent.links().size() + " hosts")
                .build();
  }
}
