package dev.fenceline.security;

import io.grpc.ServerCredentials;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.NettySslContextChannelCredentials;
import io.grpc.netty.NettySslContextServerCredentials;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;

/** gRPC over TLS 1.3 with certificates on both sides, which are read again. Thread-safe. */
final class MutualTlsTransport implements TransportSecurity {
  private static final long LOOK_SECONDS = 5;

  /**
   * A resumed session skips the certificates, and with them whatever changed since: so there are
   * none to speak of. A second is the least that can be said; connections here live for hours.
   */
  private static final long SESSION_SECONDS = 1;

  private static final String PROTOCOL = "TLSv1.3";

  private final SecuritySettings.MutualTls settings;
  private final LiveCredentials live;
  private final PeerInterceptor interceptor;
  private final ScheduledExecutorService watch =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("fenceline-certificates").factory());

  private MutualTlsTransport(
      SecuritySettings.MutualTls settings, LiveCredentials live, RefusalObserver observer) {
    this.settings = settings;
    this.live = live;
    this.interceptor = new PeerInterceptor(settings.trustDomain(), AccessTable.FENCELINE, observer);
  }

  static MutualTlsTransport open(
      SecuritySettings.MutualTls settings,
      PeerIdentity self,
      RefusalObserver observer,
      Clock clock) {
    MutualTlsTransport transport =
        new MutualTlsTransport(settings, new LiveCredentials(settings, self, clock), observer);
    transport.watch.scheduleWithFixedDelay(
        transport.live::reload, LOOK_SECONDS, LOOK_SECONDS, TimeUnit.SECONDS);
    return transport;
  }

  /** Looks at the files now. */
  LiveCredentials.Reload reload() {
    return live.reload();
  }

  @Override
  public ServerCredentials serverCredentials() {
    try {
      return NettySslContextServerCredentials.create(
          GrpcSslContexts.configure(SslContextBuilder.forServer(live), SslProvider.JDK)
              .trustManager(new PeerTrust(live, settings.trustDomain(), null))
              .clientAuth(ClientAuth.REQUIRE)
              .protocols(PROTOCOL)
              .sessionTimeout(SESSION_SECONDS)
              .build());
    } catch (SSLException e) {
      throw new IllegalStateException("this JVM cannot serve " + PROTOCOL, e);
    }
  }

  @Override
  public void guard(NettyServerBuilder builder) {
    builder.intercept(interceptor);
  }

  @Override
  public NettyChannelBuilder dial(String target, PeerIdentity expected) {
    try {
      return NettyChannelBuilder.forTarget(
          target,
          NettySslContextChannelCredentials.create(
              GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.JDK)
                  .keyManager(live)
                  .trustManager(new PeerTrust(live, settings.trustDomain(), expected))
                  .protocols(PROTOCOL)
                  .sessionTimeout(SESSION_SECONDS)
                  .build()));
    } catch (SSLException e) {
      throw new IllegalStateException("this JVM cannot dial " + PROTOCOL, e);
    }
  }

  @Override
  public Optional<Instant> certificateExpiry() {
    return Optional.of(live.credentials().expiry());
  }

  @Override
  public void close() {
    watch.shutdownNow();
  }
}
