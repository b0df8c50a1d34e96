package dev.fenceline.host.runtime;

import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** One agent with one device on a stream without a transport; acknowledges by hand. Thread-safe. */
final class FakeAgentStream implements Outlet {
  /** "Encodes" a message as the number under which it can be found again. */
  static final class NumberingEncoder implements MessageEncoder {
    private final ConcurrentHashMap<Integer, HostMessage> messages = new ConcurrentHashMap<>();
    private final AtomicInteger last = new AtomicInteger();

    @Override
    public byte[] event(HostMessage message) {
      int number = last.incrementAndGet();
      messages.put(number, message);
      return ByteBuffer.allocate(Integer.BYTES).putInt(number).array();
    }

    @Override
    public byte[] header(long hostEpoch, long sessionId) {
      return new byte[0];
    }

    HostMessage decode(byte[] event) {
      HostMessage message = messages.get(ByteBuffer.wrap(event).getInt());
      if (message == null) {
        throw new AssertionError("nobody encoded this");
      }
      return message;
    }
  }

  private final NumberingEncoder encoder;
  private final List<HostMessage> received = new CopyOnWriteArrayList<>();
  private final AgentConnection connection;
  private static final AtomicLong DIALS = new AtomicLong();
  private volatile boolean ready = true;
  private volatile boolean acknowledging;
  private volatile @Nullable String ended;
  private long epoch;
  private long sessionId;

  FakeAgentStream(
      HostRuntime host, NumberingEncoder encoder, String agentId, DeviceDescription device) {
    this.encoder = encoder;
    this.connection = host.connect(this);
    connection.received(
        new AgentMessage.Batch(
            0,
            0,
            List.of(
                new AgentMessage.Hello(
                    1,
                    agentId,
                    99,
                    DIALS.incrementAndGet(),
                    List.of(device),
                    agentId + ":1",
                    0,
                    List.of()))));
    HostMessage.Welcome welcome = last(HostMessage.Welcome.class);
    epoch = welcome.hostEpoch();
    sessionId = welcome.sessionId();
  }

  void send(AgentMessage... messages) {
    connection.received(new AgentMessage.Batch(epoch, sessionId, List.of(messages)));
  }

  void mirror(int mirrorId, long space, long start, long end) {
    send(new AgentMessage.AddMirror(mirrorId, space, 0, start, end));
    last(HostMessage.MirrorAdded.class);
  }

  HostMessage.FaultReply fault(int mirrorId, long address, int pages, Access access) {
    send(new AgentMessage.FaultRequest(1, mirrorId, address, pages, access));
    return last(HostMessage.FaultReply.class);
  }

  void acknowledge(HostMessage.Invalidate invalidate) {
    send(new AgentMessage.InvalidationAck(0, invalidate.invalidationIds()));
  }

  void ready(boolean on) {
    ready = on;
    if (on) {
      connection.flush();
    }
  }

  /** From now on, invalidations are acknowledged as they are written. */
  void acknowledging(boolean on) {
    acknowledging = on;
  }

  long epoch() {
    return epoch;
  }

  long sessionId() {
    return sessionId;
  }

  List<HostMessage> received() {
    return received;
  }

  @Nullable String ended() {
    return ended;
  }

  /** The newest message of its type. */
  <T extends HostMessage> T last(Class<T> type) {
    return received.reversed().stream()
        .filter(type::isInstance)
        .map(type::cast)
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + type.getSimpleName() + " in " + received));
  }

  @Override
  public boolean isReady() {
    return ready;
  }

  @Override
  public void write(List<byte[]> parts) {
    for (byte[] part : parts.subList(1, parts.size())) {
      HostMessage message = encoder.decode(part);
      received.add(message);
      if (acknowledging && message instanceof HostMessage.Invalidate invalidate) {
        acknowledge(invalidate);
      }
    }
  }

  @Override
  public void end() {
    ended = "in good order";
  }

  @Override
  public void fail(Errno errno, String reason) {
    ended = reason;
  }
}
