package dev.fenceline.agent.fake;

import dev.fenceline.attach.v1.AgentBatch;
import dev.fenceline.attach.v1.AttachServiceGrpc;
import dev.fenceline.attach.v1.HostBatch;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.InvalidationKind;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Pages;
import dev.fenceline.wire.AgentMessageCodec;
import dev.fenceline.wire.HostMessageCodec;
import dev.fenceline.wire.MalformedMessageException;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A small host: one address space per id, everything below {@code mappedEnd} is mapped, pages have
 * generations, faults are served, invalidations are sent and their acknowledgements awaited.
 * Thread-safe: one lock.
 */
public final class FakeHost implements AutoCloseable {
  public static final long EPOCH = 77;
  public static final long SPACE = 5;

  private record Mirror(long spaceId, int device) {}

  private record Fence(Set<Integer> owing, CompletableFuture<Void> done) {}

  final FakeMemory memory = new FakeMemory();
  private final FakePlaces places = new FakePlaces(memory, "agent");
  private final Object lock = new Object();
  private final Map<Long, Fence> fences = new LinkedHashMap<>();
  private final Map<Integer, Mirror> mirrors = new LinkedHashMap<>();
  private final Server server;
  private final String hostId;
  private @Nullable StreamObserver<HostBatch> agent;
  private long sessionId;
  private long sequence;
  private long lastInvalidationId;

  /** A lease that no test outlives, however slow the machine is. */
  private volatile long ttlNanos = 600_000_000_000L;

  private volatile boolean silent;
  private volatile boolean frozen;
  private final AtomicInteger swallowed = new AtomicInteger();
  private int hellos;
  private boolean left;

  /** Pages that an agent has at most; what it had before goes first. */
  private int mostPages = Integer.MAX_VALUE;

  private long answeredStart;
  private long answeredEnd;

  public FakeHost() throws IOException {
    this("fake");
  }

  public FakeHost(String hostId) throws IOException {
    this.hostId = hostId;
    server =
        NettyServerBuilder.forPort(0)
            .directExecutor()
            .addService(new Attach())
            .addService(new FakeTransfer(this))
            .build()
            .start();
  }

  public String target() {
    return "localhost:" + server.getPort();
  }

  public FakeMemory memory() {
    return memory;
  }

  public void setTtlNanos(long nanos) {
    ttlNanos = nanos;
  }

  /** From now on heartbeats are not acknowledged. */
  public void setSilent(boolean silent) {
    this.silent = silent;
  }

  /** From now on DMA requests are neither carried out nor answered. */
  public void setFrozen(boolean frozen) {
    this.frozen = frozen;
  }

  /** Whether a batch of DMA requests is lost; counts it if so. */
  boolean swallows() {
    if (frozen) {
      swallowed.incrementAndGet();
    }
    return frozen;
  }

  /** Batches of DMA requests that came while it was frozen. */
  public int swallowed() {
    return swallowed.get();
  }

  /** Devices that owe the acknowledgement of an invalidation; none if there is no invalidation. */
  public Set<Integer> owing() {
    synchronized (lock) {
      Set<Integer> owing = new TreeSet<>();
      fences.values().forEach(fence -> owing.addAll(fence.owing()));
      return owing;
    }
  }

  public int hellos() {
    synchronized (lock) {
      return hellos;
    }
  }

  /** As a host without frames for more: each answer takes the pages of the one before away. */
  public void setMostPages(int pages) {
    synchronized (lock) {
      mostPages = pages;
    }
  }

  /** Whether an agent has left in good order. */
  public boolean hasLeft() {
    synchronized (lock) {
      return left;
    }
  }

  boolean isCurrent(long epoch, long session) {
    synchronized (lock) {
      return epoch == EPOCH && session == sessionId && agent != null;
    }
  }

  /** Raises the generations, tells the agent, completes when every device has acknowledged. */
  public CompletableFuture<Void> invalidate(long start, long end) {
    synchronized (lock) {
      memory.invalidate(start, end);
      sequence++;
      lastInvalidationId++;
      Fence fence = new Fence(new TreeSet<>(), new CompletableFuture<>());
      mirrors.values().forEach(mirror -> fence.owing().add(mirror.device()));
      if (fence.owing().isEmpty()) {
        fence.done().complete(null);
        return fence.done();
      }
      fences.put(lastInvalidationId, fence);
      say(
          new HostMessage.Invalidate(
              List.of(lastInvalidationId),
              SPACE,
              start,
              end,
              sequence,
              InvalidationKind.CLEAR,
              HostMessage.Invalidate.ALL_DEVICES));
      return fence.done();
    }
  }

  /** Moves pages to a device; completes with how many came there. */
  public CompletableFuture<Integer> migrate(int device, long vpn, int pages) {
    return invalidate(Pages.address(vpn), Pages.address(vpn + pages))
        .thenCompose(
            drained -> {
              synchronized (lock) {
                CompletableFuture<Integer> moved = new CompletableFuture<>();
                say(places.begin(device, vpn, pages, moved));
                return moved;
              }
            });
  }

  /** Moves pages home, all of one device; completes with how many came. */
  public CompletableFuture<Integer> migrateHome(long vpn, int pages) {
    synchronized (lock) {
      CompletableFuture<Integer> moved = new CompletableFuture<>();
      sequence++;
      say(places.beginHome(vpn, pages, sequence, moved));
      return moved;
    }
  }

  public void releaseSpace() {
    synchronized (lock) {
      mirrors.clear();
      say(new HostMessage.SpaceReleased(SPACE));
    }
  }

