package dev.fenceline.host.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.fenceline.query.v1.GetHostRequest;
import dev.fenceline.query.v1.HostQueryServiceGrpc;
import dev.fenceline.security.PeerIdentity;
import dev.fenceline.security.PeerRole;
import dev.fenceline.security.SecurityRefusal;
import dev.fenceline.security.TestAuthority;
import dev.fenceline.security.TransportSecurity;
import dev.fenceline.security.boot.EndsStart;
import dev.fenceline.space.v1.AddressSpaceServiceGrpc;
import dev.fenceline.space.v1.CreateSpaceRequest;
import dev.fenceline.space.v1.WriteRequest;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** The process with certificates: what it serves, and what it takes from nobody. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class SecuredHostTest {
  private static final long BOUND_SECONDS = 60;

  @TempDir private static Path directory;
  private static TestAuthority authority;
  private static ConfigurableApplicationContext context;
  private static TransportSecurity client;
  private static ManagedChannel channel;

  @BeforeAll
  static void start() {
    authority = new TestAuthority(directory);
    List<String> arguments = new ArrayList<>(authority.arguments(PeerRole.HOST, "host-test"));
    // Longer than a good handshake takes on a busy machine; the silent one is waited for.
    arguments.add("--fenceline.security.limits.handshake-timeout=4s");
    context = run(arguments.toArray(String[]::new));
    client = authority.open(PeerRole.CLIENT, "tester");
    channel = client.dial("127.0.0.1:" + port(), PeerIdentity.any(PeerRole.HOST)).build();
  }

  @AfterAll
  static void stop() {
    channel.shutdownNow();
    client.close();
    context.close();
  }

  @Test
  void caller_isServed_andTheExpiryIsMeasured() throws Exception {
    assertThat(askHost(channel)).isEqualTo("host-test");
    assertThat(scrape()).contains("fenceline_certificate_expiry_timestamp_seconds 1.");
  }

  @Test
  void health_isServedToEveryRole() {
    TransportSecurity agent = authority.open(PeerRole.AGENT, "agent-9");
    ManagedChannel asAgent =
        agent.dial("127.0.0.1:" + port(), PeerIdentity.any(PeerRole.HOST)).build();
    try {
      assertThat(
              HealthGrpc.newBlockingStub(asAgent)
                  .withDeadlineAfter(BOUND_SECONDS, TimeUnit.SECONDS)
                  .check(HealthCheckRequest.getDefaultInstance())
                  .getStatus())
          .isNotEqualTo(HealthCheckResponse.ServingStatus.SERVICE_UNKNOWN);
      assertThatThrownBy(() -> askHost(asAgent)).hasMessageContaining("PERMISSION_DENIED");
    } finally {
      asAgent.shutdownNow();
      agent.close();
    }
    assertThat(scrapeCount("fenceline_security_refusals_total ")).isPositive();
  }

  @Test
  void reflection_isOff() {
    // As a unary call, which is enough to learn that nobody is there.
    MethodDescriptor<ServerReflectionRequest, ?> method =
        ServerReflectionGrpc.getServerReflectionInfoMethod().toBuilder()
            .setType(MethodDescriptor.MethodType.UNARY)
            .build();
    assertThatThrownBy(
            () ->
                ClientCalls.blockingUnaryCall(
                    channel,
                    method,
                    io.grpc.CallOptions.DEFAULT.withDeadlineAfter(BOUND_SECONDS, TimeUnit.SECONDS),
                    ServerReflectionRequest.getDefaultInstance()))
        .satisfies(e -> assertCode(e, Status.Code.UNIMPLEMENTED));
  }

  @Test
  void oversizedMessage_isRefused_andTheConnectionLives() {
    var spaces =
        AddressSpaceServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(BOUND_SECONDS, TimeUnit.SECONDS);
    long space = spaces.createSpace(CreateSpaceRequest.getDefaultInstance()).getSpaceId();
    WriteRequest large =
        WriteRequest.newBuilder()
            .setSpaceId(space)
            .setData(ByteString.copyFrom(new byte[9 << 20]))
            .build();
    assertThatThrownBy(() -> spaces.write(large))
        .satisfies(e -> assertCode(e, Status.Code.RESOURCE_EXHAUSTED));
    assertThat(askHost(channel)).isEqualTo("host-test");
  }

  @Test
  void oversizedMetadata_isRefused_andTheConnectionLives() {
    Metadata headers = new Metadata();
    headers.put(Metadata.Key.of("filler", Metadata.ASCII_STRING_MARSHALLER), "x".repeat(64 << 10));
    Channel filled =
        ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers));
    assertThatThrownBy(() -> askHost(filled)).isInstanceOf(StatusRuntimeException.class);
    assertThat(askHost(channel)).isEqualTo("host-test");
  }

  @Test
  void connectionThatNeverShakesHands_isCut() throws Exception {
    try (Socket silent = new Socket(InetAddress.getLoopbackAddress(), port())) {
      silent.setSoTimeout((int) TimeUnit.SECONDS.toMillis(BOUND_SECONDS));
      assertThat(silent.getInputStream().read()).as("the end of the connection").isEqualTo(-1);
    }
    assertThat(askHost(channel)).isEqualTo("host-test");
  }

  @Test
  void plaintextOnANetwork_isRefusedAtStart() {
    assertRefused(
        "gRPC would be plaintext on 0.0.0.0, which is not loopback",
        "--spring.grpc.server.address=0.0.0.0");
    try (var allowed =
        run(
            "--spring.grpc.server.address=0.0.0.0",
            "--fenceline.security.allow-plaintext-network=true")) {
      assertThat(allowed.isRunning()).isTrue();
    }
  }

  @Test
  void settingsThatCannotBeUsed_areRefusedAtStartWithTheName() {
    assertRefused(
        "mTLS needs fenceline.security.certificate and fenceline.security.private-key and"
            + " fenceline.security.trusted-ca, which is not set",
        "--fenceline.security.mode=mtls");
    assertRefused(
        "fenceline.security.limits.concurrent-calls is less than 1",
        "--fenceline.security.limits.concurrent-calls=0");
    String[] another = authority.arguments(PeerRole.HOST, "host-2").toArray(String[]::new);
    assertRefused("is that of host/host-2; this process is host/host-test", another);
    String[] missing = authority.arguments(PeerRole.HOST, "host-test").toArray(String[]::new);
    missing[0] = "--fenceline.security.certificate=/nowhere/host.crt";
    assertRefused("there is no file /nowhere/host.crt", missing);
  }

  private static void assertRefused(String reason, String... arguments) {
    assertThatThrownBy(() -> run(arguments).close())
        .satisfies(e -> assertThat(exitCode(e)).isEqualTo(78))
        .rootCause()
        .isInstanceOf(SecurityRefusal.class)
        .hasMessageContaining(reason);
  }

  private static int exitCode(Throwable failure) {
    for (Throwable each = failure; each != null; each = each.getCause()) {
      if (each instanceof EndsStart generator) {
        return generator.exitCode();
      }
    }
    return 1;
  }

  private static void assertCode(Throwable failure, Status.Code code) {
    assertThat(Status.fromThrowable(failure).getCode()).isEqualTo(code);
  }

  private static String askHost(Channel channel) {
    return HostQueryServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(BOUND_SECONDS, TimeUnit.SECONDS)
        .getHost(GetHostRequest.getDefaultInstance())
        .getHostId();
  }

  private static ConfigurableApplicationContext run(String... more) {
    String[] arguments = {
      "--server.port=0",
      "--spring.grpc.server.port=0",
      "--fenceline.host.host-id=host-test",
      "--fenceline.host.arena=1MB"
    };
    String[] all = Arrays.copyOf(arguments, arguments.length + more.length);
    System.arraycopy(more, 0, all, arguments.length, more.length);
    return new SpringApplicationBuilder(HostApplication.class).logStartupInfo(false).run(all);
  }

  private static int port() {
    return context.getEnvironment().getRequiredProperty("local.grpc.server.port", Integer.class);
  }

  private static String scrape() throws Exception {
    String port = context.getEnvironment().getRequiredProperty("local.server.port");
    try (HttpClient http = HttpClient.newHttpClient()) {
      return http.send(
              HttpRequest.newBuilder(
                      URI.create("http://localhost:" + port + "/actuator/prometheus"))
                  .build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    }
  }

  private static double scrapeCount(String name) {
    try {
      return scrape()
          .lines()
          .filter(line -> line.startsWith(name))
          .mapToDouble(line -> Double.parseDouble(line.substring(name.length())))
          .sum();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
