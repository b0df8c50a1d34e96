package dev.fenceline.agent.config;

import dev.fenceline.agent.adapter.coordinator.AgentRegistration;
import dev.fenceline.agent.runtime.AgentRuntime;
import dev.fenceline.registration.AddressLookup;
import dev.fenceline.registration.CoordinatorTarget;
import dev.fenceline.registration.RegistryLinks;
import dev.fenceline.security.PeerIdentity;
import dev.fenceline.security.PeerRole;
import dev.fenceline.security.TransportSecurity;
import java.util.SplittableRandom;
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

  /** Written once, before the servers answer that they are ready. */
  private volatile @Nullable RegistryLinks registry;

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
    agent.servesPeersAt(properties.advertisedAddress() + ":" + grpcPort);
    properties.hosts().forEach(agent::addHost);
    RegistryLinks links = links(httpPort);
    registry = links;
    links.start();
  }

  private RegistryLinks links(String httpPort) {
    String name = properties.advertisedAddress();
    AgentRegistration registration =
        new AgentRegistration(
            agent, new AgentRegistration.Endpoints(name + ":" + grpcPort, name + ":" + httpPort));
    PeerIdentity coordinator = PeerIdentity.any(PeerRole.COORDINATOR);
    return new RegistryLinks(
        properties.coordinators().stream().map(CoordinatorTarget::parse).toList(),
        AddressLookup.SYSTEM,
        address -> security.dial(address, coordinator).directExecutor().build(),
        registration::report,
        registration::heard,
        new SplittableRandom(~agent.bootToken()));
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
    RegistryLinks links = registry;
    if (links != null) {
      links.close();
    }
    agent.close();
  }
}
