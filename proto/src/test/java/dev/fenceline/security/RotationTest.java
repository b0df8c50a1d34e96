package dev.fenceline.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.attach.v1.AgentBatch;
import dev.fenceline.attach.v1.AttachServiceGrpc;
import dev.fenceline.attach.v1.HostBatch;
import dev.fenceline.security.LiveCredentials.Reload;
import dev.fenceline.security.issue.PemWriter;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Certificates and authorities that change under a running server. */
class RotationTest {
  private static final PeerIdentity HOST = new PeerIdentity(PeerRole.HOST, "host-1");

  private final List<AutoCloseable> opened = new ArrayList<>();
  private TestAuthority authority;
  private SecuritySettings.MutualTls files;
  private MutualTlsTransport transport;
  private TestServer server;

  @BeforeEach
  void start(@TempDir Path directory) throws IOException {
    authority = new TestAuthority(directory.resolve("ours"));
    files = authority.settings(PeerRole.HOST, "host-1");
    transport = keep(open(files));
    server = keep(TestServer.start(transport));
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
  }

  @Test
  void newCertificate_isShownToNewConnections_andOldStreamsLiveOn() throws Exception {
    TransportSecurity agent = keep(authority.open(PeerRole.AGENT, "agent-1"));
    LinkedBlockingQueue<Object> answers = new LinkedBlockingQueue<>();
    StreamObserver<AgentBatch> stream = attach(dial(agent), answers);
    stream.onNext(AgentBatch.newBuilder().setSessionId(1).build());
    assertThat(answers.poll(60, TimeUnit.SECONDS)).isEqualTo(batch(1));
    TransportSecurity client = keep(authority.open(PeerRole.CLIENT, "bob"));
    ManagedChannel before = dial(client);
    BigInteger oldSerial = RawCaller.serverSerial(before);
    assertThat(transport.reload()).isEqualTo(Reload.UNCHANGED);

    authority.settings(PeerRole.HOST, "host-1"); // issued anew, into the same files
    assertThat(transport.reload()).isEqualTo(Reload.RELOADED);

    assertThat(RawCaller.serverSerial(dial(client))).isNotEqualTo(oldSerial);
    assertThat(RawCaller.serverSerial(before)).as("the connection of before").isEqualTo(oldSerial);
    stream.onNext(AgentBatch.newBuilder().setSessionId(2).build());
    assertThat(answers.poll(60, TimeUnit.SECONDS)).isEqualTo(batch(2));
  }

  @Test
  void filesAreLookedAtWithoutBeingAsked() throws Exception {
    TransportSecurity client = keep(authority.open(PeerRole.CLIENT, "bob"));
    BigInteger oldSerial = RawCaller.serverSerial(dial(client));
    authority.settings(PeerRole.HOST, "host-1");
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(100);
    while (RawCaller.serverSerial(dial(client)).equals(oldSerial)) {
      assertThat(System.nanoTime()).as("a new certificate within 100 s").isLessThan(deadline);
      Thread.sleep(100);
    }
  }

  @Test
  void newAuthority_isBelievedBesideTheOld_andTheOldCanGo(@TempDir Path other) throws IOException {
    TestAuthority successor = new TestAuthority(other);
    SecuritySettings.MutualTls theirs = successor.settings(PeerRole.CLIENT, "bob");
    assertThatThrownBy(() -> RawCaller.whoAmI(raw(theirs)))
        .isInstanceOf(StatusRuntimeException.class);

    String old = Files.readString(authority.caFile());
    PemWriter.write(authority.caFile(), old + Files.readString(successor.caFile()));
    assertThat(transport.reload()).isEqualTo(Reload.RELOADED);
    assertThat(RawCaller.whoAmI(raw(theirs))).isEqualTo("client/bob");
    SecuritySettings.MutualTls ours = authority.settings(PeerRole.CLIENT, "alice");
    assertThat(RawCaller.whoAmI(raw(ours))).isEqualTo("client/alice");

    PemWriter.write(authority.caFile(), Files.readString(successor.caFile()));
    assertThat(transport.reload()).isEqualTo(Reload.RELOADED);
    PemWriter.write(authority.caFile(), old); // the callers of this test still believe it
    assertThat(RawCaller.whoAmI(raw(theirs))).isEqualTo("client/bob");
    assertThatThrownBy(() -> RawCaller.whoAmI(raw(ours)))
        .as("no session is resumed past the check")
        .isInstanceOf(StatusRuntimeException.class);
  }

