package dev.fenceline.agent.adapter.grpc;

import dev.fenceline.agent.runtime.AttachStream;
import dev.fenceline.agent.runtime.HostConnector;
import dev.fenceline.attach.v1.AttachServiceGrpc;
import dev.fenceline.concurrent.TransferStream;
import dev.fenceline.peer.GrpcTransferStream;
import dev.fenceline.security.PeerIdentity;
import dev.fenceline.security.PeerRole;
import dev.fenceline.security.TransportSecurity;
import dev.fenceline.transfer.v1.DmaRequestBatch;
import dev.fenceline.transfer.v1.TransferServiceGrpc;
import io.grpc.ManagedChannel;
import java.util.concurrent.TimeUnit;

/**
 * One channel to one host; both kinds of streams share it. Thread-safe. Callbacks run on the
 * transport's own thread.
 */
public final class GrpcHostConnector implements HostConnector {
  private static final int MAX_MESSAGE_BYTES = 16 << 20;
  private static final int FLOW_CONTROL_WINDOW_BYTES = 1 << 20;

  private final ManagedChannel channel;

  public GrpcHostConnector(ManagedChannel channel) {
    this.channel = channel;
  }

  /**
   * A connection to {@code host:port}, opened when it is first needed.
   *
   * @param hostId who must answer; empty: any host
   */
  public static HostConnector to(TransportSecurity security, String hostId, String target) {
    PeerIdentity host =
        new PeerIdentity(PeerRole.HOST, hostId.isEmpty() ? PeerIdentity.ANY : hostId);
    return new GrpcHostConnector(
        security
            .dial(target, host)
            .directExecutor()
            .disableRetry()
            .flowControlWindow(FLOW_CONTROL_WINDOW_BYTES)
            .maxInboundMessageSize(MAX_MESSAGE_BYTES)
            .build());
  }

  @Override
  public AttachStream attach(AttachStream.Listener listener) {
    // A new connection for each attempt: the old one may be half-dead, and nobody would notice for
    // minutes. The engine paces its attempts; the channel's own backoff would only add to it.
    channel.enterIdle();
    channel.resetConnectBackoff();
    GrpcAttachStream stream = new GrpcAttachStream(listener);
    AttachServiceGrpc.newStub(channel).attach(stream);
    return stream;
  }

  @Override
  public TransferStream transfer(TransferStream.Listener listener) {
    GrpcTransferStream<DmaRequestBatch> stream = new GrpcTransferStream<>(listener, batch -> batch);
    TransferServiceGrpc.newStub(channel).transfer(stream);
    return stream;
  }

  @Override
  public void close() {
    channel.shutdown();
    try {
      if (!channel.awaitTermination(1, TimeUnit.SECONDS)) {
        channel.shutdownNow();
      }
    } catch (InterruptedException e) {
      channel.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
