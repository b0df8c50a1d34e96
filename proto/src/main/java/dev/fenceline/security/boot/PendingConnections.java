package dev.fenceline.security.boot;

import io.grpc.Attributes;
import io.grpc.Grpc;
import io.grpc.ServerTransportFilter;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.net.SocketAddress;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Bounds the connections of a server that have not finished their handshake. Thread-safe.
 *
 * <p>One too many costs the oldest its place, not the newest: an honest handshake takes
 * milliseconds, so whoever has waited longest is the likeliest never to finish, and a crowd of
 * silent connections locks nobody out.
 */
final class PendingConnections extends ServerTransportFilter implements AutoCloseable {
  private static final int FLUSH_SECONDS = 5;

  private final int limit;
  private final EventLoopGroup accepting;
  private final EventLoopGroup serving;

  /** By the peer's address, oldest first; guarded by itself. */
  private final Map<SocketAddress, Channel> pending = new LinkedHashMap<>();

  PendingConnections(int limit) {
    this.limit = limit;
    IoHandlerFactory io =
        Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    this.accepting =
        new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("grpc-accept", true), io);
    this.serving =
        new MultiThreadIoEventLoopGroup(0, new DefaultThreadFactory("grpc-serve", true), io);
  }

  void apply(NettyServerBuilder builder) {
    builder
        .bossEventLoopGroup(accepting)
        .workerEventLoopGroup(serving)
        .channelFactory(this::serverChannel)
        .addTransportFilter(this);
  }

  int count() {
    synchronized (pending) {
      return pending.size();
    }
  }

  private ServerChannel serverChannel() {
    ServerChannel channel =
        Epoll.isAvailable() ? new EpollServerSocketChannel() : new NioServerSocketChannel();
    // In front of the handler that hands what was accepted to its event loop.
    channel
        .pipeline()
        .addLast(
            new ChannelInboundHandlerAdapter() {
              @Override
              public void channelRead(ChannelHandlerContext context, Object accepted) {
                if (accepted instanceof Channel connection) {
                  accept(connection);
                }
                context.fireChannelRead(accepted);
              }
            });
    return channel;
  }

  private void accept(Channel connection) {
    SocketAddress peer = connection.remoteAddress();
    if (peer == null) {
      return; // gone already
    }
    Channel oldest = null;
    synchronized (pending) {
      pending.put(peer, connection);
      if (pending.size() > limit) {
        Iterator<Channel> channels = pending.values().iterator();
        oldest = channels.next();
        channels.remove();
      }
    }
    connection.closeFuture().addListener(closed -> finished(peer));
    if (oldest != null) {
      cut(oldest);
    }
  }

  /** Behind its handlers' backs: HTTP/2 would say goodbye, and wait ten seconds for an answer. */
  private static void cut(Channel connection) {
    ChannelHandlerContext first = connection.pipeline().firstContext();
    if (first == null) {
      connection.close();
    } else {
      first.close();
    }
  }

  private @Nullable Channel finished(SocketAddress peer) {
    synchronized (pending) {
      return pending.remove(peer);
    }
  }

  @Override
  public Attributes transportReady(Attributes transport) {
    SocketAddress peer = transport.get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    Channel connection = peer == null ? null : finished(peer);
    if (connection != null) {
      flushNowAndThen(connection);
    }
    return transport;
  }

  /**
   * Where a peer does not answer the keepalive, gRPC resets its streams and closes the connection
   * behind the last of these resets, which it does not flush: without a push the socket of a
   * stopped process would stay.
   */
  private static void flushNowAndThen(Channel connection) {
    Future<?> pushes =
        connection
            .eventLoop()
            .scheduleWithFixedDelay(
                connection::flush, FLUSH_SECONDS, FLUSH_SECONDS, TimeUnit.SECONDS);
    connection.closeFuture().addListener(closed -> pushes.cancel(false));
  }

  @Override
  public void close() {
    accepting.shutdownGracefully();
    serving.shutdownGracefully();
  }
}
