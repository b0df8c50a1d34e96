package dev.fenceline.security;

import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ServerCredentials;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import java.time.Instant;
import java.util.Optional;

/** gRPC without any protection. Stateless. */
final class PlaintextTransport implements TransportSecurity {
  static final PlaintextTransport INSTANCE = new PlaintextTransport();

  private PlaintextTransport() {}

  @Override
  public ServerCredentials serverCredentials() {
    return InsecureServerCredentials.create();
  }

  @Override
  public void guard(NettyServerBuilder builder) {}

  @Override
  public NettyChannelBuilder dial(String target, PeerIdentity expected) {
    return NettyChannelBuilder.forTarget(target, InsecureChannelCredentials.create());
  }

  @Override
  public Optional<Instant> certificateExpiry() {
    return Optional.empty();
  }

  @Override
  public void close() {}
}
