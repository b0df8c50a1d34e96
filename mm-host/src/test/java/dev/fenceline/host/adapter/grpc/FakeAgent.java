package dev.fenceline.host.adapter.grpc;

import dev.fenceline.attach.v1.AgentBatch;
import dev.fenceline.attach.v1.AttachServiceGrpc;
import dev.fenceline.attach.v1.HostBatch;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.HostMessage;
import dev.fenceline.transfer.v1.DmaReplyBatch;
import dev.fenceline.transfer.v1.DmaRequestBatch;
import dev.fenceline.transfer.v1.TransferServiceGrpc;
import dev.fenceline.wire.AgentMessageCodec;
import dev.fenceline.wire.DmaCodec;
import dev.fenceline.wire.HostMessageCodec;
import dev.fenceline.wire.MalformedMessageException;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * An agent as the protocol has it, with one device by default: it acknowledges invalidations at
 * once unless told to hold them back. Thread-safe.
 */
final class FakeAgent implements AutoCloseable {
  private final ManagedChannel channel;
  private final String agentId;
  private static final AtomicLong DIALS = new AtomicLong();
  private final long bootToken;
  private final int devices;
  private final List<HostMessage> received = new CopyOnWriteArrayList<>();
  private final AtomicLong lastHeartbeat = new AtomicLong();
  private final AtomicLong lastFault = new AtomicLong();
  private final BlockingQueue<DmaReply> dmaReplies = new LinkedBlockingQueue<>();

  private volatile boolean acknowledging = true;
  private volatile boolean reading = true;
  private volatile @Nullable Status ended;
  private volatile long sessionId;
  private volatile long epoch;
  private volatile @Nullable ClientCallStreamObserver<AgentBatch> stream;
  private @Nullable StreamObserver<DmaRequestBatch> transfer;

  FakeAgent(HostUnderTest host, String agentId, long bootToken) {
    this(host, agentId, bootToken, 1);
  }

  FakeAgent(HostUnderTest host, String agentId, long bootToken, int devices) {
    this(host.dial(), agentId, bootToken, devices);
  }

  FakeAgent(ManagedChannel channel, String agentId, long bootToken, int devices) {
    this.channel = channel;
    this.agentId = agentId;
    this.bootToken = bootToken;
    this.devices = devices;
  }

  /** From now on, invalidations are acknowledged at once, or not at all. */
  FakeAgent acknowledging(boolean on) {
    acknowledging = on;
    return this;
  }

  /** From now on, messages are pulled from the stream, or pile up. */
  FakeAgent reading(boolean on) {
    reading = on;
    ClientCallStreamObserver<AgentBatch> open = stream;
    if (on && open != null) {
      open.request(1);
    }
    return this;
  }

  /** Opens a stream and says Hello; does not wait. */
  FakeAgent hello() {
    open();
    List<DeviceDescription> described = new ArrayList<>();
    for (int i = 0; i < devices; i++) {
      described.add(new DeviceDescription(i, agentId + "-device-" + i, 1));
    }
    sendAs(0, 0, new AgentMessage.Hello(1, agentId, bootToken, DIALS.incrementAndGet(), described));
    return this;
  }

  /** Says Hello and waits for Welcome. */
  FakeAgent attach() {
    received.clear();
    hello();
    HostMessage.Welcome welcome = await(HostMessage.Welcome.class, any -> true);
    epoch = welcome.hostEpoch();
    sessionId = welcome.sessionId();
    return this;
  }

  void open() {
    ended = null;
    AttachServiceGrpc.newStub(channel).attach(new Receiver());
  }

  long sessionId() {
    return sessionId;
  }

  List<HostMessage> received() {
    return received;
  }

  /** How the stream ended; null while it is up. */
  @Nullable Status ended() {
    return ended;
  }

  Status awaitEnd() {
    HostUnderTest.await("end of the stream of " + agentId, () -> ended != null);
    Status status = ended;
    if (status == null) {
      throw new AssertionError();
    }
    return status;
  }

  void send(AgentMessage... messages) {
    sendAs(epoch, sessionId, messages);
  }

  synchronized void sendAs(long asEpoch, long asSession, AgentMessage... messages) {
    sendRaw(
        AgentMessageCodec.encode(new AgentMessage.Batch(asEpoch, asSession, List.of(messages))));
  }

  synchronized void sendRaw(AgentBatch batch) {
    ClientCallStreamObserver<AgentBatch> open = stream;
    if (open == null) {
      throw new AssertionError("not attached");
    }
    open.onNext(batch);
  }

  void heartbeat() {
    send(new AgentMessage.Heartbeat(lastHeartbeat.incrementAndGet()));
  }

