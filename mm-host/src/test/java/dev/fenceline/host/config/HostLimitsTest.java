package dev.fenceline.host.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.fenceline.attach.v1.AttachServiceGrpc;
import dev.fenceline.query.v1.GetHostRequest;
import dev.fenceline.query.v1.HostQueryServiceGrpc;
import dev.fenceline.security.boot.RawHttp2;
import dev.fenceline.security.boot.RawHttp2.Frame;
import dev.fenceline.space.v1.AddressSpaceServiceGrpc;
import dev.fenceline.space.v1.WriteRequest;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** The process holds its callers to the limits of its settings, and not to some of its own. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class HostLimitsTest {
  private static final long BOUND_SECONDS = 60;

  private static ConfigurableApplicationContext context;
  private static ManagedChannel channel;

  @BeforeAll
  static void start() {
    context =
        new SpringApplicationBuilder(HostApplication.class)
            .run(
                "--server.port=0",
                "--spring.grpc.server.port=0",
                "--fenceline.host.host-id=host-test",
                "--fenceline.host.arena=1MB",
                "--fenceline.host.coordinators=",
                "--fenceline.security.limits.concurrent-calls=2",
                "--fenceline.security.limits.request-timeout=1s",
                "--spring.grpc.server.inbound.message.max-size=64KB",
                "--spring.grpc.server.keepalive.permit.time=1h",
                "--spring.grpc.server.keepalive.permit.without-calls=false");
    channel = NettyChannelBuilder.forTarget("localhost:" + port()).usePlaintext().build();
  }

  @AfterAll
  static void stop() {
    channel.shutdownNow();
    context.close();
  }

  private static int port() {
    return context.getEnvironment().getRequiredProperty("local.grpc.server.port", Integer.class);
  }

  private static void assertThatTheHostGoesOn() {
    assertThat(
            HostQueryServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(BOUND_SECONDS, TimeUnit.SECONDS)
                .getHost(GetHostRequest.getDefaultInstance())
                .getHostId())
        .isEqualTo("host-test");
  }

  @Test
  void message_isHeldToItsSetting() {
    WriteRequest large =
        WriteRequest.newBuilder().setData(ByteString.copyFrom(new byte[65 << 10])).build();
    var spaces =
        AddressSpaceServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(BOUND_SECONDS, TimeUnit.SECONDS);
    assertThatThrownBy(() -> spaces.write(large))
        .satisfies(
            e ->
                assertThat(Status.fromThrowable(e).getCode())
                    .isEqualTo(Status.Code.RESOURCE_EXHAUSTED));
    assertThatTheHostGoesOn();
  }

  @Test
  void calls_areHeldToTheirSetting() throws Exception {
    try (RawHttp2 peer = RawHttp2.connectSilent(port())) {
      for (int stream = 1; stream <= 5; stream += 2) {
        peer.open(stream, AttachServiceGrpc.getAttachMethod().getFullMethodName());
      }
      Frame refused = peer.await(RawHttp2.RST_STREAM);
      assertThat(refused).isNotNull();
      assertThat(refused.stream()).isEqualTo(5);
      assertThatTheHostGoesOn();
    }
  }

  @Test
  void pings_areHeldToTheirSetting() throws Exception {
    try (RawHttp2 peer = RawHttp2.connect(port())) {
      for (int i = 0; i < 10; i++) {
        peer.ping();
      }
      Frame goodbye = peer.await(RawHttp2.GO_AWAY);
      assertThat(goodbye).isNotNull();
      assertThat(goodbye.text()).isEqualTo("too_many_pings");
      assertThatTheHostGoesOn();
    }
  }

  @Test
  void requests_areHeldToTheirSetting() throws Exception {
    try (RawHttp2 peer = RawHttp2.connect(port())) {
      peer.open(1, HostQueryServiceGrpc.getGetHostMethod().getFullMethodName());
      Frame end = peer.await(RawHttp2.HEADERS);
      assertThat(end).isNotNull();
      assertThat(end.endsStream()).isTrue();
      assertThatTheHostGoesOn();
    }
  }
}
