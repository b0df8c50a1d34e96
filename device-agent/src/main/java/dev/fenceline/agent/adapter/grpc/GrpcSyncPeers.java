package dev.fenceline.agent.adapter.grpc;

import dev.fenceline.agent.runtime.SyncPeers;
import dev.fenceline.agent.runtime.program.SyncPoint;
import dev.fenceline.device.v1.AwaitSyncPointRequest;
import dev.fenceline.device.v1.SyncPointServiceGrpc;
import dev.fenceline.security.PeerIdentity;
import dev.fenceline.security.PeerRole;
import dev.fenceline.security.TransportSecurity;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Sync points of other agents over gRPC, one channel per agent, at most as many as are remembered.
 * Thread-safe.
 */
public final class GrpcSyncPeers implements SyncPeers {
  private static final int MAX_CHANNELS = 64;

  /** The answer may be that much later than the time-out. */
  private static final long GRACE_NANOS = 1_000_000_000L;

  private final TransportSecurity security;

  /** The least recently used first; guarded by itself. */
  private final LinkedHashMap<String, ManagedChannel> channels = new LinkedHashMap<>(16, 1, true);

  public GrpcSyncPeers(TransportSecurity security) {
    this.security = security;
  }

  @Override
  public boolean await(SyncPoint point, long timeoutNanos) throws InterruptedException {
    AwaitSyncPointRequest.Builder request =
        AwaitSyncPointRequest.newBuilder().setTimeoutNanos(timeoutNanos);
    if (point.name().isEmpty()) {
      request.setProgramNumber(point.programNumber());
    } else {
      request.setName(point.name());
    }
    try {
      return SyncPointServiceGrpc.newBlockingStub(channel(point))
          .withDeadlineAfter(timeoutNanos + GRACE_NANOS, TimeUnit.NANOSECONDS)
          .awaitSyncPoint(request.build())
          .getReached();
    } catch (StatusRuntimeException e) {
      if (Thread.interrupted()) {
        throw new InterruptedException("the device stops");
      }
      TimeUnit.NANOSECONDS.sleep(timeoutNanos); // it is asked again until the deadline
      return false;
    }
  }

  private ManagedChannel channel(SyncPoint point) {
    synchronized (channels) {
      ManagedChannel channel =
          channels.computeIfAbsent(
              point.target() + " " + point.agentId(),
              key ->
                  security
                      .dial(point.target(), new PeerIdentity(PeerRole.AGENT, point.agentId()))
                      .build());
      if (channels.size() > MAX_CHANNELS) {
        Map.Entry<String, ManagedChannel> oldest = channels.pollFirstEntry();
        oldest.getValue().shutdown();
      }
      return channel;
    }
  }

  @Override
  public void close() {
    synchronized (channels) {
      channels.values().forEach(ManagedChannel::shutdownNow);
      channels.clear();
    }
  }
}