  /** The stream breaks. */
  void breakStream() {
    ClientCallStreamObserver<AgentBatch> open = stream;
    if (open != null) {
      open.cancel("the test breaks the stream", null);
    }
  }

  /** Subscribes a device and waits. */
  void mirror(int mirrorId, long space, int device, long start, int pages) {
    send(
        new AgentMessage.AddMirror(
            mirrorId, space, device, start, start + (long) pages * HostUnderTest.PAGE));
    await(HostMessage.MirrorAdded.class, added -> added.mirrorId() == mirrorId);
  }

  /** Faults and waits for the answer. */
  HostMessage.FaultReply fault(int mirrorId, long address, int pages, Access access) {
    long id = faultLater(mirrorId, address, pages, access);
    return await(HostMessage.FaultReply.class, reply -> reply.faultId() == id);
  }

  long faultLater(int mirrorId, long address, int pages, Access access) {
    long id = lastFault.incrementAndGet();
    send(new AgentMessage.FaultRequest(id, mirrorId, address, pages, access));
    return id;
  }

  HostMessage.Invalidate awaitInvalidate() {
    return await(HostMessage.Invalidate.class, any -> true);
  }

  void acknowledge(HostMessage.Invalidate invalidate) {
    for (int device = 0; device < devices; device++) {
      send(new AgentMessage.InvalidationAck(device, invalidate.invalidationIds()));
    }
  }

  <T extends HostMessage> T await(Class<T> type, Predicate<T> which) {
    HostUnderTest.await(
        () -> type.getSimpleName() + " at " + agentId + ", received " + received,
        () -> received.stream().anyMatch(m -> type.isInstance(m) && which.test(type.cast(m))));
    return received.stream()
        .filter(type::isInstance)
        .map(type::cast)
        .filter(which)
        .findFirst()
        .orElseThrow();
  }

  DmaReply read(long space, long address, int length, int... generations) {
    return dma(
        new DmaRequest(
            7,
            epoch,
            sessionId,
            space,
            0,
            address,
            length,
            DmaRequest.Operation.READ,
            generations,
            new byte[0],
            0,
            0));
  }

  DmaReply write(long space, long address, byte[] data, int... generations) {
    return dma(
        new DmaRequest(
            8,
            epoch,
            sessionId,
            space,
            0,
            address,
            data.length,
            DmaRequest.Operation.WRITE,
            generations,
            data,
            0,
            0));
  }

  /** Moves bytes and waits. */
  synchronized DmaReply dma(DmaRequest request) {
    sendDma(DmaRequestBatch.newBuilder().addRequests(DmaCodec.encode(request)).build());
    return awaitDma();
  }

  synchronized void sendDma(DmaRequestBatch batch) {
    StreamObserver<DmaRequestBatch> open = transfer;
    if (open == null) {
      open = TransferServiceGrpc.newStub(channel).transfer(new DmaReceiver());
      transfer = open;
    }
    open.onNext(batch);
  }

  DmaReply awaitDma() {
    try {
      DmaReply reply = dmaReplies.poll(60, TimeUnit.SECONDS);
      if (reply == null) {
        throw new AssertionError("no DMA reply within 60 s");
      }
      return reply;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }

  private final class Receiver implements ClientResponseObserver<AgentBatch, HostBatch> {
    @Override
    public void beforeStart(ClientCallStreamObserver<AgentBatch> requests) {
      stream = requests;
      requests.disableAutoRequestWithInitial(1);
    }

    @Override
    public void onNext(HostBatch batch) {
      try {
        for (HostMessage message : HostMessageCodec.decode(batch).messages()) {
          received.add(message);
          if (message instanceof HostMessage.Invalidate invalidate && acknowledging) {
            acknowledge(invalidate);
          }
        }
      } catch (MalformedMessageException e) {
        throw new AssertionError(e);
      }
      ClientCallStreamObserver<AgentBatch> open = stream;
      if (reading && open != null) {
        open.request(1);
      }
    }

    @Override
    public void onError(Throwable failure) {
      ended = Status.fromThrowable(failure);
    }

    @Override
    public void onCompleted() {
      ended = Status.OK;
    }
  }

  private final class DmaReceiver implements StreamObserver<DmaReplyBatch> {
    @Override
    public void onNext(DmaReplyBatch batch) {
      for (dev.fenceline.transfer.v1.DmaReply reply : batch.getRepliesList()) {
        try {
          dmaReplies.add(DmaCodec.decode(reply));
        } catch (MalformedMessageException e) {
          throw new AssertionError(e);
        }
      }
    }

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {}
  }
}
