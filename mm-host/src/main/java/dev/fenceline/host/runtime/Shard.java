package dev.fenceline.host.runtime;

import dev.fenceline.concurrent.Mailbox;
import dev.fenceline.host.engine.invalidation.Fence;
import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.shard.OomConfig;
import dev.fenceline.host.engine.shard.ShardConfig;
import dev.fenceline.host.engine.shard.ShardEffect;
import dev.fenceline.host.engine.shard.ShardEngine;
import dev.fenceline.host.engine.shard.ShardInput;
import dev.fenceline.host.engine.shard.ShardQueries;
import dev.fenceline.host.engine.shard.ShardSession;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.WaitPolicy;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One shard at work: an engine behind a serializing mailbox, whose effects are carried out in their
 * order, all of them before the next input. Public methods are for any thread and never block; the
 * rest is confined to the mailbox.
 */
public final class Shard {
  private static final Logger LOG = LoggerFactory.getLogger(Shard.class);

  /** Inputs that one thread handles on behalf of others before the overflow threads take over. */
  private static final int INPUTS_PER_TURN = 64;

  private record Waiting(
      SpaceOperation operation, @Nullable TraceContext caller, Consumer<OperationOutcome> onEnd) {}

  private final int index;
  private final HostRuntime host;
  private final ShardEngine engine;
  private final ShardQueries queries;
  private final Mailbox<ShardMessage> mailbox;
  private final Timers.Alarm alarm;
  private final CpuMirrors cpuMirrors = new CpuMirrors();
  private final DmaMover mover;
  private final ShardEvents events;

  private final Map<Long, Waiting> operations = new HashMap<>();
  private final Map<Long, Consumer<CpuFaultOutcome>> cpuFaults = new HashMap<>();
  private final ArrayDeque<ShardInput> followUps = new ArrayDeque<>();
  private final List<AgentConnection> touched = new ArrayList<>();
  private long lastRequest;
  private @Nullable DmaReply dmaReply;
  private boolean stopped;

  /** For gauges: written after each input, read by anybody. */
  private volatile int spaceCount;

  private volatile int liveInvalidations;

  Shard(int index, HostRuntime host, Executor executor) {
    RuntimeSettings settings = host.settings();
    this.index = index;
    this.host = host;
    this.engine =
        new ShardEngine(
            ShardConfig.of(
                    index,
                    settings.shards(),
                    settings.hostEpoch(),
                    settings.leases().overdueNanos())
                .withReclaim(settings.reclaim())
                .withThrash(settings.thrash())
                .withOom(new OomConfig(settings.oom(), host.totalPages())),
            host.pool());
    this.queries = engine.queries();
    this.mover = new DmaMover(host.store());
    this.events = new ShardEvents(host.events(), queries);
    this.alarm = host.timers().alarm(() -> submit(new ShardInput.Tick()));
    this.mailbox =
        new Mailbox<>(
            new Mailbox.Settings(
                settings.shardCapacity(),
                INPUTS_PER_TURN,
                settings.dedicatedThreads()
                    ? Mailbox.Draining.BY_EXECUTOR
                    : Mailbox.Draining.BY_CALLER),
            executor,
            this::handle,
            this::failed);
  }

  /** Its place among the shards; ids made here are congruent to it. */
  public int index() {
    return index;
  }

  /** Inputs that wait. */
  public int depth() {
    return mailbox.depth();
  }

  /** Address spaces, as of some recent input. */
  public int spaceCount() {
    return spaceCount;
  }

  /** Invalidations that run or whose fences have not all resolved, as of some recent input. */
  public int liveInvalidations() {
    return liveInvalidations;
  }

  CpuMirrors cpuMirrors() {
    return cpuMirrors;
  }

  /** Takes up an operation; refused at once if the shard has too much to do. */
  void submit(
      SpaceOperation operation,
      WaitPolicy policy,
      @Nullable TraceContext caller,
      Consumer<OperationOutcome> onEnd) {
    switch (mailbox.offer(new ShardMessage.Submission(operation, policy, caller, onEnd))) {
      case ACCEPTED -> {}
      case FULL ->
          onEnd.accept(
              new OperationOutcome.Refused(
                  Errno.RESOURCE_EXHAUSTED, "shard " + index + " has too much to do", null));
      case STOPPED -> onEnd.accept(stoppedOutcome());
    }
  }

