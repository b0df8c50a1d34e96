package dev.fenceline.testbed.catalogue;

import dev.fenceline.agent.adapter.grpc.AgentControlGrpcService;
import dev.fenceline.agent.adapter.grpc.DeviceGrpcService;
import dev.fenceline.agent.adapter.grpc.GrpcHostConnector;
import dev.fenceline.agent.adapter.grpc.PeerMemoryGrpcService;
import dev.fenceline.agent.engine.LinkSettings;
import dev.fenceline.agent.engine.LinkState;
import dev.fenceline.agent.engine.memory.MigrationPolicy;
import dev.fenceline.agent.runtime.AgentObserver;
import dev.fenceline.agent.runtime.AgentPeers;
import dev.fenceline.agent.runtime.AgentRuntime;
import dev.fenceline.agent.runtime.Delays;
import dev.fenceline.agent.runtime.HostLink;
import dev.fenceline.agent.runtime.SyncPeers;
import dev.fenceline.client.DeviceClient;
import dev.fenceline.client.HostClient;
import dev.fenceline.client.Mapping;
import dev.fenceline.client.OperationOutcome;
import dev.fenceline.client.ServiceChannel;
import dev.fenceline.client.SpaceClient;
import dev.fenceline.control.v1.AgentControlServiceGrpc;
import dev.fenceline.control.v1.AgentControlServiceGrpc.AgentControlServiceBlockingStub;
import dev.fenceline.control.v1.DeviceStanding;
import dev.fenceline.control.v1.DrainRequest;
import dev.fenceline.control.v1.ReturnRequest;
import dev.fenceline.control.v1.SetMemoryFaultsRequest;
import dev.fenceline.host.adapter.grpc.GrpcServing;
import dev.fenceline.host.adapter.grpc.WireEncoder;
import dev.fenceline.host.adapter.metrics.HostMeters;
import dev.fenceline.host.engine.session.LeasePolicy;
import dev.fenceline.host.runtime.HostRuntime;
import dev.fenceline.host.runtime.RuntimeSettings;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.WaitPolicy;
import dev.fenceline.peer.GrpcPeerConnector;
import dev.fenceline.security.TransportSecurity;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.micrometer.core.instrument.Counter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A real host and a real agent with two devices, in this process, that speak over loopback; what a
 * case does goes through their public APIs. Thread-safe.
 */
public final class CatalogueRig implements AutoCloseable {
  /** The catalogue's B: 4 MiB. */
  public static final long BUFFER_BYTES = 4L << 20;

  /** The catalogue's P: 2 MiB. */
  public static final long HUGE_BYTES = 2L << 20;

  private static final long ARENA_BYTES = 64L << 20;
  private static final long LEASE_NANOS = TimeUnit.HOURS.toNanos(1);
  private static final Duration CALL_BOUND = Duration.ofSeconds(50);
  private static final int UNITS = 2;

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  /** Ends what was added. */
  private final List<Runnable> more = new ArrayList<>();

  private final HostRuntime host;
  private final AgentRuntime agent;
  private final HostLink link;
  private final ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();
  private final Server hostServer;
  private final Server agentServer;
  private final ManagedChannel hostChannel;
  private final ManagedChannel agentChannel;
  private final HostClient hostClient;
  private final DeviceClient deviceClient;

  /** Below it lie the files that a case maps. */
  private final Path files;

  /** Two devices, each with memory of its own, for which they ask by themselves or never. */
  static CatalogueRig withDeviceMemory(int pages, MigrationPolicy migration) throws IOException {
    return new CatalogueRig(
        List.of(
            new DeviceDescription(0, "device-0", UNITS, pages, "", false),
            new DeviceDescription(1, "device-1", UNITS, pages, "", false)),
        migration);
  }

  /**
   * As {@link #withDeviceMemory}, which asks for nothing by itself; CPUs use the memory as it is.
   */
  static CatalogueRig coherent(int pages) throws IOException {
    return new CatalogueRig(
        List.of(
            new DeviceDescription(0, "device-0", UNITS, pages, "", true),
            new DeviceDescription(1, "device-1", UNITS, pages, "", true)),
        MigrationPolicy.NEVER);
  }

  /** Two devices without memory. */
  public CatalogueRig() throws IOException {
    this(
        List.of(
            new DeviceDescription(0, "device-0", UNITS),
            new DeviceDescription(1, "device-1", UNITS)),
        MigrationPolicy.NEVER);
  }

  /**
   * @param migration when the devices ask by themselves for pages to come to their memory
   */
  public CatalogueRig(List<DeviceDescription> devices, MigrationPolicy migration)
      throws IOException {
    files = Files.createTempDirectory("catalogue-");
    LeasePolicy leases = new LeasePolicy(LEASE_NANOS, 500, 10_000_000, 10_000_000, LEASE_NANOS / 2);
    HostMeters meters = new HostMeters(registry);
    host =
        new HostRuntime(
            RuntimeSettings.of("catalogue", 1, 2, ARENA_BYTES, leases).withFiles(files.toString()),
            new WireEncoder(),
            meters,
            new GrpcPeerConnector("", TransportSecurity.plaintext()));
    meters.observe(host);
    hostServer = serve(new GrpcServing(host).services());
    agent = agent("agent-1", devices, migration);
    agentServer = serve(agent);
    link = attach(agent, agentServer);
    hostChannel = dial(hostServer);
    agentChannel = dial(agentServer);
    hostClient = new HostClient(ServiceChannel.over(hostChannel), CALL_BOUND);
    deviceClient = new DeviceClient(ServiceChannel.over(agentChannel), CALL_BOUND);
  }

