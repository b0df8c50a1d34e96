package dev.fenceline.testbed.replay;

import dev.fenceline.client.CallFailedException;
import dev.fenceline.client.DeviceClient;
import dev.fenceline.client.HostClient;
import dev.fenceline.client.ServiceChannel;
import dev.fenceline.device.v1.AgentInfo;
import dev.fenceline.device.v1.DeviceInfo;
import dev.fenceline.device.v1.HostLink;
import dev.fenceline.security.PeerRole;
import dev.fenceline.security.TransportSecurity;
import dev.fenceline.testbed.launch.LaunchFailure;
import dev.fenceline.testbed.report.RunReport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The host and the devices that a replay uses, over gRPC. Thread-safe. */
final class Cluster implements AutoCloseable {
  private static final Duration CALL_BOUND = Duration.ofSeconds(60);
  private static final Duration PROGRAM_BOUND = Duration.ofSeconds(90);
  private static final String ATTACHED = "attached";

  private final List<ServiceChannel> channels;
  private final HostClient host;
  private final List<Device> devices;
  private final String hostId;

  private Cluster(
      List<ServiceChannel> channels, HostClient host, List<Device> devices, String hostId) {
    this.channels = channels;
    this.host = host;
    this.devices = List.copyOf(devices);
    this.hostId = hostId;
  }

  /** One device of one agent. */
  record Device(DeviceClient client, String agentId, int index) {
    String id() {
      return agentId + "/" + index;
    }

    /** What the agent says about it. */
    DeviceInfo info() {
      return client.agent().getDevices(index);
    }
  }

  /**
   * Dials a host and agents, and waits until the agents are attached to it.
   *
   * @param security how to dial them
   * @param maxDevices take no more, evenly from the agents
   * @throws LaunchFailure if they are not attached in time
   */
  static Cluster connect(
      TransportSecurity security,
      String hostAddress,
      List<String> agentAddresses,
      int maxDevices,
      Duration within)
      throws LaunchFailure, InterruptedException {
    long deadline = System.nanoTime() + within.toNanos();
    List<ServiceChannel> channels = new ArrayList<>();
    ServiceChannel host = ServiceChannel.to(hostAddress, security, PeerRole.HOST);
    channels.add(host);
    HostClient client = new HostClient(host, CALL_BOUND);
    List<List<Device>> byAgent = new ArrayList<>();
    for (String address : agentAddresses) {
      ServiceChannel agent = ServiceChannel.to(address, security, PeerRole.AGENT);
      channels.add(agent);
      byAgent.add(attached(new DeviceClient(agent, PROGRAM_BOUND), address, deadline));
    }
    return new Cluster(channels, client, evenly(byAgent, maxDevices), client.host().getHostId());
  }

  private static List<Device> attached(DeviceClient client, String address, long deadlineNanos)
      throws LaunchFailure, InterruptedException {
    String state = "not reachable";
    while (System.nanoTime() - deadlineNanos < 0) {
      try {
        AgentInfo info = client.agent();
        state = info.getHostsList().toString().strip().replace('\n', ' ');
        if (info.getHostsList().stream().anyMatch(link -> link.getState().equals(ATTACHED))) {
          return info.getDevicesList().stream()
              .map(device -> new Device(client, info.getAgentId(), device.getIndex()))
              .toList();
        }
      } catch (CallFailedException e) {
        state = String.valueOf(e.getMessage());
      }
      Thread.sleep(50);
    }
    throw new LaunchFailure("the agent at " + address + " is not attached to a host: " + state);
  }

  /** The first of each agent, then the second of each, and so on. */
  private static List<Device> evenly(List<List<Device>> byAgent, int most) {
    List<Device> chosen = new ArrayList<>();
    for (int index = 0; chosen.size() < most; index++) {
      int before = chosen.size();
      for (List<Device> agent : byAgent) {
        if (index < agent.size() && chosen.size() < most) {
          chosen.add(agent.get(index));
        }
      }
      if (chosen.size() == before) {
        break;
      }
    }
    return chosen;
  }

  HostClient host() {
    return host;
  }

  List<Device> devices() {
    return devices;
  }

  /** What has moved between the host and devices since these were started. */
  RunReport.Migrations moved() {
    long toDevices = 0;
    long home = 0;
    long evicted = 0;
    Set<String> agents = new TreeSet<>();
    for (Device device : devices) {
      AgentInfo agent = device.client().agent();
      evicted += agent.getDevices(device.index()).getEvictedPages();
      if (agents.add(device.agentId())) {
        for (HostLink link : agent.getHostsList()) {
          toDevices += link.getPagesFetched();
          home += link.getPagesPushed();
        }
      }
    }
    return new RunReport.Migrations(toDevices, home, evicted);
  }

  /** The host as it names itself. */
  String hostId() {
    return hostId;
  }

  @Override
  public void close() {
    channels.forEach(ServiceChannel::close);
  }
}
