package dev.fenceline.testbed.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fenceline.client.CallFailedException;
import dev.fenceline.client.DeviceClient;
import dev.fenceline.client.HostClient;
import dev.fenceline.client.ServiceChannel;
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
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
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

  @Test
  void services_findEachOther_andTalkToNobodyWithoutACertificate(@TempDir Path directory)
      throws Exception {
    Installation installation = Installation.current();
    assumeTrue(
        Files.exists(installation.root().resolve("coordinator/target/classpath.txt")),
        "the services are not packaged");
    StackSpec spec = StackSpec.of(directory.resolve("run"), 1, 1).secured();
    try (Interruption interruption = Interruption.install(Duration.ZERO)) {
      Stack stack = Stack.start(installation, spec, interruption);
      assertOnlyTheOwnerReads(directory.resolve("run/certs"));
      try (TransportSecurity admin =
          TransportSecurity.open(
              Objects.requireNonNull(stack.callerCertificate()),
              CertificateDirectory.admin(),
              RefusalObserver.NONE)) {
        talk(stack, admin);
      }
      replay(stack, directory.resolve("run/certs"));
      try (ServiceChannel plaintext = ServiceChannel.to(stack.host().grpcAddress())) {
        HostClient stranger = new HostClient(plaintext, BOUND);
        assertThatThrownBy(stranger::host).isInstanceOf(CallFailedException.class);
      }
    }
  }

  /** Every value is right over mTLS, too. */
  private static void replay(Stack stack, Path certificates) {
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
                    certificates.toString(),
                    "--no-compare"))
        .isZero();
  }

  private static void talk(Stack stack, TransportSecurity admin) throws Exception {
    try (ServiceChannel host = ServiceChannel.to(stack.host().grpcAddress(), admin, PeerRole.HOST);
        ServiceChannel agent =
            ServiceChannel.to(stack.agents().getFirst().grpcAddress(), admin, PeerRole.AGENT)) {
      HostClient queries = new HostClient(host, BOUND);
      assertThat(queries.host().getHostId()).isEqualTo("host-1");
      // The agent has the host from the coordinator, so all three have talked to each other.
      long deadline = System.nanoTime() + Duration.ofSeconds(120).toNanos();
      List<SessionInfo> sessions = queries.sessions();
      while (sessions.isEmpty() && System.nanoTime() < deadline) {
        Thread.sleep(50);
        sessions = queries.sessions();
      }
      assertThat(sessions).extracting(SessionInfo::getAgentId).containsExactly("agent-1");
      assertThat(new DeviceClient(agent, BOUND).agent().getAgentId()).isEqualTo("agent-1");
    }
    try (HttpClient http = HttpClient.newHttpClient()) {
      for (String path : List.of("/api/v1/hosts/host-1", "/api/v1/agents/agent-1")) {
        HttpResponse<String> answer =
            http.send(
                HttpRequest.newBuilder(URI.create(stack.restAddress() + path)).build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      }
    }
  }

  private static void assertOnlyTheOwnerReads(Path certificates) throws Exception {
    try (Stream<Path> files = Files.walk(certificates)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
            .as(file.toString())
            .isEqualTo("rw-------");
      }
    }
  }
}