  private static AgentRuntime agent(
      String agentId, List<DeviceDescription> devices, MigrationPolicy migration) {
    return new AgentRuntime(
        new AgentRuntime.Settings(
            LinkSettings.of(agentId, 1, devices),
            new Delays(0, 0, 0),
            16,
            TimeUnit.SECONDS.toNanos(5),
            migration),
        (hostId, target) -> GrpcHostConnector.to(TransportSecurity.plaintext(), hostId, target),
        System::nanoTime,
        AgentObserver.NONE,
        new SplittableRandom(1),
        new AgentPeers(
            new GrpcPeerConnector(agentId, TransportSecurity.plaintext()), SyncPeers.NONE));
  }

  private Server serve(AgentRuntime served) throws IOException {
    return serve(
        List.of(
            new DeviceGrpcService(served),
            new PeerMemoryGrpcService(served.peerDesk()),
            new AgentControlGrpcService(served)));
  }

  private HostLink attach(AgentRuntime attached, Server server) {
    attached.servesPeersAt("127.0.0.1:" + server.getPort());
    HostLink made = attached.addHost("127.0.0.1:" + hostServer.getPort());
    while (made.state() != LinkState.ATTACHED) {
      LockSupport.parkNanos(1_000_000); // the test's own time-out bounds it
    }
    return made;
  }

  /** One more agent, whose devices are reached by programs of none of the cases. */
  void addAgent(String agentId, List<DeviceDescription> devices) throws IOException {
    AgentRuntime added = agent(agentId, devices, MigrationPolicy.NEVER);
    Server server = serve(added);
    attach(added, server);
    more.add(
        () -> {
          added.close();
          server.shutdownNow();
        });
  }

  /** Bytes that devices moved from or to frames of the host so far. */
  double hostMovedBytes() {
    return registry.find("fenceline_host_dma_bytes").counters().stream()
        .mapToDouble(Counter::count)
        .sum();
  }

  public HostClient host() {
    return hostClient;
  }

  public DeviceClient devices() {
    return deviceClient;
  }

  /** What operators do to the agent. */
  public AgentControlServiceBlockingStub control() {
    return AgentControlServiceGrpc.newBlockingStub(agentChannel);
  }

  /** RELEASE: the device goes, and everything it has comes home. */
  public void unplug(int deviceIndex) {
    DrainRequest request = DrainRequest.newBuilder().addDeviceIndexes(deviceIndex).build();
    // Asked for what is so already, it answers with the state.
    while (control().drain(request).getDevicesList().stream()
        .noneMatch(
            device ->
                device.getDeviceIndex() == deviceIndex
                    && device.getState() == DeviceStanding.State.STATE_DRAINED)) {
      LockSupport.parkNanos(5_000_000); // the test's own time-out bounds it
    }
  }

  /** Waits until the agent holds so many pages for the host. */
  public void awaitHeldPages(int pages) {
    while (link.heldPages() != pages) {
      LockSupport.parkNanos(1_000_000); // the test's own time-out bounds it
    }
  }

  /** The device is back. */
  public void plugIn(int deviceIndex) {
    control().return_(ReturnRequest.newBuilder().addDeviceIndexes(deviceIndex).build());
  }

  /** FLAGS, FAIL_ALLOC: the next allocation in the device's memory fails, once. */
  public void failNextAllocation(int deviceIndex) {
    control()
        .setMemoryFaults(
            SetMemoryFaultsRequest.newBuilder()
                .setDeviceIndex(deviceIndex)
                .setFailNthAllocation(1)
                .build());
  }

  /** The agent itself, for what no public call says. */
  public AgentRuntime agent() {
    return agent;
  }

  /** The command surface of a device, for one address space: what opening it gives a process. */
  public TestDevice open(int deviceIndex, SpaceClient space) {
    return new TestDevice(deviceClient, agentChannel, deviceIndex, space.id());
  }

  /** A file that cases may map as {@code "file:" + name}. */
  public Path file(String name, byte[] content) throws IOException {
    Path file = files.resolve(name);
    file.toFile().deleteOnExit();
    return Files.write(file, content);
  }

  /** An address space of its own: the process of a case. */
  public SpaceClient process(String name) {
    return hostClient.createSpace(name, NotificationMode.SPLIT);
  }

  /** Maps and says where. */
  public static long map(SpaceClient space, Mapping mapping) {
    return done(space.map(mapping, WaitPolicy.BLOCK));
  }

  /** The result of an operation that did not back off. */
  public static long done(OperationOutcome outcome) {
    return switch (outcome) {
      case OperationOutcome.Done done -> done.address();
      case OperationOutcome.BackedOff backedOff ->
          throw new AssertionError("backed off: " + backedOff);
    };
  }

  @Override
  public void close() {
    hostChannel.shutdownNow();
    agentChannel.shutdownNow();
    more.forEach(Runnable::run);
    agent.close();
    agentServer.shutdownNow();
    hostServer.shutdownNow();
    host.close();
    calls.shutdownNow();
    files.toFile().deleteOnExit();
  }

  private Server serve(List<? extends BindableService> services) throws IOException {
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .executor(calls);
    GrpcServing.configure(builder);
    services.forEach(builder::addService);
    return builder.build().start();
  }

  private static ManagedChannel dial(Server server) {
    return NettyChannelBuilder.forAddress(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getPort()))
        .usePlaintext()
        .build();
  }
}
