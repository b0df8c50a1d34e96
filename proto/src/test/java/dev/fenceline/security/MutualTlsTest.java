package dev.fenceline.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.attach.v1.AgentBatch;
import dev.fenceline.attach.v1.AttachServiceGrpc;
import dev.fenceline.security.issue.CertificateRequest;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may talk to whom, over real sockets. */
class MutualTlsTest {
  private static final PeerIdentity ANY_HOST = PeerIdentity.any(PeerRole.HOST);

  private final List<AutoCloseable> opened = new ArrayList<>();
  private TestAuthority authority;
  private TestAuthority strangers;
  private TestServer server;

  @BeforeEach
  void start(@TempDir Path directory) throws IOException {
    authority = new TestAuthority(directory.resolve("ours"));
    strangers = new TestAuthority(directory.resolve("theirs"));
    server = serve(open(PeerRole.HOST, "host-1"));
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
  }

  @Test
  void goodCertificate_isKnownToTheServer() {
    assertThat(RawCaller.whoAmI(dial(open(PeerRole.CLIENT, "bob"), ANY_HOST)))
        .isEqualTo("client/bob");
    assertThat(RawCaller.whoAmI(dial(open(PeerRole.COORDINATOR, "*"), host("host-1"))))
        .isEqualTo("coordinator/*");
  }

  @Test
  void noCertificate_getsNoConnection() {
    assertNoConnection(raw(null));
  }

  @Test
  void plaintext_getsNoConnection() {
    assertNoConnection(
        keep(
            NettyChannelBuilder.forTarget(server.target(), InsecureChannelCredentials.create())
                .build()));
  }

  @Test
  void certificateOfAnotherAuthority_getsNoConnection() {
    assertNoConnection(raw(strangers.settings(PeerRole.CLIENT, "bob")));
  }

  @Test
  void expiredCertificate_getsNoConnection() {
    Instant now = Instant.now();
    assertNoConnection(
        raw(client(r -> r.valid(now.minus(Duration.ofDays(2)), now.minus(Duration.ofDays(1))))));
  }

  @Test
  void certificateOfTomorrow_getsNoConnection() {
    Instant now = Instant.now();
    assertNoConnection(
        raw(client(r -> r.valid(now.plus(Duration.ofDays(1)), now.plus(Duration.ofDays(2))))));
  }

  @Test
  void certificateWithoutAnIdentity_isRefusedWithTheReason() {
    assertRefused(raw(client(r -> named(r))), Status.Code.UNAUTHENTICATED, "states no identity");
    assertRefused(
        raw(client(r -> named(r, "spiffe://other.domain/fenceline/client/bob"))),
        Status.Code.UNAUTHENTICATED,
        "which is not spiffe://fenceline.local/fenceline/<role>/<id>");
  }

  @Test
  void wrongRole_isRefusedWithTheReason() {
    assertRefused(
        raw(authority.settings(PeerRole.AGENT, "agent-1")),
        Status.Code.PERMISSION_DENIED,
        "fenceline.query.v1.HostQueryService may not be called by agent/agent-1, only by"
            + " [coordinator/*, client/*]");
    Iterator<?> answers = attach(raw(authority.settings(PeerRole.CLIENT, "admin")));
    assertThatThrownBy(answers::hasNext)
        .isInstanceOf(StatusRuntimeException.class)
        .hasMessageContaining("PERMISSION_DENIED");
  }

  @Test
  void callerTalksOnlyToWhomItMeans() throws IOException {
    ManagedChannel wrongId = dial(open(PeerRole.CLIENT, "bob"), host("host-2"));
    assertUnavailable(wrongId, "expected host/host-2, but host/host-1 answers");
    TestServer agent = serve(open(PeerRole.AGENT, "agent-1"));
    ManagedChannel wrongRole =
        keep(open(PeerRole.CLIENT, "bob").dial(agent.target(), ANY_HOST).build());
    assertUnavailable(wrongRole, "expected host/*, but agent/agent-1 answers");
  }

  @Test
  void callerTalksToNobodyOfAnotherAuthority() throws IOException {
    TestServer stranger = serve(keep(strangers.open(PeerRole.HOST, "host-1")));
    assertUnavailable(
        keep(open(PeerRole.CLIENT, "bob").dial(stranger.target(), ANY_HOST).build()),
        "Path does not chain with any of the trust anchors");
  }

  @Test
  void callerTalksToNoPlaintextServer() throws IOException {
    TestServer plaintext = serve(TransportSecurity.plaintext());
    ManagedChannel channel =
        keep(open(PeerRole.CLIENT, "bob").dial(plaintext.target(), ANY_HOST).build());
    assertUnavailable(channel, "");
  }

  private SecuritySettings.MutualTls client(UnaryOperator<CertificateRequest> change) {
    return authority.settings(PeerRole.CLIENT, "bob", change);
  }

  private static CertificateRequest named(CertificateRequest request, String... uris) {
    return new CertificateRequest(
        request.commonName(),
        List.of(uris),
        request.hostNames(),
        request.notBefore(),
        request.notAfter());
  }

  private void assertNoConnection(ManagedChannel channel) {
    assertThatThrownBy(() -> RawCaller.whoAmI(channel))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
    // The server is none the worse for it.
    assertThat(RawCaller.whoAmI(dial(open(PeerRole.CLIENT, "alice"), ANY_HOST)))
        .isEqualTo("client/alice");
  }

  private static void assertRefused(ManagedChannel channel, Status.Code code, String reason) {
    assertThatThrownBy(() -> RawCaller.whoAmI(channel))
        .isInstanceOf(StatusRuntimeException.class)
        .hasMessageStartingWith(code.name())
        .hasMessageContaining(reason);
  }

  private static void assertUnavailable(ManagedChannel channel, String reason) {
    assertThatThrownBy(() -> RawCaller.whoAmI(channel))
        .satisfies(
            e ->
                assertThat(FailureLine.of(e))
                    .startsWith("UNAVAILABLE: ")
                    .contains(reason)
                    .doesNotContain("\n", "Pipeline"));
  }

  private static Iterator<?> attach(ManagedChannel channel) {
    var call =
        io.grpc.stub.ClientCalls.blockingBidiStreamingCall(
            channel, AttachServiceGrpc.getAttachMethod(), io.grpc.CallOptions.DEFAULT);
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        try {
          call.write(AgentBatch.getDefaultInstance());
          return call.read() != null;
        } catch (io.grpc.StatusException e) {
          throw new StatusRuntimeException(e.getStatus());
        } catch (InterruptedException e) {
          throw new AssertionError(e);
        }
      }

      @Override
      public Object next() {
        throw new UnsupportedOperationException();
      }
    };
  }

  private ManagedChannel raw(SecuritySettings.@Nullable MutualTls files) {
    return keep(RawCaller.dial(server, authority.caFile(), files));
  }

  private ManagedChannel dial(TransportSecurity caller, PeerIdentity expected) {
    return keep(caller.dial(server.target(), expected).build());
  }

  private static PeerIdentity host(String id) {
    return new PeerIdentity(PeerRole.HOST, id);
  }

  private TransportSecurity open(PeerRole role, String id) {
    return keep(authority.open(role, id));
  }

  private TestServer serve(TransportSecurity security) throws IOException {
    return keep(TestServer.start(security));
  }

  private ManagedChannel keep(ManagedChannel channel) {
    opened.add(channel::shutdownNow);
    return channel;
  }

  private <T extends AutoCloseable> T keep(T closeable) {
    opened.add(closeable);
    return closeable;
  }
}