  /** Checks a request and moves its bytes; answered inside the mailbox. */
  void dma(DmaRequest request, Consumer<DmaReply> onReply) {
    if (mailbox.submit(new ShardMessage.Dma(request, onReply)) == Mailbox.Offer.STOPPED) {
      onReply.accept(stoppedReply(request));
    }
  }

  void cpuMiss(ShardMessage.CpuMiss miss) {
    switch (mailbox.offer(miss)) {
      case ACCEPTED -> {}
      case FULL ->
          miss.onEnd()
              .accept(
                  new CpuFaultOutcome.Refused(
                      Errno.RESOURCE_EXHAUSTED, "shard " + index + " has too much to do"));
      case STOPPED -> miss.onEnd().accept(stoppedFault());
    }
  }

  /** Reads the shard's state between two steps. */
  void query(ShardMessage.QueryTask task) {
    if (mailbox.offer(new ShardMessage.Query(task)) != Mailbox.Offer.ACCEPTED) {
      task.refused();
    }
  }

  /** For inputs that cannot be refused and are bounded elsewhere. */
  void submit(ShardInput input) {
    mailbox.submit(new ShardMessage.Plain(input));
  }

  /** An agent's message that cannot be refused. */
  void fromAgent(AgentMessage.Batch batch, AgentMessage message) {
    submit(new ShardInput.FromAgent(batch.hostEpoch(), batch.sessionId(), message));
  }

  /** An agent's message; false, and nothing happens, if the shard has too much to do. */
  boolean offerFromAgent(AgentMessage.Batch batch, AgentMessage message) {
    return mailbox.offer(
            new ShardMessage.Plain(
                new ShardInput.FromAgent(batch.hostEpoch(), batch.sessionId(), message)))
        == Mailbox.Offer.ACCEPTED;
  }

  void stop() {
    mailbox.stop();
  }

  private void handle(ShardMessage message) {
    if (stopped) {
      refuse(message);
      return;
    }
    switch (message) {
      case ShardMessage.Plain plain -> {
        if (plain.input() instanceof ShardInput.Tick) {
          alarm.rang();
        }
        step(plain.input());
      }
      case ShardMessage.Submission submission -> {
        operations.put(
            ++lastRequest,
            new Waiting(submission.operation(), submission.caller(), submission.onEnd()));
        step(new ShardInput.Submit(lastRequest, submission.operation(), submission.policy()));
      }
      case ShardMessage.Dma dma -> {
        step(new ShardInput.Dma(dma.request()));
        answer(dma);
      }
      case ShardMessage.CpuMiss miss -> {
        cpuFaults.put(++lastRequest, miss.onEnd());
        step(
            new ShardInput.CpuFault(
                lastRequest,
                miss.spaceId(),
                miss.address(),
                miss.pageCount(),
                miss.access(),
                miss.collisions()));
      }
      case ShardMessage.Query query -> query.task().read(queries, host.timers().nowNanos());
    }
    while (!followUps.isEmpty()) {
      step(followUps.removeFirst());
    }
    alarm.notLaterThan(engine.nextDeadlineNanos());
    publishCounts();
  }

  /** A volatile write costs a fence: only what has changed is written. */
  private void publishCounts() {
    int live = queries.live().size();
    if (live != liveInvalidations) {
      liveInvalidations = live;
    }
    int spaces = queries.spaces().size();
    if (spaces != spaceCount) {
      spaceCount = spaces;
    }
  }

  private void step(ShardInput input) {
    for (ShardEffect effect : engine.step(host.timers().nowNanos(), input)) {
      carryOut(effect, input);
    }
    for (AgentConnection connection : touched) {
      connection.flush();
    }
    touched.clear();
  }

