package dev.fenceline.testbed.bench;

import dev.fenceline.attach.v1.Access;
import dev.fenceline.attach.v1.AddMirror;
import dev.fenceline.attach.v1.AgentBatch;
import dev.fenceline.attach.v1.AgentEvent;
import dev.fenceline.attach.v1.AttachServiceGrpc;
import dev.fenceline.attach.v1.Device;
import dev.fenceline.attach.v1.FaultReply;
import dev.fenceline.attach.v1.FaultRequest;
import dev.fenceline.attach.v1.Hello;
import dev.fenceline.attach.v1.HostBatch;
import dev.fenceline.attach.v1.HostEvent;
import dev.fenceline.attach.v1.Invalidate;
import dev.fenceline.attach.v1.InvalidationAck;
import dev.fenceline.attach.v1.PageRun;
import dev.fenceline.common.v1.Interval;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;

/**
 * An agent with one device that is nothing but the attach stream: it acknowledges an invalidation
 * at once. The measuring thread drives it; answers come on the transport's thread.
 */
final class AttachClient implements AutoCloseable {
  private static final int PROTOCOL_VERSION = 1;
  private static final int MIRROR = 1;

  private final ManagedChannel channel;
  private final Signal signal;
  private final StreamObserver<AgentBatch> stream;
  private volatile long epoch;
  private volatile long session;
  private volatile int invalidateBytes;
  private long lastFault;

  /** Attaches; the signal counts down once for this and for every answer to a call. */
  AttachClient(ManagedChannel channel, String agentId, Signal signal) {
    this.channel = channel;
    this.signal = signal;
    signal.expect(1);
    stream = AttachServiceGrpc.newStub(channel).attach(new Receiver());
    send(
        AgentEvent.newBuilder()
            .setHello(
                Hello.newBuilder()
                    .setProtocolVersion(PROTOCOL_VERSION)
                    .setAgentId(agentId)
                    .setBootToken(1)
                    .setDialAttempt(1)
                    .addDevices(Device.newBuilder().setName(agentId + "-device").setUnits(1))));
    signal.await();
  }

  /** Mirrors [start, end) of a space. */
  void mirror(long spaceId, long start, long end) {
    send(
        AgentEvent.newBuilder()
            .setAddMirror(
                AddMirror.newBuilder()
                    .setMirrorId(MIRROR)
                    .setSpaceId(spaceId)
                    .setInterval(Interval.newBuilder().setStart(start).setEnd(end))));
  }

  /** Faults pages in, up to 512 of them. */
  void grant(long start, int pages) {
    send(
        AgentEvent.newBuilder()
            .setFault(
                FaultRequest.newBuilder()
                    .setFaultId(++lastFault)
                    .setMirrorId(MIRROR)
                    .setAddress(start)
                    .setPageCount(pages)
                    .setAccess(Access.ACCESS_WRITE)));
  }

  /** Size of the last message that held nothing but an invalidation. */
  int invalidateBytes() {
    return invalidateBytes;
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }

  private void send(AgentEvent.Builder event) {
    AgentBatch batch =
        AgentBatch.newBuilder().setHostEpoch(epoch).setSessionId(session).addEvents(event).build();
    synchronized (this) {
      stream.onNext(batch);
    }
  }

  private void acknowledge(Invalidate invalidate) {
    send(
        AgentEvent.newBuilder()
            .setAck(
                InvalidationAck.newBuilder()
                    .addAllInvalidationIds(invalidate.getInvalidationIdsList())));
  }

  /** Confined to the transport's thread. */
  private final class Receiver implements StreamObserver<HostBatch> {
    @Override
    public void onNext(HostBatch batch) {
      for (HostEvent event : batch.getEventsList()) {
        if (event.hasInvalidate()) {
          acknowledge(event.getInvalidate());
          if (batch.getEventsCount() == 1) {
            invalidateBytes = batch.getSerializedSize();
          }
        } else if (event.hasWelcome()) {
          epoch = event.getWelcome().getHostEpoch();
          session = event.getWelcome().getSessionId();
          signal.countDown();
        } else if (event.hasMirrorAdded()) {
          signal.countDown();
        } else if (event.hasFaultReply()) {
          granted(event.getFaultReply());
        } else {
          throw new IllegalStateException("not expected: " + event);
        }
      }
    }

    private void granted(FaultReply reply) {
      int pages = reply.getRunsList().stream().mapToInt(PageRun::getPageCount).sum();
      for (int page = 0; page < pages; page++) {
        signal.countDown();
      }
    }

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {}
  }
}
