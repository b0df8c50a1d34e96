package dev.fenceline.coordinator.adapter.grpc;

import dev.fenceline.coordinator.runtime.HostEventSource;
import dev.fenceline.query.v1.HostEvents;
import dev.fenceline.query.v1.HostQueryServiceGrpc;
import dev.fenceline.query.v1.WatchEventsRequest;
import dev.fenceline.security.PeerRole;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;

/** Hosts' events over HostQueryService, one message at a time. Thread-safe. */
public final class GrpcHostEvents implements HostEventSource {
  private final NodeChannels channels;

  public GrpcHostEvents(NodeChannels channels) {
    this.channels = channels;
  }

  @Override
  public Watch watch(String endpoint, long hostEpoch, long afterNumber, Listener listener) {
    ClientCall<WatchEventsRequest, HostEvents> call =
        channels
            .channel(endpoint, PeerRole.HOST)
            .newCall(HostQueryServiceGrpc.getWatchEventsMethod(), CallOptions.DEFAULT);
    call.start(new Received(call, listener), new Metadata());
    call.sendMessage(
        WatchEventsRequest.newBuilder()
            .setHostEpoch(hostEpoch)
            .setAfterNumber(afterNumber)
            .build());
    call.halfClose();
    call.request(1);
    return () -> call.cancel("nobody watches any more", null);
  }

  /** Asks for the next message when the last one has been taken in; confined to the call. */
  private static final class Received extends ClientCall.Listener<HostEvents> {
    private final ClientCall<WatchEventsRequest, HostEvents> call;
    private final Listener listener;

    Received(ClientCall<WatchEventsRequest, HostEvents> call, Listener listener) {
      this.call = call;
      this.listener = listener;
    }

    @Override
    public void onMessage(HostEvents batch) {
      listener.events(LiveQueryCodec.events(batch));
      call.request(1);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      listener.ended(status.getCode() + ": " + status.getDescription());
    }
  }
}