  @Test
  void halfARotation_keepsTheOldUntilItIsWhole() throws IOException {
    BigInteger serial = RawCaller.serverSerial(dial(keep(authority.open(PeerRole.CLIENT, "bob"))));
    String oldKey = Files.readString(files.privateKey());
    authority.settings(PeerRole.HOST, "host-1");
    String newKey = Files.readString(files.privateKey());
    PemWriter.write(files.privateKey(), oldKey);
    assertThat(transport.reload()).as("certificate without its key").isEqualTo(Reload.UNUSABLE);
    Files.delete(files.privateKey());
    assertThat(transport.reload()).as("no key").isEqualTo(Reload.UNUSABLE);
    TransportSecurity client = keep(authority.open(PeerRole.CLIENT, "bob"));
    assertThat(RawCaller.serverSerial(dial(client))).isEqualTo(serial);
    PemWriter.write(files.privateKey(), newKey);
    assertThat(transport.reload()).isEqualTo(Reload.RELOADED);
    assertThat(RawCaller.serverSerial(dial(client))).isNotEqualTo(serial);
  }

  @Test
  void expiry_isThatOfTheCertificateInUse() {
    Instant until =
        Instant.now().plus(Duration.ofDays(9)).truncatedTo(java.time.temporal.ChronoUnit.SECONDS);
    authority.settings(
        PeerRole.HOST, "host-1", request -> request.valid(request.notBefore(), until));
    assertThat(transport.certificateExpiry()).isNotEqualTo(java.util.Optional.of(until));
    transport.reload();
    assertThat(transport.certificateExpiry()).contains(until);
  }

  @Test
  void whatCannotBeUsedAtStart_isRefusedWithTheFile(@TempDir Path other) throws IOException {
    Instant now = Instant.now();
    Path nowhere = other.resolve("nowhere.pem");
    Path garbage = Files.writeString(other.resolve("garbage.pem"), "nothing");
    SecuritySettings.MutualTls good = authority.settings(PeerRole.HOST, "host-2");
    String domain = good.trustDomain();
    assertRefused(
        new SecuritySettings.MutualTls(nowhere, good.privateKey(), good.trustedCa(), domain),
        "fenceline.security.certificate: there is no file " + nowhere);
    assertRefused(
        new SecuritySettings.MutualTls(good.certificate(), garbage, good.trustedCa(), domain),
        garbage + " holds no private key");
    assertRefused(
        new SecuritySettings.MutualTls(good.certificate(), good.privateKey(), garbage, domain),
        garbage + " holds no certificates");
    assertRefused(
        new SecuritySettings.MutualTls(
            good.certificate(), files.privateKey(), good.trustedCa(), domain),
        "does not belong to the certificate in " + good.certificate());
    assertRefused(good, "is that of host/host-2; this process is host/host-1");
    assertRefused(
        authority.settings(
            PeerRole.HOST,
            "host-1",
            r -> r.valid(now.minus(Duration.ofDays(2)), now.minus(Duration.ofDays(1)))),
        files.certificate() + " expired at ");
    assertRefused(
        authority.settings(
            PeerRole.HOST,
            "host-1",
            r -> r.valid(now.plus(Duration.ofDays(1)), now.plus(Duration.ofDays(2)))),
        files.certificate() + " is not valid before ");
  }

  private static void assertRefused(SecuritySettings.MutualTls settings, String reason) {
    assertThatThrownBy(() -> open(settings).close())
        .isInstanceOf(SecurityRefusal.class)
        .hasMessageContaining(reason);
  }

  private static MutualTlsTransport open(SecuritySettings.MutualTls settings) {
    return MutualTlsTransport.open(settings, HOST, RefusalObserver.NONE, Clock.systemUTC());
  }

  private static StreamObserver<AgentBatch> attach(
      ManagedChannel channel, LinkedBlockingQueue<Object> answers) {
    return AttachServiceGrpc.newStub(channel)
        .attach(
            new StreamObserver<>() {
              @Override
              public void onNext(HostBatch batch) {
                answers.add(batch);
              }

              @Override
              public void onError(Throwable failure) {
                answers.add(failure);
              }

              @Override
              public void onCompleted() {
                answers.add("completed");
              }
            });
  }

  private static HostBatch batch(long number) {
    return HostBatch.newBuilder().setSessionId(number).build();
  }

  private ManagedChannel dial(TransportSecurity caller) {
    return keep(caller.dial(server.target(), HOST).build());
  }

  private ManagedChannel raw(SecuritySettings.MutualTls caller) {
    return keep(RawCaller.dial(server, authority.caFile(), caller));
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
