package dev.fenceline.security;

import dev.fenceline.query.v1.GetHostRequest;
import dev.fenceline.query.v1.HostQueryServiceGrpc;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.handler.ssl.SslContextBuilder;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * Calls a server with any certificate or none, as somebody with other software would. Stateless.
 */
final class RawCaller {
  private static final long BOUND_SECONDS = 60;

  private RawCaller() {}

  /**
   * A channel that knows nothing of our rules.
   *
   * @param files null: no certificate
   */
  static ManagedChannel dial(
      TestServer server, Path trustedCa, SecuritySettings.@Nullable MutualTls files) {
    try {
      SslContextBuilder context =
          GrpcSslContexts.configure(SslContextBuilder.forClient()).trustManager(trustedCa.toFile());
      if (files != null) {
        context.keyManager(files.certificate().toFile(), files.privateKey().toFile());
      }
      return NettyChannelBuilder.forTarget(server.target()).sslContext(context.build()).build();
    } catch (SSLException e) {
      throw new AssertionError(e);
    }
  }

  /** Asks the server who it thinks is calling. */
  static String whoAmI(Channel channel) {
    return HostQueryServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(BOUND_SECONDS, TimeUnit.SECONDS)
        .getHost(GetHostRequest.getDefaultInstance())
        .getHostId();
  }

  /** The serial number of the certificate that the server shows on this channel. */
  static BigInteger serverSerial(Channel channel) {
    AtomicReference<SSLSession> session = new AtomicReference<>();
    ClientInterceptor look =
        new ClientInterceptor() {
          @Override
          public <Q, P> ClientCall<Q, P> interceptCall(
              MethodDescriptor<Q, P> method, CallOptions options, Channel next) {
            return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
              @Override
              public void start(Listener<P> listener, Metadata headers) {
                super.start(
                    new SimpleForwardingClientCallListener<>(listener) {
                      @Override
                      public void onHeaders(Metadata received) {
                        session.set(getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION));
                        super.onHeaders(received);
                      }
                    },
                    headers);
              }
            };
          }
        };
    whoAmI(io.grpc.ClientInterceptors.intercept(channel, look));
    try {
      return ((X509Certificate) session.get().getPeerCertificates()[0]).getSerialNumber();
    } catch (SSLPeerUnverifiedException e) {
      throw new AssertionError(e);
    }
  }
}
