package dev.fenceline.agent.adapter.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.agent.runtime.AttachStream;
import dev.fenceline.agent.runtime.HostConnector;
import dev.fenceline.attach.v1.AgentBatch;
import dev.fenceline.attach.v1.AttachServiceGrpc;
import dev.fenceline.attach.v1.HostBatch;
import dev.fenceline.model.HostMessage;
import dev.fenceline.security.PeerRole;
import dev.fenceline.security.TestAuthority;
import dev.fenceline.security.TransportSecurity;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An agent that dials something which is not the host that it was sent to. */
class FalseHostTest {
  private TestAuthority authority;

  @BeforeEach
  void authority(@TempDir Path directory) {
    authority = new TestAuthority(directory);
  }

  @Test
  void hostThatTheCoordinatorNamed_isTalkedTo() throws Exception {
    assertThat(firstWord(PeerRole.HOST, "host-1", "host-1")).isEqualTo("opened");
    assertThat(firstWord(PeerRole.HOST, "host-1", "")).isEqualTo("opened");
    assertThat(firstWord(PeerRole.HOST, "*", "host-1")).isEqualTo("opened");
  }

  @Test
  void anotherInItsPlace_getsNoWord_andTheReasonIsOneLine() throws Exception {
    assertThat(firstWord(PeerRole.HOST, "host-2", "host-1"))
        .isEqualTo("UNAVAILABLE: io exception (expected host/host-1, but host/host-2 answers)");
    assertThat(firstWord(PeerRole.AGENT, "agent-2", ""))
        .isEqualTo("UNAVAILABLE: io exception (expected host/*, but agent/agent-2 answers)");
    assertThat(firstWord(null, "", "host-1")).startsWith("UNAVAILABLE: ").doesNotContain("\n");
  }

  /**
   * What the agent's stream says first.
   *
   * @param role of what answers; null: it speaks plaintext
   */
  private String firstWord(@Nullable PeerRole role, String answeringId, String expectedId)
      throws Exception {
    try (TransportSecurity theirs =
            role == null ? TransportSecurity.plaintext() : authority.open(role, answeringId);
        TransportSecurity ours = authority.open(PeerRole.AGENT, "agent-1")) {
      NettyServerBuilder builder =
          NettyServerBuilder.forAddress(
              new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
              theirs.serverCredentials());
      Server server = builder.addService(new Attach()).build().start();
      try (HostConnector connector =
          GrpcHostConnector.to(ours, expectedId, "localhost:" + server.getPort())) {
        Listener listener = new Listener();
        connector.attach(listener);
        String word = listener.words.poll(30, TimeUnit.SECONDS);
        return word == null ? "nothing" : word;
      } finally {
        server.shutdownNow();
      }
    }
  }

  private static final class Attach extends AttachServiceGrpc.AttachServiceImplBase {
    @Override
    public StreamObserver<AgentBatch> attach(StreamObserver<HostBatch> answers) {
      return new StreamObserver<>() {
        @Override
        public void onNext(AgentBatch batch) {}

        @Override
        public void onError(Throwable failure) {}

        @Override
        public void onCompleted() {}
      };
    }
  }

  private static final class Listener implements AttachStream.Listener {
    final LinkedBlockingQueue<String> words = new LinkedBlockingQueue<>();

    @Override
    public void opened() {
      words.add("opened");
    }

    @Override
    public void ready() {}

    @Override
    public void received(HostMessage.Batch batch) {}

    @Override
    public void ended(String reason) {
      words.add(reason);
    }
  }
}