  /** Says something that the wire contract does not allow. */
  public void sayNonsense() {
    synchronized (lock) {
      if (agent != null) {
        agent.onNext(
            HostBatch.newBuilder()
                .setHostEpoch(EPOCH)
                .setSessionId(sessionId)
                .addEvents(dev.fenceline.attach.v1.HostEvent.getDefaultInstance())
                .build());
      }
    }
  }

  /** Breaks the attach stream. */
  public void breakStream() {
    StreamObserver<HostBatch> broken;
    synchronized (lock) {
      broken = agent;
      agent = null;
    }
    if (broken != null) {
      broken.onError(io.grpc.Status.UNAVAILABLE.withDescription("broken").asRuntimeException());
    }
  }

  @Override
  public void close() {
    server.shutdownNow();
  }

  private void say(HostMessage message) {
    if (agent != null) {
      agent.onNext(
          HostMessageCodec.encode(new HostMessage.Batch(EPOCH, sessionId, List.of(message))));
    }
  }

  private void heard(AgentMessage message) {
    switch (message) {
      case AgentMessage.Hello hello -> greet();
      case AgentMessage.Heartbeat heartbeat -> {
        if (!silent) {
          say(new HostMessage.HeartbeatAck(heartbeat.number()));
        }
      }
      case AgentMessage.AddMirror add -> {
        if (add.spaceId() == SPACE) {
          mirrors.put(add.mirrorId(), new Mirror(add.spaceId(), add.deviceIndex()));
          say(new HostMessage.MirrorAdded(add.mirrorId(), sequence));
        } else {
          say(new HostMessage.MirrorRefused(add.mirrorId(), Errno.ENOENT, "no such space"));
        }
      }
      case AgentMessage.RemoveMirror remove -> {
        mirrors.remove(remove.mirrorId());
        say(new HostMessage.MirrorRemoved(remove.mirrorId()));
      }
      case AgentMessage.FaultRequest fault -> say(answer(fault));
      case AgentMessage.InvalidationAck ack -> ack.invalidationIds().forEach(id -> acked(id, ack));
      case AgentMessage.MigrationReport report -> say(places.reported(report, sequence));
      case AgentMessage.MigrateRequest request ->
          say(new HostMessage.MigrateReply(request.requestId(), 0, Errno.EINVAL, "never moves"));
      case AgentMessage.EvictRequest evict -> say(new HostMessage.EvictReply(evict.requestId(), 0));
      case AgentMessage.CloseDevice close ->
          say(new HostMessage.DeviceClosed(close.deviceIndex(), 0, close.requestId()));
      case AgentMessage.Leave() -> {
        left = true;
        sessionId = 0;
        mirrors.clear();
      }
    }
  }

  private void greet() {
    hellos++;
    sessionId = 1000L + hellos;
    mirrors.clear();
    fences.values().forEach(fence -> fence.done().complete(null));
    fences.clear();
    say(new HostMessage.Welcome(hostId, EPOCH, sessionId, ttlNanos, ttlNanos / 5, 64));
  }

  private void acked(long id, AgentMessage.InvalidationAck ack) {
    Fence fence = fences.get(id);
    if (fence != null) {
      fence.owing().remove(ack.deviceIndex());
      if (fence.owing().isEmpty()) {
        fences.remove(id);
        fence.done().complete(null);
      }
    }
  }

  private HostMessage answer(AgentMessage.FaultRequest fault) {
    List<PageRun> runs = new ArrayList<>();
    if (places.isMoving(Pages.number(fault.address()))) {
      return new HostMessage.FaultReply(fault.faultId(), sequence, runs, Errno.EAGAIN, "it moves");
    }
    if (mostPages < Integer.MAX_VALUE && answeredEnd > answeredStart) {
      invalidate(answeredStart, answeredEnd);
    }
    for (int i = 0; i < Math.min(mostPages, fault.pageCount()); i++) {
      long address = fault.address() + Pages.address(i);
      if (!memory.isMapped(address) || places.isMoving(Pages.number(address))) {
        break;
      }
      PageRun onDevice =
          places.runFor(mirrors.get(fault.mirrorId()).device(), Pages.number(address));
      if (onDevice != null) {
        runs.add(onDevice);
        continue;
      }
      runs.add(
          new PageRun(1, memory.generation(Pages.number(address)), true, PageRun.State.PRESENT));
    }
    answeredStart = fault.address();
    answeredEnd = answeredStart + Pages.address(runs.size());
    return runs.isEmpty()
        ? new HostMessage.FaultReply(
            fault.faultId(), sequence, List.of(), Errno.EFAULT, "nothing is mapped there")
        : new HostMessage.FaultReply(fault.faultId(), sequence, runs, null, "");
  }

  private final class Attach extends AttachServiceGrpc.AttachServiceImplBase {
    @Override
    public StreamObserver<AgentBatch> attach(StreamObserver<HostBatch> responses) {
      return new StreamObserver<>() {
        @Override
        public void onNext(AgentBatch batch) {
          synchronized (lock) {
            try {
              AgentMessage.Batch decoded = AgentMessageCodec.decode(batch);
              if (AgentMessage.helloOf(decoded) != null) {
                agent = responses;
              }
              if (agent == responses) {
                decoded.messages().forEach(FakeHost.this::heard);
              }
            } catch (MalformedMessageException e) {
              throw new IllegalArgumentException(e);
            }
          }
        }

        @Override
        public void onError(Throwable failure) {
          over();
        }

        @Override
        public void onCompleted() {
          over();
          responses.onCompleted();
        }

        private void over() {
          synchronized (lock) {
            if (agent == responses) {
              agent = null;
            }
          }
        }
      };
    }
  }
}
