package dev.fenceline.client;

import dev.fenceline.security.PeerIdentity;
import dev.fenceline.security.PeerRole;
import dev.fenceline.security.TransportSecurity;
import io.grpc.ManagedChannel;
import java.util.concurrent.TimeUnit;

/** A connection to one service's gRPC port, shared by its clients. Thread-safe. */
public final class ServiceChannel implements AutoCloseable {
  private static final int MAX_MESSAGE_BYTES = 32 << 20;
  private static final long CLOSE_SECONDS = 2;

  private final String address;
  private final ManagedChannel channel;

  private ServiceChannel(String address, ManagedChannel channel) {
    this.address = address;
    this.channel = channel;
  }

  /**
   * A channel that dials when it is first used.
   *
   * @param address host:port
   * @throws IllegalArgumentException if it is not
   */
  public static ServiceChannel to(String address) {
    return to(address, TransportSecurity.plaintext(), PeerRole.HOST);
  }

  /**
   * A channel to a service that may ask for certificates.
   *
   * @param role what has to answer
   */
  public static ServiceChannel to(String address, TransportSecurity security, PeerRole role) {
    int colon = address.lastIndexOf(':');
    if (colon < 1 || !address.substring(colon + 1).matches("[0-9]{1,5}")) {
      throw new IllegalArgumentException("not host:port: " + address);
    }
    return new ServiceChannel(
        address,
        security
            .dial(address, PeerIdentity.any(role))
            .maxInboundMessageSize(MAX_MESSAGE_BYTES)
            .build());
  }

  /**
   * A channel that somebody else made, such as one within this process; closed with this object.
   */
  public static ServiceChannel over(ManagedChannel channel) {
    return new ServiceChannel(channel.authority(), channel);
  }

  /** host:port. */
  public String address() {
    return address;
  }

  ManagedChannel channel() {
    return channel;
  }

  @Override
  public void close() {
    channel.shutdownNow();
    try {
      channel.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
