package dev.fenceline.agent.adapter.grpc;

import dev.fenceline.agent.runtime.AgentRuntime;
import dev.fenceline.agent.runtime.program.SyncPoint;
import dev.fenceline.device.v1.AwaitSyncPointReply;
import dev.fenceline.device.v1.AwaitSyncPointRequest;
import dev.fenceline.device.v1.SyncPointServiceGrpc;
import dev.fenceline.model.Errno;
import io.grpc.stub.StreamObserver;

/** Sync points of this agent, for others. Thread-safe; handlers block on virtual threads. */
public final class SyncPointGrpcService extends SyncPointServiceGrpc.SyncPointServiceImplBase {
  private static final long MAX_TIMEOUT_NANOS = 1_000_000_000L;

  private final AgentRuntime agent;

  public SyncPointGrpcService(AgentRuntime agent) {
    this.agent = agent;
  }

  @Override
  public void awaitSyncPoint(
      AwaitSyncPointRequest request, StreamObserver<AwaitSyncPointReply> observer) {
    long timeout = request.getTimeoutNanos();
    if (timeout < 0 || timeout > MAX_TIMEOUT_NANOS) {
      observer.onError(
          ErrorTrailer.of(
              Errno.EINVAL,
              "timeout_nanos of %s: must be 0 to %d"
                  .formatted(Long.toUnsignedString(timeout), MAX_TIMEOUT_NANOS),
              null));
      return;
    }
    SyncPoint point = new SyncPoint("", "", request.getProgramNumber(), request.getName());
    try {
      boolean reached = agent.programs().await(point, timeout);
      observer.onNext(AwaitSyncPointReply.newBuilder().setReached(reached).build());
      observer.onCompleted();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      observer.onError(ErrorTrailer.of(Errno.UNAVAILABLE, "the agent stops", null));
    }
  }
}
