package dev.fenceline.agent.adapter.grpc;

import dev.fenceline.agent.runtime.PeerConnector;
import dev.fenceline.agent.runtime.TransferStream;
import dev.fenceline.device.v1.PeerAccessBatch;
import dev.fenceline.device.v1.PeerMemoryServiceGrpc;
import dev.fenceline.security.PeerIdentity;
import dev.fenceline.security.PeerRole;
import dev.fenceline.security.TransportSecurity;
import io.grpc.ManagedChannel;
import java.util.concurrent.ConcurrentHashMap;

/** Channels to other agents, one for each address, dialled when first needed. Thread-safe. */
public final class GrpcPeerConnector implements PeerConnector, AutoCloseable {
  private final String agentId;
  private final TransportSecurity security;
  private final ConcurrentHashMap<String, ManagedChannel> channels = new ConcurrentHashMap<>();

  /**
   * @param agentId who asks
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
    PeerMemoryServiceGrpc.newStub(channels.computeIfAbsent(target, this::dial)).access(stream);
    return stream;
  }

  private ManagedChannel dial(String target) {
    return security
        .dial(target, PeerIdentity.any(PeerRole.AGENT))
        .directExecutor()
        .disableRetry()
        .build();
  }

  @Override
  public void close() {
    channels.values().forEach(ManagedChannel::shutdownNow);
  }
}