  private void carryOut(ShardEffect effect, ShardInput input) {
    switch (effect) {
      case ShardEffect.Send send ->
          enqueue(send.sessionId(), send.message(), host.encoder().event(send.message()));
      case ShardEffect.Broadcast broadcast -> {
        byte[] encoded = host.encoder().event(broadcast.message());
        for (long sessionId : broadcast.sessionIds()) {
          enqueue(sessionId, broadcast.message(), encoded);
        }
      }
      case ShardEffect.DropCpuEntries drop -> dropCpu(drop);
      case ShardEffect.DropCpuZeroEntries drop ->
          cpuMirrors.dropZero(drop.spaceId(), drop.vpnStart(), drop.vpnEnd());
      case ShardEffect.CpuFaultEnded ended -> cpuFaultEnded(ended);
      case ShardEffect.ForgetSpace forget -> cpuMirrors.forget(forget.spaceId());
      case ShardEffect.ZeroFrames zero -> host.store().zero(zero.first(), zero.count());
      case ShardEffect.FreeFrames free -> host.pool().free(free.frames());
      case ShardEffect.ReadFile in ->
          host.files().read(in.path(), in.page(), host.store().page(in.frame()));
      case ShardEffect.WriteFile out ->
          host.files().write(out.path(), out.page(), host.store().page(out.frame()));
      case ShardEffect.WriteSwap out ->
          host.swap().write(host.store(), out.frame(), out.swapSlot());
      case ShardEffect.ReadSwap in -> host.swap().read(host.store(), in.swapSlot(), in.frame());
      case ShardEffect.FillFrame fill ->
          MemorySegment.copy(
              MemorySegment.ofArray(fill.bytes()),
              0,
              host.store().page(fill.frame()),
              0,
              fill.bytes().length);
      case ShardEffect.CopyFrame copy -> host.store().copy(copy.from(), copy.to());
      case ShardEffect.DmaGranted granted ->
          dmaReply = mover.move(granted.request(), granted.frames());
      case ShardEffect.DmaRefused refused ->
          dmaReply = DmaMover.refused(refused.request(), refused.outcome(), refused.message());
      case ShardEffect.OperationEnded ended -> operationEnded(ended);
      case ShardEffect.ProceedAfter after ->
          followUps.addLast(new ShardInput.Proceed(after.operationId()));
      case ShardEffect.FencesOverdue overdue -> {
        overdueChanged(overdue);
        if (overdue.overdue()) {
          events.overdue(overdue.sessionId());
        }
      }
      case ShardEffect.DiedOwing died ->
          host.sessions().diedOwing(index, died.sessionId(), died.agentId());
      case ShardEffect.InvalidationEnded ended -> {
        invalidationEnded(ended.invalidation());
        events.invalidationEnded(ended.invalidation());
      }
      case ShardEffect.FenceResolved resolved ->
          host.observer().fenceResolved(resolved.invalidation(), resolved.fenceIndex());
      case ShardEffect.LateMessage late -> host.lateMessage(lateCause(input));
      case ShardEffect.TurnGiven turn -> host.observer().turnGiven(turn.residencyNanos());
      case ShardEffect.HeldForTurn held -> host.observer().heldForTurn();
      case ShardEffect.Thrashes thrashes -> host.observer().thrashes(thrashes.step());
      case ShardEffect.ReclaimElsewhere asked -> host.reclaimElsewhere(index);
      case ShardEffect.Oom oom -> {
        host.observer().oom(oom);
        events.oom(oom);
        host.oom(index, oom);
      }
      case ShardEffect.PinsAskedBack asked -> asked.pins().forEach(events::pinAskedBack);
      case ShardEffect.PinOverAge old -> events.pinOverAge(old.pin());
      case ShardEffect.FaultServed served ->
          host.observer().faultServed(served.pages(), served.parked());
    }
  }

  private static LateCause lateCause(ShardInput input) {
    if (input instanceof ShardInput.Dma) {
      return LateCause.DMA;
    }
    return input instanceof ShardInput.FromAgent from
            && from.message() instanceof AgentMessage.InvalidationAck
        ? LateCause.ACK
        : LateCause.SESSION;
  }

  private void enqueue(long sessionId, HostMessage message, byte[] encoded) {
    AgentConnection connection = host.sessions().connectionOf(sessionId);
    if (connection != null) {
      connection.enqueue(message, encoded);
      touched.add(connection);
    }
  }

