package dev.fenceline.security.boot;

import dev.fenceline.security.TransportSecurity;
import io.grpc.ServerCredentials;
import io.grpc.netty.NettyServerBuilder;
import java.util.List;
import org.springframework.grpc.server.NettyGrpcServerFactory;
import org.springframework.grpc.server.ServerBuilderCustomizer;

/**
 * Makes the gRPC server with our credentials: Boot's own factory takes key stores, which do not
 * reload. Used once, while the context starts.
 */
final class SecuredServerFactory extends NettyGrpcServerFactory {
  private final ServerPlace place;
  private final TransportSecurity security;

  SecuredServerFactory(
      ServerPlace place,
      TransportSecurity security,
      List<ServerBuilderCustomizer<NettyServerBuilder>> customizers) {
    super(
        place.bind().getHostString() + ":" + place.bind().getPort(), customizers, null, null, null);
    this.place = place;
    this.security = security;
  }

  @Override
  protected NettyServerBuilder newServerBuilder() {
    NettyServerBuilder builder = NettyServerBuilder.forAddress(place.bind(), credentials());
    security.guard(builder);
    place.limits().accept(builder); // before the service's own customizers, which may know better
    return builder;
  }

  @Override
  protected ServerCredentials credentials() {
    return security.serverCredentials();
  }
}
