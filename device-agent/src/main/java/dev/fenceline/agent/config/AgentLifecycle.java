package dev.fenceline.agent.config;

import dev.fenceline.agent.adapter.coordinator.RegistryClient;
import dev.fenceline.agent.runtime.AgentRuntime;
import dev.fenceline.security.PeerIdentity;
import dev.fenceline.security.PeerRole;
import dev.fenceline.security.TransportSecurity;
import java.util.SplittableRandom;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.event.ApplicationStartedEvent;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.env.Environment;
import org.springframework.grpc.server.lifecycle.GrpcServerStartedEvent;
import org.springframework.stereotype.Component;

/** What happens when the servers listen, and before they stop. Thread-safe. */
@Component
class AgentLifecycle {
  private final AgentProperties properties;
  private final AgentRuntime agent;
  private final TransportSecurity security;
  private final Environment environment;
  private volatile int grpcPort;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("registry-timer").factory());

  /** Written once, before the servers answer that they are ready. */
  private volatile @Nullable RegistryClient registry;

  AgentLifecycle(
      AgentProperties properties,
      AgentRuntime agent,
      TransportSecurity security,
      Environment environment) {
    this.security = security;
    this.properties = properties;
    this.agent = agent;
    this.environment = environment;
  }

  /** Which port it is: the configured one may be 0. Comes before the application has started. */
  @EventListener
  void grpcStarted(GrpcServerStartedEvent event) {
    grpcPort = event.getPort();
  }

  /** Attaches when others can reach this agent, so that what it reports is true. */
  @EventListener(ApplicationStartedEvent.class)
  void started() {
    String httpPort = environment.getProperty("local.server.port", "0");
    announce(grpcPort, httpPort);
    properties.hosts().forEach(agent::addHost);
    if (!properties.coordinator().isEmpty()) {
      String host = properties.advertisedAddress();
      RegistryClient client =
          new RegistryClient(
              security
                  .dial(properties.coordinator(), PeerIdentity.any(PeerRole.COORDINATOR))
                  .directExecutor()
                  .build(),
              agent,
              new RegistryClient.Endpoints(host + ":" + grpcPort, host + ":" + httpPort),
              timer,
              new SplittableRandom(~agent.bootToken()));
      registry = client;
      client.start();
    }
  }

  @SuppressWarnings("SystemOut") // a contract with launchers, independent of the log's format
  private static void announce(int grpcPort, String httpPort) {
    System.out.println("fenceline-device-agent ready grpc=" + grpcPort + " http=" + httpPort);
  }

  /**
   * Comes before the servers' own stop: no program begins, those that run end or are preempted,
   * devices drain, hosts are left. This is what SIGTERM does.
   */
  @EventListener(ContextClosedEvent.class)
  void closing() {
    try {
      agent.drainAndLeave("the process stops", properties.drainTimeout().toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    RegistryClient client = registry;
    if (client != null) {
      client.close();
    }
    timer.shutdownNow();
    agent.close();
  }
}
