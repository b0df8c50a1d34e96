package dev.fenceline.host.runtime;

import dev.fenceline.concurrent.PeerConnector;
import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.shard.ShardEffect;
import dev.fenceline.host.engine.shard.ShardInput;
import dev.fenceline.host.engine.shard.ShardQueries;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.WaitPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A host memory manager at work: frames, shards, sessions and the CPU's accesses, without any
 * transport. Thread-safe.
 */
public final class HostRuntime implements AutoCloseable {
  private final RuntimeSettings settings;
  private final MessageEncoder encoder;
  private final HostObserver observer;
  private final Timers timers;
  private final FrameStore store;
  private final FramePool pool;
  private final SwapFile swap;
  private final MappedFiles files;
  private final ExecutorService overflow;
  private final List<ExecutorService> dedicated = new ArrayList<>();
  private final List<Shard> shards = new ArrayList<>();
  private final AgentSessions sessions;
  private final CpuAccess cpu;
  private final CoherentMemory coherent;
  private final AtomicInteger lastCreateShard = new AtomicInteger();
  private final EventLog events = new EventLog();
  private final PeerLog peerLog;
  private final OomElection oom;
  private final LongAdder lateMessages = new LongAdder();
  private final AtomicReference<@Nullable String> stopped = new AtomicReference<>();

  /** A host that reaches no coherent device's memory. */
  public HostRuntime(RuntimeSettings settings, MessageEncoder encoder, HostObserver observer) {
    this(settings, encoder, observer, PeerConnector.NONE);
  }

  /**
   * @param devices the way to the memory of coherent devices
   */
  public HostRuntime(
      RuntimeSettings settings,
      MessageEncoder encoder,
      HostObserver observer,
      PeerConnector devices) {
    this(settings, encoder, observer, System::nanoTime, devices);
  }

  /**
   * A host with a clock of its own.
   *
   * @param nanoClock monotonic; where it does not pass by itself, {@link #tick} makes up for it
   */
  HostRuntime(
      RuntimeSettings settings,
      MessageEncoder encoder,
      HostObserver observer,
      LongSupplier nanoClock,
      PeerConnector devices) {
    this.settings = settings;
    this.encoder = encoder;
    this.observer = observer;
    this.timers = new Timers(nanoClock);
    this.peerLog = new PeerLog(settings.hostId(), nanoClock);
    this.store = new FrameStore(settings.arenaBytes());
    this.pool =
        new FramePool(
            store.frames(),
            () -> events.record(HostEvent.Kind.FRAMES_EXHAUSTED, "no frame of the arena is free"));
    this.swap = new SwapFile(settings.swapDirectory(), settings.reclaim().swapSlots());
    this.files = new MappedFiles(settings.filesDirectory());
    this.overflow = threads("fenceline-overflow-", settings.shards());
    this.sessions = new AgentSessions(this, overflow);
    this.oom = new OomElection(settings.shards());
    for (int i = 0; i < settings.shards(); i++) {
      shards.add(new Shard(i, this, executorOf(i)));
    }
    this.cpu = new CpuAccess(this);
    this.coherent = new CoherentMemory(settings.hostId(), settings.hostEpoch(), devices, timers);
  }

  public RuntimeSettings settings() {
    return settings;
  }

  public AgentSessions sessions() {
    return sessions;
  }

  public CpuAccess cpu() {
    return cpu;
  }

  /** The free frames. */
  public FramePool pool() {
    return pool;
  }

  public HostObserver observer() {
    return observer;
  }

  /** What happened, for operators. */
  public EventLog events() {
    return events;
  }

  public int shardCount() {
    return settings.shards();
  }

  public Shard shard(int index) {
    return shards.get(index);
  }

  /** Address spaces of all shards. */
  public int spaceCount() {
    return shards.stream().mapToInt(Shard::spaceCount).sum();
  }

  /** Invalidations in flight on all shards. */
  public int liveInvalidations() {
    return shards.stream().mapToInt(Shard::liveInvalidations).sum();
  }

  /** Inputs that wait at shards. */
  public int shardDepth() {
    return shards.stream().mapToInt(Shard::depth).sum();
  }

  /** The shard that made an id. */
  Shard shardOf(long id) {
    return shards.get((int) Long.remainderUnsigned(id, settings.shards()));
  }

  /** Messages of stale epochs or sessions, which changed nothing (INV-10). */
  public long lateMessages() {
    return lateMessages.sum();
  }

  /** Frames of the arena and slots of the swap file. */
  long totalPages() {
    return store.frames() + (long) settings.reclaim().swapSlots();
  }

  /** Translations that the CPU holds. */
  public long cpuEntries() {
    return shards.stream().mapToLong(shard -> shard.cpuMirrors().entries()).sum();
  }

  /** What stopped because of a broken invariant, or null if all goes well. */
  public @Nullable String stopped() {
    return stopped.get();
  }

