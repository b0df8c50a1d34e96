package dev.fenceline.testbed.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fenceline.client.CallFailedException;
import dev.fenceline.client.DeviceClient;
import dev.fenceline.client.DeviceProgram;
import dev.fenceline.client.HostClient;
import dev.fenceline.client.Mapping;
import dev.fenceline.client.OperationOutcome;
import dev.fenceline.client.ServiceChannel;
import dev.fenceline.client.SpaceClient;
import dev.fenceline.common.v1.Errno;
import dev.fenceline.device.v1.ProgramResult;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import dev.fenceline.query.v1.SessionInfo;
import dev.fenceline.security.PeerRole;
import dev.fenceline.security.RefusalObserver;
import dev.fenceline.security.TransportSecurity;
import dev.fenceline.testbed.certs.CertificateDirectory;
import dev.fenceline.testbed.replay.ReplayCommand;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Real processes that show each other certificates. */
@Tag("processes")
@Timeout(600)
class SecuredStackTest {
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final String MOVED_BYTES = "fenceline_host_dma_bytes_total{";
  private static final int PAGES = 16;
  private static final int LENGTH = PAGES * Pages.SIZE_BYTES;

  /** Of each agent: reached by the other device 0 alone, as both are of one owner group. */
  private static final int LINKED = 0;

  /** Of each agent: reached by CPUs and all devices. */
  private static final int COHERENT = 1;

  @TempDir private static Path directory = Path.of("");

  private static Interruption interruption = Interruption.install(Duration.ZERO);
  private static Stack stack;
  private static TransportSecurity admin;
  private static ServiceChannel hostChannel;
  private static HostClient host;

  @BeforeAll
  static void start() throws Exception {
    Installation installation = Installation.current();
    assumeTrue(
        Files.exists(installation.root().resolve("coordinator/target/classpath.txt")),
        "the services are not packaged");
    StackSpec spec =
        StackSpec.of(directory.resolve("run"), 2, 2)
            .secured()
            .withAgentOptions(
                "--fenceline.agent.devices[0].name=linked",
                "--fenceline.agent.devices[0].owner-group=linked",
                "--fenceline.agent.devices[1].name=coherent",
                "--fenceline.agent.devices[1].coherent=true");
    stack = Stack.start(installation, spec, interruption);
    admin =
        TransportSecurity.open(
            Objects.requireNonNull(stack.callerCertificate()),
            CertificateDirectory.admin(),
            RefusalObserver.NONE);
    hostChannel = ServiceChannel.to(stack.host().grpcAddress(), admin, PeerRole.HOST);
    host = new HostClient(hostChannel, BOUND);
    // The agents have the host from the coordinator, so all have talked to each other.
    long deadline = System.nanoTime() + Duration.ofSeconds(120).toNanos();
    while (host.sessions().size() < 2 && System.nanoTime() < deadline) {
      Thread.sleep(50);
    }
  }

  @AfterAll
  static void stop() {
    if (stack != null) {
      hostChannel.close();
      admin.close();
    }
    interruption.close();
  }

  @Test
  void services_findEachOther() throws Exception {
    assertThat(host.host().getHostId()).isEqualTo("host-1");
    assertThat(host.sessions())
        .extracting(SessionInfo::getAgentId)
        .containsExactlyInAnyOrder("agent-1", "agent-2");
    try (ServiceChannel agent = agent(1)) {
      assertThat(new DeviceClient(agent, BOUND).agent().getAgentId()).isEqualTo("agent-1");
    }
    for (String path : List.of("/api/v1/hosts/host-1", "/api/v1/agents/agent-1")) {
      HttpResponse<String> answer = get(stack.restAddress() + path);
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }
  }

  @Test
  void withoutACertificate_nobodyIsTalkedTo() {
    try (ServiceChannel plaintext = ServiceChannel.to(stack.host().grpcAddress())) {
      HostClient stranger = new HostClient(plaintext, BOUND);
      assertThatThrownBy(stranger::host).isInstanceOf(CallFailedException.class);
    }
  }

