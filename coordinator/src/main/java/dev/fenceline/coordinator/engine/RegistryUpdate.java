package dev.fenceline.coordinator.engine;

import java.util.List;

/**
 * What the coordinator tells a node; immutable.
 *
 * @param revision grows with each change of the list of hosts, within one start of the coordinator
 * @param hosts every host that an agent should be attached to, by id; empty for hosts
 * @param recovering the list may still lack hosts: keep the ones you know
 */
public record RegistryUpdate(
    long coordinatorBootToken,
    long revision,
    List<HostEndpoint> hosts,
    long reportIntervalNanos,
    boolean recovering) {
  /** Where a host is reached. */
  public record HostEndpoint(String hostId, String endpoint) {}
}
