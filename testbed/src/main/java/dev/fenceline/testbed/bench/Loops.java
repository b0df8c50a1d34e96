package dev.fenceline.testbed.bench;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * The transport threads of a measurement over loopback: one set for everything that serves and one
 * for everything that dials, so that what is compared runs on the same threads. Thread-safe.
 *
 * <p>With gRPC's shared default, chance would decide whether both ends of a connection share a
 * thread, which is worth two thread switches of a round trip.
 */
final class Loops implements AutoCloseable {
  private final boolean epoll = Epoll.isAvailable();
  private final EventLoopGroup acceptor = group(1);
  private final EventLoopGroup serving;
  private final EventLoopGroup dialling;

  /**
   * @param threadsPerSide for the connections of all servers, and for those of all clients
   */
  Loops(int threadsPerSide) {
    serving = group(threadsPerSide);
    dialling = group(threadsPerSide);
  }

  /** A server on a free port of the loopback interface. */
  NettyServerBuilder server() {
    Class<? extends ServerChannel> type =
        epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
    return NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
        .bossEventLoopGroup(acceptor)
        .workerEventLoopGroup(serving)
        .channelType(type);
  }

  /** A connection of its own, whose answers are handled on the transport's thread. */
  ManagedChannel dial(int port) {
    Class<? extends Channel> type = epoll ? EpollSocketChannel.class : NioSocketChannel.class;
    return NettyChannelBuilder.forAddress(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
        .eventLoopGroup(dialling)
        .channelType(type)
        .directExecutor()
        .usePlaintext()
        .build();
  }

  @Override
  public void close() {
    acceptor.shutdownGracefully();
    serving.shutdownGracefully();
    dialling.shutdownGracefully();
  }

  private EventLoopGroup group(int threads) {
    IoHandlerFactory io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    return new MultiThreadIoEventLoopGroup(threads, io);
  }
}
