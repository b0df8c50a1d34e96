package dev.fenceline.security;

import static dev.fenceline.security.PeerRole.AGENT;
import static dev.fenceline.security.PeerRole.CLIENT;
import static dev.fenceline.security.PeerRole.COORDINATOR;
import static dev.fenceline.security.PeerRole.HOST;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which identities may call which gRPC service. Immutable. A service that is not named may be
 * called by nobody.
 */
public final class AccessTable {
  /** The client that may do what the coordinator may. */
  public static final String ADMIN_ID = "admin";

  private static final List<PeerIdentity> NODES =
      List.of(PeerIdentity.any(HOST), PeerIdentity.any(AGENT));
  private static final List<PeerIdentity> ASKERS =
      List.of(PeerIdentity.any(COORDINATOR), PeerIdentity.any(CLIENT));
  private static final List<PeerIdentity> OPERATORS =
      List.of(PeerIdentity.any(COORDINATOR), new PeerIdentity(CLIENT, ADMIN_ID));
  private static final List<PeerIdentity> EVERYBODY =
      List.of(
          PeerIdentity.any(COORDINATOR),
          PeerIdentity.any(HOST),
          PeerIdentity.any(AGENT),
          PeerIdentity.any(CLIENT));

  /** The table of docs/SECURITY.md. */
  public static final AccessTable FENCELINE =
      new AccessTable(
          Map.ofEntries(
              Map.entry("fenceline.attach.v1.AttachService", List.of(PeerIdentity.any(AGENT))),
              Map.entry("fenceline.transfer.v1.TransferService", List.of(PeerIdentity.any(AGENT))),
              Map.entry("fenceline.registry.v1.RegistryService", NODES),
              Map.entry("fenceline.query.v1.HostQueryService", ASKERS),
              Map.entry("fenceline.device.v1.DeviceService", ASKERS),
              Map.entry("fenceline.device.v1.SyncPointService", List.of(PeerIdentity.any(AGENT))),
              Map.entry("fenceline.device.v1.PeerMemoryService", NODES),
              Map.entry("fenceline.space.v1.AddressSpaceService", ASKERS),
              Map.entry("fenceline.control.v1.HostControlService", OPERATORS),
              Map.entry("fenceline.control.v1.AgentControlService", OPERATORS),
              Map.entry("grpc.health.v1.Health", EVERYBODY),
              Map.entry("grpc.reflection.v1.ServerReflection", ASKERS),
              Map.entry("grpc.reflection.v1alpha.ServerReflection", ASKERS)));

  private final Map<String, List<PeerIdentity>> callers;

  AccessTable(Map<String, List<PeerIdentity>> callers) {
    this.callers = new TreeMap<>(callers);
  }

  /** Whether the service has a row. */
  public boolean names(String service) {
    return callers.containsKey(service);
  }

  /** Why the caller may not call the service; null if it may. */
  @Nullable String objection(String service, PeerIdentity caller) {
    List<PeerIdentity> allowed = callers.getOrDefault(service, List.of());
    for (PeerIdentity identity : allowed) {
      if (caller.matches(identity)) {
        return null;
      }
    }
    return service + " may not be called by " + caller + ", only by " + allowed;
  }
}