  /** The host dials the agent, and shows it the certificate of a host. */
  @Test
  void cpu_usesTheMemoryOfACoherentDeviceInPlace() throws Exception {
    SpaceClient space = host.createSpace("coherent", NotificationMode.SPLIT);
    long address = filled(space, 3);
    assertThat(space.migrate(address, LENGTH, device(1, COHERENT)).getMovedPages())
        .isEqualTo(PAGES);
    double before = hostMovedBytes();

    assertThat(space.read(address, LENGTH)).isEqualTo(bytes(3));
    space.write(address, bytes(4));
    assertThat(space.read(address, LENGTH)).isEqualTo(bytes(4));
    assertThat(checksum(1, COHERENT, space, address)).isEqualTo(checksum(4));
    assertThat(checksum(2, LINKED, space, address))
        .as("from agent to agent")
        .isEqualTo(checksum(4));

    assertThat(hostMovedBytes()).isEqualTo(before);
    assertThat(space.migrate(address, LENGTH, null).getMovedPages())
        .as("what was there all the time")
        .isEqualTo(PAGES);
    assertThat(hostMovedBytes()).isEqualTo(before + LENGTH);
    assertThat(space.read(address, LENGTH)).isEqualTo(bytes(4));
  }

  /** The target's agent dials the source's. */
  @Test
  void pages_goFromDeviceToDevicePastTheHost() throws Exception {
    for (int index : List.of(LINKED, COHERENT)) {
      SpaceClient space = host.createSpace("direct", NotificationMode.SPLIT);
      long address = filled(space, 5);
      assertThat(space.migrate(address, LENGTH, device(1, index)).getMovedPages()).isEqualTo(PAGES);
      double before = hostMovedBytes();

      assertThat(space.migrate(address, LENGTH, device(2, index)).getMovedPages()).isEqualTo(PAGES);

      assertThat(checksum(2, index, space, address)).isEqualTo(checksum(5));
      assertThat(hostMovedBytes()).isEqualTo(before);
      assertThat(space.migrate(address, LENGTH, null).getMovedPages()).isEqualTo(PAGES);
      assertThat(hostMovedBytes()).isEqualTo(before + LENGTH);
      assertThat(space.read(address, LENGTH)).isEqualTo(bytes(5));
    }
  }

  @Test
  void certificates_areReadByTheirOwnerAlone() throws Exception {
    try (Stream<Path> files = Files.walk(certificates())) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
            .as(file.toString())
            .isEqualTo("rw-------");
      }
    }
  }

  @Test
  void replayedProgram_hasEveryValueRight() {
    Path trace = Installation.current().root().resolve("testbed/traces/sort.strace");
    assertThat(
            new CommandLine(new ReplayCommand())
                .execute(
                    trace.toString(),
                    "--host",
                    stack.host().grpcAddress(),
                    "--agent",
                    stack.agents().getFirst().grpcAddress(),
                    "--devices",
                    "1",
                    "--certs",
                    certificates().toString(),
                    "--no-compare"))
        .isZero();
  }

  private static Path certificates() {
    return directory.resolve("run/certs");
  }

  private static ServiceChannel agent(int number) {
    return ServiceChannel.to(stack.agents().get(number - 1).grpcAddress(), admin, PeerRole.AGENT);
  }

  private static DeviceId device(int agent, int index) {
    return new DeviceId("agent-" + agent, index);
  }

  private static byte[] bytes(int value) {
    byte[] bytes = new byte[LENGTH];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  /** A mapping that the CPU has filled. */
  private static long filled(SpaceClient space, int value) {
    long address =
        done(space.map(Mapping.anywhere(LENGTH, Protection.READ_WRITE), WaitPolicy.BLOCK));
    space.write(address, bytes(value));
    return address;
  }

  private static long done(OperationOutcome outcome) {
    return switch (outcome) {
      case OperationOutcome.Done done -> done.address();
      case OperationOutcome.BackedOff backedOff ->
          throw new AssertionError("backed off: " + backedOff);
    };
  }

  private static int checksum(int value) {
    CRC32C sum = new CRC32C();
    sum.update(bytes(value));
    return (int) sum.getValue();
  }

  /** What the device finds there. */
  private static int checksum(int agent, int index, SpaceClient space, long address) {
    try (ServiceChannel channel = agent(agent)) {
      ProgramResult result =
          new DeviceClient(channel, BOUND)
              .run(index, space.id(), new DeviceProgram.Checksum(address, LENGTH));
      assertThat(result.getErrno()).as(result.toString()).isEqualTo(Errno.ERRNO_UNSPECIFIED);
      return result.getCrc32C();
    }
  }

  /** Bytes that devices moved from or to frames of the host so far. */
  private static double hostMovedBytes() throws Exception {
    HttpResponse<String> scrape =
        get("http://" + stack.host().httpAddress() + "/actuator/prometheus");
    assertThat(scrape.statusCode()).isEqualTo(200);
    List<String> series =
        scrape.body().lines().filter(line -> line.startsWith(MOVED_BYTES)).toList();
    assertThat(series).isNotEmpty();
    return series.stream()
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  private static HttpResponse<String> get(String address) throws Exception {
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(
          HttpRequest.newBuilder(URI.create(address)).build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }
}
