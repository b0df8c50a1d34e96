package dev.fenceline.host.config;

import dev.fenceline.host.adapter.coordinator.HostRegistration;
import dev.fenceline.host.runtime.HostRuntime;
import dev.fenceline.registration.AddressLookup;
import dev.fenceline.registration.CoordinatorTarget;
import dev.fenceline.registration.RegistryLinks;
import dev.fenceline.security.PeerIdentity;
import dev.fenceline.security.PeerRole;
import dev.fenceline.security.TransportSecurity;
import java.security.SecureRandom;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.env.Environment;
import org.springframework.grpc.server.lifecycle.GrpcServerStartedEvent;
import org.springframework.stereotype.Component;

/** What happens when the servers listen, and before they stop. Thread-safe. */
@Component
class HostLifecycle {
  private final HostProperties properties;
  private final HostRuntime host;
  private final TransportSecurity security;
  private final Environment environment;
  private volatile int grpcPort;
  private volatile @Nullable RegistryLinks registry;

  HostLifecycle(
      HostProperties properties,
      HostRuntime host,
      TransportSecurity security,
      Environment environment) {
    this.security = security;
    this.properties = properties;
    this.host = host;
    this.environment = environment;
  }

  @EventListener
  void grpcStarted(GrpcServerStartedEvent event) {
    grpcPort = event.getPort();
  }

  /** Reports only now, so that what is reported can be reached; launchers read the line. */
  @EventListener(ApplicationReadyEvent.class)
  @SuppressWarnings("SystemOut") // a contract with launchers, independent of the log's format
  void ready() {
    String httpPort = environment.getProperty("local.server.port", "0");
    RegistryLinks links = links(httpPort);
    registry = links;
    links.start();
    System.out.println("fenceline-mm-host ready grpc=" + grpcPort + " http=" + httpPort);
  }

  private RegistryLinks links(String httpPort) {
    long bootToken = bootToken();
    String name = properties.advertisedHost();
    HostRegistration registration =
        new HostRegistration(
            host,
            new HostRegistration.Identity(bootToken, name + ":" + grpcPort, name + ":" + httpPort));
    PeerIdentity coordinator = PeerIdentity.any(PeerRole.COORDINATOR);
    return new RegistryLinks(
        properties.coordinators().stream().map(CoordinatorTarget::parse).toList(),
        AddressLookup.SYSTEM,
        address -> security.dial(address, coordinator).directExecutor().build(),
        registration::report,
        update -> {},
        new SplittableRandom(~bootToken));
  }

  /** Comes before the servers' own stop: streams end in good order, nobody waits for a lease. */
  @EventListener(ContextClosedEvent.class)
  void closing() {
    RegistryLinks links = registry;
    if (links != null) {
      links.close();
    }
    host.events().close();
    host.sessions().endStreams();
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