  /** A new attach stream; tell it what arrives. */
  public AgentConnection connect(Outlet outlet) {
    return sessions.connect(outlet, OutboundQueue.Limits.DEFAULT);
  }

  /**
   * Takes up an operation.
   *
   * @param onEnd called exactly once, perhaps before this method returns; must not block
   */
  public void submit(
      SpaceOperation operation, WaitPolicy policy, Consumer<OperationOutcome> onEnd) {
    submit(operation, policy, null, onEnd);
  }

  /**
   * Takes up an operation that belongs to a caller's trace.
   *
   * @param onEnd called exactly once, perhaps before this method returns; must not block
   */
  public void submit(
      SpaceOperation operation,
      WaitPolicy policy,
      @Nullable TraceContext caller,
      Consumer<OperationOutcome> onEnd) {
    Shard shard =
        operation instanceof SpaceOperation.Create
            ? shards.get(Math.floorMod(lastCreateShard.getAndIncrement(), shards.size()))
            : shardOf(operation.spaceId());
    shard.submit(operation, policy, caller, onEnd);
  }

  /**
   * Checks a request and moves its bytes.
   *
   * @param onReply called exactly once, perhaps before this method returns; must not block
   */
  public void dma(DmaRequest request, Consumer<DmaReply> onReply) {
    shardOf(request.spaceId()).dma(request, onReply);
  }

  /**
   * Makes an invalidation that waits for its fences give up.
   *
   * @return whether it backed off, now or before
   */
  public CompletableFuture<Boolean> backOff(long invalidationId) {
    Shard shard = shardOf(invalidationId);
    shard.submit(new ShardInput.BackOff(invalidationId));
    return query(
        shard,
        (queries, nowNanos) -> {
          Invalidation invalidation = queries.invalidation(invalidationId);
          return invalidation != null && invalidation.state() == Invalidation.State.BACKED_OFF;
        });
  }

  /** Reads the state of the shard that made the id; fails if the shard has stopped or is full. */
  public <T> CompletableFuture<T> query(long id, BiFunction<ShardQueries, Long, T> reader) {
    return query(shardOf(id), reader);
  }

  /** Reads the state of one shard, between two of its steps. */
  public <T> CompletableFuture<T> query(Shard shard, BiFunction<ShardQueries, Long, T> reader) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    shard.query(
        new ShardMessage.QueryTask() {
          @Override
          public void read(ShardQueries queries, long nowNanos) {
            try {
              answer.complete(reader.apply(queries, nowNanos));
            } catch (RuntimeException e) {
              answer.completeExceptionally(e); // a reader's fault is not the shard's
            }
          }

          @Override
          public void refused() {
            answer.completeExceptionally(
                new IllegalStateException("shard " + shard.index() + " takes no queries"));
          }
        });
    return answer;
  }

  @Override
  public void close() {
    events.close();
    sessions.stop();
    coherent.close();
    shards.forEach(Shard::stop);
    timers.close();
    overflow.shutdown();
    dedicated.forEach(ExecutorService::shutdown);
  }

  MessageEncoder encoder() {
    return encoder;
  }

  Timers timers() {
    return timers;
  }

  /** Every engine looks at the clock now; for a clock that is set forward by hand. */
  void tick() {
    sessions.tick();
    onEveryShard(new ShardInput.Tick());
  }

  /** The files that can be mapped. */
  public MappedFiles files() {
    return files;
  }

  /** The memory of coherent devices. */
  CoherentMemory coherent() {
    return coherent;
  }

  SwapFile swap() {
    return swap;
  }

  FrameStore store() {
    return store;
  }

  PeerLog peerLog() {
    return peerLog;
  }

  void lateMessage(LateCause cause) {
    lateMessages.increment();
    observer.lateMessage(cause);
  }

  /** Frames are the host's: what one shard lacks, another may have cold. */
  void reclaimElsewhere(int shardIndex) {
    for (Shard shard : shards) {
      if (shard.index() != shardIndex) {
        shard.submit(new ShardInput.ReclaimForOthers());
      }
    }
  }

  /** Memory is had by killing: whom, is chosen over all shards. */
  void oom(int shardIndex, ShardEffect.Oom effect) {
    for (OomElection.Posting posting : oom.heard(shardIndex, effect)) {
      shards.get(posting.shard()).submit(posting.input());
    }
  }

  void onEveryShard(ShardInput input) {
    shards.forEach(shard -> shard.submit(input));
  }

  void stoppedBy(String what, Throwable cause) {
    stopped.compareAndSet(null, what + " stopped: " + cause);
    observer.stopped(what, cause);
  }

  private Executor executorOf(int shard) {
    if (!settings.dedicatedThreads()) {
      return overflow;
    }
    ExecutorService own = threads("fenceline-shard-" + shard + "-", 1);
    dedicated.add(own);
    return own;
  }

  private static ExecutorService threads(String name, int count) {
    return Executors.newFixedThreadPool(
        count, Thread.ofPlatform().name(name, 0).daemon().factory());
  }
}
