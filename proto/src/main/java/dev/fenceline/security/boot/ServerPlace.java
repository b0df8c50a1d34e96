package dev.fenceline.security.boot;

import io.grpc.netty.NettyServerBuilder;
import java.net.InetSocketAddress;
import java.util.function.Consumer;

/**
 * Where the server listens, and what it grants a connection. Immutable.
 *
 * @param limits sets them on a builder
 */
record ServerPlace(InetSocketAddress bind, Consumer<NettyServerBuilder> limits) {}
