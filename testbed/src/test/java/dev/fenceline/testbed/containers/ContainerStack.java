package dev.fenceline.testbed.containers;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.ContainerNetwork;
import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.Ports;
import dev.fenceline.client.ServiceChannel;
import dev.fenceline.security.PeerIdentity;
import dev.fenceline.security.PeerRole;
import dev.fenceline.testbed.launch.Installation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.lifecycle.Startables;
import org.testcontainers.utility.DockerImageName;

/**
 * A coordinator, a host and agents as containers on a network of their own, as locked down as the
 * compose file has them. Confined to one thread.
 */
final class ContainerStack implements AutoCloseable {
  private static final Duration READY_WITHIN = Duration.ofSeconds(400);
  private static final int COORDINATOR_HTTP = 8080;
  private static final int HOST_GRPC = 9191;
  private static final int AGENT_GRPC = 9092;

  private final DockerClient docker = DockerClientFactory.lazyClient();
  private final Network network = Network.newNetwork();
  private final String tag;
  private final ContainerCertificates certificates;
  private final Node coordinator;
  private final Node host;
  private final List<Node> agents = new ArrayList<>();

  /** A container and the name under which the others reach it. */
  private record Node(String name, GenericContainer<?> container) {}

  private ContainerStack(String tag, ContainerCertificates certificates, int agentCount) {
    this.tag = tag;
    this.certificates = certificates;
    PeerIdentity registry = new PeerIdentity(PeerRole.COORDINATOR, "coordinator");
    coordinator = node(registry, "coordinator", Map.of(), COORDINATOR_HTTP);
    host =
        node(
            new PeerIdentity(PeerRole.HOST, "host-1"),
            "mm-host",
            Map.of(
                "FENCELINE_HOST_HOSTID", "host-1",
                // Who is late has to be looked at before the lease has ended, on a slow machine,
                // too.
                "FENCELINE_HOST_LEASE_TTL", "8s",
                "FENCELINE_HOST_ADVERTISEDHOST", "host",
                "FENCELINE_HOST_COORDINATORS", "coordinator:9090"),
            HOST_GRPC);
    for (int i = 1; i <= agentCount; i++) {
      String name = "agent-" + i;
      agents.add(
          node(
              new PeerIdentity(PeerRole.AGENT, name),
              "device-agent",
              Map.of(
                  "FENCELINE_AGENT_AGENTID", name,
                  "FENCELINE_AGENT_ADVERTISEDADDRESS", name,
                  "FENCELINE_AGENT_COORDINATORS", "coordinator:9090"),
              AGENT_GRPC));
    }
  }

  /** Starts all containers at once and waits until each is healthy by its own image's check. */
  static ContainerStack start(String tag, ContainerCertificates certificates, int agentCount) {
    ContainerStack stack = new ContainerStack(tag, certificates, agentCount);
    boolean healthy = false;
    try {
      Startables.deepStart(stack.nodes().stream().map(Node::container).toList()).join();
      healthy = true;
      return stack;
    } finally {
      if (!healthy) {
        stack.close();
      }
    }
  }

  private List<Node> nodes() {
    List<Node> nodes = new ArrayList<>(List.of(coordinator, host));
    nodes.addAll(agents);
    return nodes;
  }

  private Node node(
      PeerIdentity identity, String image, Map<String, String> environment, int port) {
    String name = identity.role() == PeerRole.HOST ? "host" : identity.id();
    GenericContainer<?> container =
        new GenericContainer<>(DockerImageName.parse("fenceline/" + image + ":" + tag))
            .withImagePullPolicy(ignored -> false)
            .withNetwork(network)
            .withNetworkAliases(name)
            .withEnv(environment)
            // What it needs of memory is measured, and must not depend on this machine's
            // processors.
            .withEnv("JAVA_TOOL_OPTIONS", "-XX:ActiveProcessorCount=2")
            .withEnv("FENCELINE_REST_AUTH_TOKENSFILE", "/etc/fenceline/tls/tokens.yaml")
            .withEnv("FENCELINE_SECURITY_CERTIFICATE", "/etc/fenceline/tls/tls.crt")
            .withEnv("FENCELINE_SECURITY_PRIVATEKEY", "/etc/fenceline/tls/tls.key")
            .withEnv("FENCELINE_SECURITY_TRUSTEDCA", "/etc/fenceline/tls/ca.crt")
            .withExposedPorts(port)
            .waitingFor(Wait.forHealthcheck().withStartupTimeout(READY_WITHIN))
            .withCreateContainerCmdModifier(
                command ->
                    lockDown(
                        Objects.requireNonNull(command.getHostConfig()),
                        certificates.of(identity)));
    return new Node(name, container);
  }

