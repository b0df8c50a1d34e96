package dev.fenceline.peer;

import dev.fenceline.concurrent.PeerConnector;
import dev.fenceline.concurrent.TransferStream;
import dev.fenceline.device.v1.PeerAccessBatch;
import dev.fenceline.device.v1.PeerMemoryServiceGrpc;
import dev.fenceline.security.PeerIdentity;
import dev.fenceline.security.PeerRole;
import dev.fenceline.security.TransportSecurity;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import java.util.concurrent.ConcurrentHashMap;

/** Channels to agents, one for each address, dialled when first needed. Thread-safe. */
public final class GrpcPeerConnector implements PeerConnector, AutoCloseable {
  /** A batch of replies: more than the largest batch of requests asks for. */
  private static final int MAX_MESSAGE_BYTES = 16 << 20;

  private final String agentId;
  private final TransportSecurity security;
  private final ConcurrentHashMap<String, ManagedChannel> channels = new ConcurrentHashMap<>();

  /**
   * @param agentId who asks; empty for a host
   */
  public GrpcPeerConnector(String agentId, TransportSecurity security) {
    this.agentId = agentId;
    this.security = security;
  }

  @Override
  public TransferStream open(String target, String hostId, TransferStream.Listener listener) {
    GrpcTransferStream<PeerAccessBatch> stream =
        new GrpcTransferStream<>(
            listener,
            batch ->
                PeerAccessBatch.newBuilder()
                    .setHostId(hostId)
                    .setAgentId(agentId)
                    .addAllRequests(batch.getRequestsList())
                    .build());
    ManagedChannel channel = channels.computeIfAbsent(target, this::dial);
    // The stream outlives the call on whose behalf it is opened, and so its context.
    Context.ROOT.run(() -> PeerMemoryServiceGrpc.newStub(channel).access(stream));
    return stream;
  }

  @Override
  public void forget(String target) {
    ManagedChannel channel = channels.remove(target);
    if (channel != null) {
      channel.shutdown();
    }
  }

  /** Targets to which there is a channel. */
  int targets() {
    return channels.size();
  }

  private ManagedChannel dial(String target) {
    return security
        .dial(target, PeerIdentity.any(PeerRole.AGENT))
        .directExecutor()
        .disableRetry()
        .maxInboundMessageSize(MAX_MESSAGE_BYTES)
        .build();
  }

  @Override
  public void close() {
    channels.values().forEach(ManagedChannel::shutdownNow);
  }
}