  /** What drained at once is fed before the next phase, so that a try need not back off for it. */
  private void dropCpu(ShardEffect.DropCpuEntries drop) {
    ShardInput.CpuDrained drained = new ShardInput.CpuDrained(drop.invalidationId());
    if (cpuMirrors.drop(drop.spaceId(), drop.vpnStart(), drop.vpnEnd(), () -> submit(drained))) {
      followUps.addLast(drained);
    }
  }

  private void cpuFaultEnded(ShardEffect.CpuFaultEnded ended) {
    Errno errno = ended.errno();
    if (errno == null) {
      cpuMirrors.install(ended);
    }
    host.observer().cpuFaultEnded(errno);
    Consumer<CpuFaultOutcome> onEnd = cpuFaults.remove(ended.requestId());
    if (onEnd != null) {
      onEnd.accept(
          errno == null
              ? CpuFaultOutcome.INSTALLED
              : new CpuFaultOutcome.Refused(errno, ended.message()));
    }
  }

  private void overdueChanged(ShardEffect.FencesOverdue overdue) {
    host.sessions().overdue(index, overdue.sessionId(), overdue.overdue());
    ShardSession session = queries.session(overdue.sessionId());
    if (session != null) {
      long oldest = 0;
      for (Invalidation invalidation : queries.live()) {
        for (Fence fence : invalidation.fences()) {
          if (oldest == 0
              && fence.pending()
              && fence.participant().sessionId() == overdue.sessionId()) {
            oldest = invalidation.id();
          }
        }
      }
      host.peerLog()
          .overdueChanged(session.agentId(), overdue.sessionId(), oldest, overdue.overdue());
    }
  }

  /** Comes before the end of its operation, whose caller is still known. */
  private void invalidationEnded(Invalidation invalidation) {
    Waiting waiting = operations.get(invalidation.operation().requestId());
    host.observer()
        .invalidationEnded(
            invalidation, waiting == null ? null : waiting.caller(), host.timers().nowNanos());
  }

  private void operationEnded(ShardEffect.OperationEnded ended) {
    Waiting waiting = operations.remove(ended.requestId());
    if (waiting != null) {
      host.observer().operationEnded(waiting.operation(), ended.outcome());
      events.operationEnded(waiting.operation(), ended.outcome());
      waiting.onEnd().accept(ended.outcome());
    }
  }

  private void answer(ShardMessage.Dma dma) {
    DmaReply reply = dmaReply;
    dmaReply = null;
    if (reply == null) {
      throw new IllegalStateException("no answer to DMA request " + dma.request().requestId());
    }
    host.observer().dmaEnded(dma.request(), reply.outcome());
    dma.onReply().accept(reply);
  }

  /** A broken invariant: nothing that this shard says can be trusted any more. */
  private void failed(ShardMessage message, Throwable cause) {
    if (!stopped) {
      stopped = true;
      LOG.error("shard {} stops: its state is broken", index, cause);
      host.stoppedBy("shard " + index, cause);
      operations.values().forEach(waiting -> waiting.onEnd().accept(stoppedOutcome()));
      operations.clear();
      cpuFaults.values().forEach(onEnd -> onEnd.accept(stoppedFault()));
      cpuFaults.clear();
      mailbox.stop();
    }
    refuse(message);
  }

  private void refuse(ShardMessage message) {
    switch (message) {
      case ShardMessage.Plain plain -> {}
      case ShardMessage.Submission submission -> submission.onEnd().accept(stoppedOutcome());
      case ShardMessage.Dma dma -> dma.onReply().accept(stoppedReply(dma.request()));
      case ShardMessage.CpuMiss miss -> miss.onEnd().accept(stoppedFault());
      case ShardMessage.Query query -> query.task().refused();
    }
  }

  private OperationOutcome stoppedOutcome() {
    return new OperationOutcome.Refused(Errno.UNAVAILABLE, "shard " + index + " has stopped", null);
  }

  private CpuFaultOutcome stoppedFault() {
    return new CpuFaultOutcome.Refused(Errno.UNAVAILABLE, "shard " + index + " has stopped");
  }

  private DmaReply stoppedReply(DmaRequest request) {
    return DmaMover.refused(
        request, DmaReply.Outcome.STALE_SESSION, "shard " + index + " has stopped");
  }
}
