package dev.fenceline.coordinator.engine;

import dev.fenceline.coordinator.engine.NodeLoad.AgentLoad;
import dev.fenceline.coordinator.engine.NodeLoad.DeviceLoad;
import dev.fenceline.coordinator.engine.NodeLoad.HostLoad;
import dev.fenceline.coordinator.engine.NodeLoad.LinkLoad;
import dev.fenceline.coordinator.engine.Refusal.Malformed;
import dev.fenceline.model.DeviceId;
import java.util.List;
import java.util.Optional;

/** What a report must look like before the registry believes a word of it; stateless. */
final class ReportCheck {
  static final int MAX_DEVICES_PER_AGENT = 256;
  static final int MAX_LINKS_PER_AGENT = RegistryEngine.MAX_HOSTS;
  static final int MAX_NAME_LENGTH = 128;
  static final int MAX_ENDPOINT_LENGTH = 255;

  static final int MAX_ID_LENGTH = 128;

  private ReportCheck() {}

  /** The first thing that is wrong with the report, if anything is. */
  static Optional<Malformed> fault(NodeReport report) {
    if (!isNodeId(report.nodeId())) {
      return malformed(
          "node_id",
          "must be 1 to 128 letters, digits, '.', '_' or '-' and start with a letter or digit, not "
              + quoted(report.nodeId()));
    }
    if (report.nodeId().equals(DeviceId.CPU.agentId())) {
      return malformed(
          "node_id",
          "must not be " + quoted(report.nodeId()) + ": that names a host's own CPU TLBs");
    }
    if (report.bootToken() == 0) {
      return malformed("boot_token", "must be set to a random number per process start, not 0");
    }
    if (!isEndpoint(report.endpoint())) {
      return malformed(
          "endpoint",
          "must be host:port of the node's gRPC server, not " + quoted(report.endpoint()));
    }
    if (!report.httpEndpoint().isEmpty() && !isEndpoint(report.httpEndpoint())) {
      return malformed(
          "http_endpoint", "must be host:port or empty, not " + quoted(report.httpEndpoint()));
    }
    return switch (report.load()) {
      case null -> malformed("node", "must be set to host or agent");
      case HostLoad host -> hostFault(host);
      case AgentLoad agent -> devicesFault(agent.devices()).or(() -> linksFault(agent.links()));
    };
  }

  private static Optional<Malformed> hostFault(HostLoad host) {
    if (host.totalFrames() < 0 || host.freeFrames() < 0 || host.freeFrames() > host.totalFrames()) {
      return malformed(
          "host.free_frames",
          "must be at most total_frames, not " + host.freeFrames() + " of " + host.totalFrames());
    }
    if (host.quarantinedAgents().size() > RegistryEngine.MAX_AGENTS
        || host.quarantinedAgents().stream().anyMatch(id -> !isNodeId(id))) {
      return malformed(
          "host.quarantined_agents", "must be at most " + RegistryEngine.MAX_AGENTS + " agent ids");
    }
    return Optional.empty();
  }

  private static Optional<Malformed> devicesFault(List<DeviceLoad> devices) {
    if (devices.size() > MAX_DEVICES_PER_AGENT) {
      return malformed(
          "agent.devices", "must be at most " + MAX_DEVICES_PER_AGENT + ", not " + devices.size());
    }
    int before = -1;
    for (DeviceLoad device :
        devices.stream().sorted((a, b) -> Integer.compare(a.index(), b.index())).toList()) {
      if (device.index() < 0 || device.index() == before) {
        return malformed(
            "agent.devices.index",
            "must be unique and at most 2^31 - 1, not " + Integer.toUnsignedString(device.index()));
      }
      if (device.name().length() > MAX_NAME_LENGTH) {
        return malformed(
            "agent.devices.name",
            "must be at most " + MAX_NAME_LENGTH + " characters, not " + device.name().length());
      }
      if (device.standing().length() > MAX_NAME_LENGTH) {
        return malformed(
            "agent.devices.standing", "must be at most " + MAX_NAME_LENGTH + " characters");
      }
      before = device.index();
    }
    return Optional.empty();
  }

  private static Optional<Malformed> linksFault(List<LinkLoad> links) {
    if (links.size() > MAX_LINKS_PER_AGENT) {
      return malformed(
          "agent.links", "must be at most " + MAX_LINKS_PER_AGENT + ", not " + links.size());
    }
    for (LinkLoad link : links) {
      if (link.hostId().length() > MAX_NAME_LENGTH || link.state().length() > MAX_NAME_LENGTH) {
        return malformed(
            "agent.links",
            "must have a host_id and a state of at most " + MAX_NAME_LENGTH + " characters");
      }
    }
    return Optional.empty();
  }

  private static boolean isNodeId(String id) {
    return !id.isEmpty()
        && id.length() <= MAX_ID_LENGTH
        && isLetterOrDigit(id.charAt(0))
        && id.chars().allMatch(c -> isLetterOrDigit(c) || c == '.' || c == '_' || c == '-');
  }

  private static boolean isEndpoint(String endpoint) {
    int colon = endpoint.lastIndexOf(':');
    return endpoint.length() <= MAX_ENDPOINT_LENGTH
        && colon >= 1
        && isAddress(endpoint.substring(0, colon))
        && isPort(endpoint.substring(colon + 1));
  }

  /** A name, an IPv4 address, or an IPv6 address in brackets. */
  private static boolean isAddress(String address) {
    if (address.startsWith("[") && address.endsWith("]") && address.length() > 2) {
      return address
          .substring(1, address.length() - 1)
          .chars()
          .allMatch(c -> isLetterOrDigit(c) || c == ':' || c == '.' || c == '%');
    }
    return address.chars().allMatch(c -> isLetterOrDigit(c) || c == '.' || c == '_' || c == '-');
  }

  private static boolean isPort(String port) {
    return !port.isEmpty()
        && port.length() <= 5
        && port.chars().allMatch(c -> c >= '0' && c <= '9')
        && Integer.parseInt(port) >= 1
        && Integer.parseInt(port) <= 65535;
  }

  private static boolean isLetterOrDigit(int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  }

  private static Optional<Malformed> malformed(String field, String requirement) {
    return Optional.of(new Malformed(field, requirement));
  }

  private static String quoted(String value) {
    String shown = value.length() <= 80 ? value : value.substring(0, 80) + "...";
    return "'" + shown.replaceAll("\\p{Cntrl}", "?") + "'";
  }
}
