package dev.fenceline.security.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.attach.v1.AgentBatch;
import dev.fenceline.attach.v1.AttachServiceGrpc;
import dev.fenceline.attach.v1.HostBatch;
import dev.fenceline.query.v1.GetHostRequest;
import dev.fenceline.query.v1.HostInfo;
import dev.fenceline.query.v1.HostQueryServiceGrpc;
import dev.fenceline.security.SecurityRefusal;
import dev.fenceline.security.boot.RawHttp2.Frame;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.grpc.server.autoconfigure.GrpcServerProperties;

/**
 * Each limit by the name of its setting, over real connections: who goes beyond is refused, and
 * everybody else goes on.
 */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class ConnectionLimitsTest {
  private static final long BOUND_SECONDS = 60;
  private static final String GET_HOST =
      HostQueryServiceGrpc.getGetHostMethod().getFullMethodName();
  private static final String ATTACH = AttachServiceGrpc.getAttachMethod().getFullMethodName();

  private Server server;
  private PendingConnections pending;
  private SlowRequests slow;
  private ManagedChannel neighbour;

  /** Serves with settings as a process would read them. */
  private void serve(String... settings) throws IOException {
    Map<String, String> written = new TreeMap<>();
    for (String each : settings) {
      int equals = each.indexOf('=');
      written.put(each.substring(0, equals), each.substring(equals + 1));
    }
    Binder binder = new Binder(new MapConfigurationPropertySource(written));
    GrpcServerProperties properties =
        binder.bindOrCreate("spring.grpc.server", GrpcServerProperties.class);
    ConnectionLimits limits =
        binder
            .bind("fenceline.security.limits", ConnectionLimits.class)
            .orElse(ConnectionLimits.DEFAULT)
            .checked();
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    limits.apply(properties, builder);
    pending = new PendingConnections(limits.pending());
    pending.apply(builder);
    slow = new SlowRequests(limits.request());
    server =
        builder.intercept(slow).addService(new Queries()).addService(new Echo()).build().start();
    neighbour = dial();
    assertThatTheServiceGoesOn();
  }

  private ManagedChannel dial() {
    return NettyChannelBuilder.forTarget("localhost:" + server.getPort()).usePlaintext().build();
  }

  @AfterEach
  void stop() {
    if (server != null) {
      neighbour.shutdownNow();
      server.shutdownNow();
      slow.close();
      pending.close();
    }
  }

  private void assertThatTheServiceGoesOn() {
    assertThat(
            HostQueryServiceGrpc.newBlockingStub(neighbour)
                .withDeadlineAfter(BOUND_SECONDS, TimeUnit.SECONDS)
                .withWaitForReady()
                .getHost(GetHostRequest.getDefaultInstance())
                .getHostId())
        .isEqualTo("here");
  }

  @Test
  void callBeyondTheConnectionsLimit_isRefused() throws IOException {
    serve("fenceline.security.limits.concurrent-calls=2");
    try (RawHttp2 peer = RawHttp2.connect(server.getPort())) {
      // The answer to a ping comes behind the acknowledgement of the server's settings.
      peer.ping();
      assertThat(peer.await(RawHttp2.PING)).isNotNull();
      for (int stream = 1; stream <= 5; stream += 2) {
        peer.open(stream, ATTACH);
      }
      Frame refused = peer.await(RawHttp2.RST_STREAM);
      assertThat(refused).isNotNull();
      assertThat(refused.stream()).isEqualTo(5);
      assertThat(refused.errorCode()).isEqualTo(RawHttp2.REFUSED_STREAM);
      assertThatTheServiceGoesOn();
    }
  }

  @Test
  void peerThatDoesNotAcknowledgeTheLimit_isHeldToItAllTheSame() throws IOException {
    serve("fenceline.security.limits.concurrent-calls=2");
    try (RawHttp2 peer = RawHttp2.connectSilent(server.getPort())) {
      for (int stream = 1; stream <= 5; stream += 2) {
        peer.open(stream, ATTACH);
      }
      Frame refused = peer.await(RawHttp2.RST_STREAM);
      assertThat(refused).isNotNull();
      assertThat(refused.stream()).isEqualTo(5);
      assertThatTheServiceGoesOn();
    }
  }

  /** A caller that knows of the limit waits for its own calls, and is served then. */
  @Test
  void callAtTheLimit_waitsForItsTurn() throws Exception {
    serve("fenceline.security.limits.concurrent-calls=1");
    ManagedChannel channel = dial();
    try {
      Stream first = Stream.open(channel);
      first.roundTrip();
      CompletableFuture<String> second = new CompletableFuture<>();
      HostQueryServiceGrpc.newStub(channel)
          .getHost(GetHostRequest.getDefaultInstance(), new Completing(second));
      first.roundTrip();
      assertThat(second).isNotDone();
      assertThatTheServiceGoesOn();
      first.end();
      assertThat(second.get(BOUND_SECONDS, TimeUnit.SECONDS)).isEqualTo("here");
    } finally {
      channel.shutdownNow();
    }
  }

  @Test
  void connectionWithoutACall_isEnded_andOneWithACallLives() throws Exception {
    serve("spring.grpc.server.keepalive.connection.max-idle-time=1s");
    Stream used = Stream.open(neighbour);
    used.roundTrip();
    try (RawHttp2 idle = RawHttp2.connect(server.getPort())) {
      Frame goodbye = idle.await(RawHttp2.GO_AWAY);
      assertThat(goodbye).isNotNull();
      assertThat(goodbye.errorCode()).isZero();
      assertThat(idle.ends()).isTrue();
    }
    used.roundTrip();
    assertThatTheServiceGoesOn();
  }

  @Test
  void oldConnection_isEnded_andItsCallsAfterTheirGrace() throws Exception {
    serve(
        "spring.grpc.server.keepalive.connection.max-age=1s",
        "spring.grpc.server.keepalive.connection.grace-period=1s");
    Stream endless = Stream.open(neighbour);
    try (RawHttp2 old = RawHttp2.connect(server.getPort())) {
      old.open(1, ATTACH);
      assertThat(old.await(RawHttp2.GO_AWAY)).isNotNull();
      assertThat(old.ends()).isTrue();
    }
    assertThat(endless.end.get(BOUND_SECONDS, TimeUnit.SECONDS).getCode())
        .isEqualTo(Status.Code.UNAVAILABLE);
    assertThatTheServiceGoesOn();
  }

  @Test
  void peerThatPingsTooOften_isToldToCalmDown() throws IOException {
    serve(
        "spring.grpc.server.keepalive.permit.time=1h",
        "spring.grpc.server.keepalive.permit.without-calls=false");
    try (RawHttp2 peer = RawHttp2.connect(server.getPort())) {
      for (int i = 0; i < 10; i++) {
        peer.ping();
      }
      Frame goodbye = peer.await(RawHttp2.GO_AWAY);
      assertThat(goodbye).isNotNull();
      assertThat(goodbye.errorCode()).isEqualTo(RawHttp2.ENHANCE_YOUR_CALM);
      assertThat(goodbye.text()).isEqualTo("too_many_pings");
      assertThat(peer.ends()).isTrue();
      assertThatTheServiceGoesOn();
    }
  }

  @Test
  void peerThatAnswersNoPing_isCut_andOneThatDoesLives() throws Exception {
    // gRPC asks every ten seconds at most.
    serve("spring.grpc.server.keepalive.time=10s", "spring.grpc.server.keepalive.timeout=10s");
    Stream lively = Stream.open(neighbour);
    try (RawHttp2 dead = RawHttp2.connectSilent(server.getPort())) {
      dead.open(1, ATTACH);
      assertThat(dead.await(RawHttp2.PING)).isNotNull();
      assertThat(dead.ends()).isTrue();
    }
    lively.roundTrip();
    assertThatTheServiceGoesOn();
  }

  @Test
  void requestThatDoesNotCome_endsItsCall_andTheConnectionLives() throws Exception {
    serve("fenceline.security.limits.request-timeout=500ms");
    CompletableFuture<Status> end = new CompletableFuture<>();
    // As a stream: a unary call would keep its headers until there is a request.
    ClientCall<GetHostRequest, HostInfo> call =
        neighbour.newCall(
            HostQueryServiceGrpc.getGetHostMethod().toBuilder()
                .setType(MethodDescriptor.MethodType.CLIENT_STREAMING)
                .build(),
            CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onClose(Status status, Metadata trailers) {
            end.complete(status);
          }
        },
        new Metadata());
    call.request(1);
    Status status = end.get(BOUND_SECONDS, TimeUnit.SECONDS);
    assertThat(status.getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
    assertThat(status.getDescription()).contains("did not come within 500 ms");
    // A stream may take its time.
    Stream stream = Stream.open(neighbour);
    stream.roundTrip();
    assertThatTheServiceGoesOn();
  }

  @Test
  void dribbledMessage_endsItsCall() throws IOException {
    serve("fenceline.security.limits.request-timeout=500ms");
    try (RawHttp2 peer = RawHttp2.connect(server.getPort())) {
      peer.open(1, GET_HOST);
      // Not compressed, of 1,000 bytes, of which two come.
      peer.data(1, (byte) 0, (byte) 0, (byte) 0, (byte) 3, (byte) 0xe8, (byte) 1, (byte) 2);
      Frame end = peer.await(RawHttp2.HEADERS);
      assertThat(end).isNotNull();
      assertThat(end.stream()).isEqualTo(1);
      assertThat(end.endsStream()).isTrue();
      assertThatTheServiceGoesOn();
    }
  }

  @Test
  void limitThatIsNone_isRefusedByItsName() {
    for (String name : new String[] {"concurrent-calls=0", "request-timeout=0s"}) {
      assertThatThrownBy(() -> serve("fenceline.security.limits." + name))
          .isInstanceOf(SecurityRefusal.class)
          .hasMessageContaining(name.substring(0, name.indexOf('=')));
    }
  }

  /** A stream that is used now and then. */
  private static final class Stream implements StreamObserver<HostBatch> {
    private final BlockingQueue<HostBatch> answers = new LinkedBlockingQueue<>();
    private final CompletableFuture<Status> end = new CompletableFuture<>();
    private StreamObserver<AgentBatch> requests;

    static Stream open(ManagedChannel channel) {
      Stream stream = new Stream();
      stream.requests = AttachServiceGrpc.newStub(channel).attach(stream);
      return stream;
    }

    void roundTrip() throws InterruptedException {
      requests.onNext(AgentBatch.getDefaultInstance());
      assertThat(answers.poll(BOUND_SECONDS, TimeUnit.SECONDS)).isNotNull();
    }

    void end() {
      requests.onCompleted();
    }

    @Override
    public void onNext(HostBatch batch) {
      answers.add(batch);
    }

    @Override
    public void onError(Throwable failure) {
      end.complete(Status.fromThrowable(failure));
    }

    @Override
    public void onCompleted() {
      end.complete(Status.OK);
    }
  }

  private record Completing(CompletableFuture<String> answer) implements StreamObserver<HostInfo> {
    @Override
    public void onNext(HostInfo host) {
      answer.complete(host.getHostId());
    }

    @Override
    public void onError(Throwable failure) {
      answer.completeExceptionally(failure);
    }

    @Override
    public void onCompleted() {}
  }

  private static final class Queries extends HostQueryServiceGrpc.HostQueryServiceImplBase {
    @Override
    public void getHost(GetHostRequest request, StreamObserver<HostInfo> answers) {
      answers.onNext(HostInfo.newBuilder().setHostId("here").build());
      answers.onCompleted();
    }
  }

  /** Answers each message with an empty one. */
  private static final class Echo extends AttachServiceGrpc.AttachServiceImplBase {
    @Override
    public StreamObserver<AgentBatch> attach(StreamObserver<HostBatch> answers) {
      return new StreamObserver<>() {
        @Override
        public void onNext(AgentBatch batch) {
          answers.onNext(HostBatch.getDefaultInstance());
        }

        @Override
        public void onError(Throwable failure) {}

        @Override
        public void onCompleted() {
          answers.onCompleted();
        }
      };
    }
  }
}
