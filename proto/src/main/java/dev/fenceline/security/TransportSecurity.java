package dev.fenceline.security;

import io.grpc.ServerCredentials;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;

/** How this process serves and dials gRPC. Thread-safe. */
public sealed interface TransportSecurity extends AutoCloseable
    permits MutualTlsTransport, PlaintextTransport {

  /** Neither certificates nor identities: for loopback and for tests. */
  static TransportSecurity plaintext() {
    return PlaintextTransport.INSTANCE;
  }

  /**
   * @param self what this process is; its certificate has to say the same
   * @throws SecurityRefusal if a file cannot be used
   */
  static TransportSecurity open(
      SecuritySettings settings, PeerIdentity self, RefusalObserver observer) {
    return switch (settings) {
      case SecuritySettings.Plaintext ignored -> plaintext();
      case SecuritySettings.MutualTls tls ->
          MutualTlsTransport.open(tls, self, observer, Clock.systemUTC());
    };
  }

  /** What a server's builder is made with. */
  ServerCredentials serverCredentials();

  /** Makes a server that was built with {@link #serverCredentials} ask who calls. */
  void guard(NettyServerBuilder builder);

  /**
   * A channel on which nobody but the expected peer is talked to; the caller completes it.
   *
   * @param target a gRPC target, as in {@code host:port}
   */
  NettyChannelBuilder dial(String target, PeerIdentity expected);

  /** When the certificate in use ends; empty if there is none. */
  Optional<Instant> certificateExpiry();

  /** Ends the watch over the files; connections go on. */
  @Override
  void close();
}