  private static void lockDown(HostConfig config, Path certificates) {
    config
        .withBinds(Bind.parse(certificates + ":/etc/fenceline/tls:ro"))
        .withReadonlyRootfs(true)
        .withTmpFs(Map.of("/tmp", "exec,size=64m,mode=1777"))
        .withCapDrop(Capability.ALL)
        .withSecurityOpts(List.of("no-new-privileges:true"));
  }

  String restAddress() {
    return "http://" + address(coordinator, COORDINATOR_HTTP);
  }

  ServiceChannel dialHost() {
    return ServiceChannel.to(address(host, HOST_GRPC), certificates.caller(), PeerRole.HOST);
  }

  /**
   * Dials the agent anew: a container that was restarted or reconnected has another port outside.
   */
  ServiceChannel dialAgent(String name) {
    return ServiceChannel.to(
        address(agent(name), AGENT_GRPC), certificates.caller(), PeerRole.AGENT);
  }

  private Node agent(String name) {
    return agents.stream().filter(each -> each.name.equals(name)).findFirst().orElseThrow();
  }

  private String address(Node node, int port) {
    Ports ports = docker.inspectContainerCmd(id(node)).exec().getNetworkSettings().getPorts();
    Ports.Binding[] bindings = ports.getBindings().get(ExposedPort.tcp(port));
    if (bindings == null || bindings.length == 0) {
      throw new IllegalStateException(node.name + " publishes no port " + port);
    }
    return node.container.getHost() + ":" + bindings[0].getHostPortSpec();
  }

  private static String id(Node node) {
    return node.container.getContainerId();
  }

  void kill(String agent) {
    docker.killContainerCmd(id(agent(agent))).exec();
  }

  void restart(String agent) {
    docker.startContainerCmd(id(agent(agent))).exec();
  }

  void pause(String agent) {
    docker.pauseContainerCmd(id(agent(agent))).exec();
  }

  void unpause(String agent) {
    docker.unpauseContainerCmd(id(agent(agent))).exec();
  }

  void disconnect(String agent) {
    docker
        .disconnectFromNetworkCmd()
        .withNetworkId(network.getId())
        .withContainerId(id(agent(agent)))
        .exec();
  }

  void reconnect(String agent) {
    docker
        .connectToNetworkCmd()
        .withNetworkId(network.getId())
        .withContainerId(id(agent(agent)))
        .withContainerNetwork(new ContainerNetwork().withAliases(agent))
        .exec();
  }

  /** Resident memory of each container's processes, in MiB, by name. */
  int residentMebibytes(String name) throws IOException, InterruptedException {
    Node node = nodes().stream().filter(each -> each.name.equals(name)).findFirst().orElseThrow();
    String status = node.container.execInContainer("grep", "VmRSS", "/proc/1/status").getStdout();
    return Integer.parseInt(status.replaceAll("[^0-9]", "")) / 1024;
  }

  /** Keeps what the services said below target/, then removes everything. */
  @Override
  public void close() {
    Path logs = Installation.current().root().resolve("testbed/target/containers");
    for (Node node : nodes()) {
      if (node.container.getContainerId() != null) {
        try {
          Files.createDirectories(logs);
          Files.writeString(logs.resolve(node.name + ".log"), node.container.getLogs());
        } catch (IOException | RuntimeException e) {
          System.err.println("no log of " + node.name + ": " + e.getMessage());
        }
      }
      node.container.stop();
    }
    network.close();
  }
}
