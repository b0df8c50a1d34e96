package dev.fenceline.host.adapter.grpc;

import dev.fenceline.host.runtime.HostRuntime;
import dev.fenceline.security.Peer;
import dev.fenceline.transfer.v1.DmaReplyBatch;
import dev.fenceline.transfer.v1.DmaRequestBatch;
import dev.fenceline.transfer.v1.TransferServiceGrpc;
import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;

/**
 * The DMA streams on gRPC. Thread-safe; runs on the transport's own thread and never blocks: the
 * bytes move inside the shard's mailbox, in the step that checks the request.
 */
public final class TransferAdapter implements BindableService {
  private final HostRuntime host;

  public TransferAdapter(HostRuntime host) {
    this.host = host;
  }

  @Override
  public ServerServiceDefinition bindService() {
    return ServerServiceDefinition.builder(TransferServiceGrpc.getServiceDescriptor())
        .addMethod(TransferServiceGrpc.getTransferMethod(), (call, headers) -> transfer(call))
        .build();
  }

  private ServerCall.Listener<DmaRequestBatch> transfer(
      ServerCall<DmaRequestBatch, DmaReplyBatch> call) {
    call.sendHeaders(new Metadata());
    TransferStream stream = new TransferStream(host, call, Peer.current());
    call.request(1);
    return stream;
  }
}
