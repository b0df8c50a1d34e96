package dev.fenceline.testbed.sim;

import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.engine.session.SessionInput;
import dev.fenceline.host.engine.shard.ShardConfig;
import dev.fenceline.host.engine.shard.ShardEffect;
import dev.fenceline.host.engine.shard.ShardEngine;
import dev.fenceline.host.engine.shard.ShardInput;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.Pages;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * One shard of the host: the real engine behind a mailbox whose turns come at random times.
 * Confined to the event loop.
 */
final class HostShard {
  private final SimWorld world;
  private final SimHost host;
  private final int index;
  private final ShardEngine engine;
  private final FrameBytes bytes;
  private final MigrationWatch migrations;
  private final FaultWatch faults;
  private final EarlyFrees earlyFrees;
  private final RacingPins racing;
  private final CopyCheck copies;
  private final EarlyCopies early;
  private final SplittableRandom random;
  private final ArrayDeque<ShardInput> inbox = new ArrayDeque<>();
  private final Map<Long, Dma> dmas = new TreeMap<>();
  private boolean stepping;
  private boolean turnPlanned;
  private long timerAtNanos = Long.MAX_VALUE;

  /** As a real shard's alarm: it does not ring again before its last ring was heard. */
  private boolean tickWaits;

  HostShard(SimWorld world, SimHost host, int index, SplittableRandom random) {
    this.world = world;
    this.host = host;
    this.index = index;
    this.random = random;
    ShardConfig config =
        ShardConfig.of(index, SimSettings.SHARDS, host.epoch(), SimSettings.LEASES.overdueNanos())
            .withReclaim(world.settings.reclaim())
            .withMigration(SimSettings.MIGRATIONS)
            .withTurns(SimSettings.TURNS)
            .withThrash(SimSettings.THRASHING)
            .withOom(world.settings.oom());
    this.engine = new ShardEngine(config, host.frames());
    this.racing = new RacingPins(world, engine.queries());
    this.copies = new CopyCheck(world, host, engine.queries(), racing);
    this.early = new EarlyCopies(world, host.frames(), engine.queries());
    this.bytes = new FrameBytes(world, host.frames(), early, copies);
    this.migrations = new MigrationWatch(world, engine.queries());
    this.faults = new FaultWatch(world, host, engine.queries(), random);
    this.earlyFrees = new EarlyFrees(world, host, engine.queries());
  }

  CopyCheck copies() {
    return copies;
  }

  FaultWatch faults() {
    return faults;
  }

  ShardEngine engine() {
    return engine;
  }

  /** Brings an input; at once, or in a turn of its own behind those that wait. */
  void post(ShardInput input) {
    if (input instanceof ShardInput.CpuFault fault
        && world.broken(Breakage.EXCLUSIVE_NOT_REVOKED)
        && host.cpu().takeAnyway(fault, engine)) {
      return;
    }
    if (stepping || !inbox.isEmpty() || random.nextInt(8) == 0) {
      inbox.addLast(input);
      planTurn();
    } else {
      run(input);
    }
  }

  void dma(Dma dma, DmaRequest request) {
    dmas.put(request.requestId(), dma);
    post(new ShardInput.Dma(request));
  }

  void died() {
    dmas.values().forEach(world.network::lost);
  }

  /** What is under way, in words; empty if nothing is. */
  String pending() {
    return idle() && engine.queries().waiting().isEmpty()
        ? ""
        : "shard %d: %d inputs, faults %s, live %s, %s"
            .formatted(
                index,
                inbox.size(),
                faults,
                engine.queries().live().stream()
                    .map(live -> live.id() + " " + live.kind() + " " + live.state())
                    .toList(),
                engine.queries().waiting());
  }

  boolean idle() {
    return faults.idle() && engine.queries().live().isEmpty() && migrations.idle();
  }

  private void planTurn() {
    if (!turnPlanned) {
      turnPlanned = true;
      host.after(1 + random.nextInt(random.nextInt(20) == 0 ? 200_000 : 4_000), "turn", this::turn);
    }
  }

  private void turn() {
    turnPlanned = false;
    ShardInput next = inbox.pollFirst();
    if (next != null) {
      run(next);
    }
    if (!inbox.isEmpty()) {
      planTurn();
    }
  }

  private void run(ShardInput input) {
    if (isStale(input)) {
      if (input instanceof ShardInput.FromAgent from
          && from.message() instanceof AgentMessage.InvalidationAck
          && host.sessions().leaseExpired(from.sessionId())) {
        world.count(Sometimes.EXPIRY_RACES_ACK);
      }
      // What is due by time alone is done first, so that what follows is the message's own doing.
      step(new ShardInput.Tick());
      requireUnchanged(input, step(input));
    } else {
      step(input);
    }
    if (input instanceof ShardInput.Tick && engine.nextDeadlineNanos() <= host.clockNanos()) {
      throw new InvariantViolation("INV-6", "what is due stays due: a shard's loop would spin");
    }
    planTimer();
    if (!inbox.isEmpty()) {
      planTurn();
    }
  }

  private List<ShardEffect> step(ShardInput input) {
    world.trace(host.name() + " shard " + index, input);
    remember(input);
    migrations.before(input);
    early.look();
    copies.begins();
    stepping = true;
    List<ShardEffect> effects = engine.step(host.clockNanos(), input);
    for (ShardEffect effect : effects) {
      if (world.loop.tracing()) {
        world.trace(host.name() + " shard " + index + "   ->", describe(effect));
      }
      carryOut(effect);
    }
    copies.ended();
    migrations.after(input, effects);
    world.loop.mix(effects.size());
    stepping = false;
    host.flush();
    return effects;
  }

  private static Object describe(ShardEffect effect) {
    if (effect instanceof ShardEffect.FenceResolved resolved) {
      var fence = resolved.invalidation().fences().get(resolved.fenceIndex());
      return "FenceResolved %s of session %d, %s, %d left: %s"
          .formatted(
              fence.participant().device(),
              fence.participant().sessionId(),
              fence.resolution(),
              resolved.invalidation().pendingCount(),
              Monitor.text(resolved.invalidation()));
    }
    return effect instanceof ShardEffect.InvalidationEnded ended
        ? "InvalidationEnded " + Monitor.text(ended.invalidation())
        : effect;
  }

  private void remember(ShardInput input) {
    if (input instanceof ShardInput.Tick) {
      tickWaits = false;
    }
    if (input instanceof ShardInput.Submit submit) {
      racing.asked(submit.operation());
    }
    if (input instanceof ShardInput.SessionEnded gone) {
      faults.sessionEnded(gone.sessionId());
    }
    if (input instanceof ShardInput.FromAgent from
        && from.message() instanceof AgentMessage.FaultRequest fault) {
      faults.asked(from, fault);
    }
    if (!(input instanceof ShardInput.Proceed || input instanceof ShardInput.Tick)) {
      for (Invalidation live : engine.queries().live()) {
        switch (live.state()) {
          case SCHEDULED -> world.count(Sometimes.INPUT_BETWEEN_A_AND_B);
          case UNMAPPED -> world.count(Sometimes.INPUT_BETWEEN_B_AND_C);
          case WAITING, COMPLETED, BACKED_OFF -> {}
        }
      }
    }
  }

  private boolean isStale(ShardInput input) {
    return switch (input) {
      case ShardInput.FromAgent from ->
          from.hostEpoch() != host.epoch() || engine.queries().session(from.sessionId()) == null;
      case ShardInput.Dma dma ->
          dma.request().hostEpoch() != host.epoch()
              || engine.queries().session(dma.request().sessionId()) == null;
      case ShardInput.SessionOpened o -> false;
      case ShardInput.SessionGreeted g -> false;
      case ShardInput.SessionEnded e -> false;
      case ShardInput.Submit s -> false;
      case ShardInput.Proceed p -> false;
      case ShardInput.CpuFault f -> false;
      case ShardInput.CpuDrained d -> false;
      case ShardInput.BackOff b -> false;
      case ShardInput.ReclaimForOthers _, ShardInput.Oom _, ShardInput.Tick _ -> false;
    };
  }

  /** INV-10. */
  private void requireUnchanged(ShardInput input, List<ShardEffect> effects) {
    for (ShardEffect effect : effects) {
      boolean harmless =
          effect instanceof ShardEffect.LateMessage
              || (effect instanceof ShardEffect.DmaRefused refused
                  && refused.outcome() == DmaReply.Outcome.STALE_SESSION);
      if (!harmless) {
        throw new InvariantViolation("INV-10", "stale " + input + " led to " + effect);
      }
    }
  }

  private void carryOut(ShardEffect effect) {
    switch (effect) {
      case ShardEffect.Send send when migrations.isLost(send) -> {}
      case ShardEffect.Send send -> send(send.sessionId(), send.message());
      case ShardEffect.Broadcast broadcast -> broadcast(broadcast);
      case ShardEffect.DropCpuEntries drop -> host.cpu().drop(this, drop);
      case ShardEffect.DropCpuZeroEntries drop -> host.cpu().dropZero(drop);
      case ShardEffect.CpuFaultEnded ended -> host.cpu().faultEnded(ended, engine);
      case ShardEffect.ForgetSpace forget -> host.cpu().forget(forget.spaceId());
      case ShardEffect.ZeroFrames zero -> bytes.zero(zero.first(), zero.count());
      case ShardEffect.CopyFrame copy -> bytes.copy(copy.from(), copy.to());
      case ShardEffect.WriteSwap out -> bytes.swapOut(out.frame(), out.swapSlot());
      case ShardEffect.ReadSwap in -> host.frames().readSwap(in.swapSlot(), in.frame());
      case ShardEffect.FillFrame _, ShardEffect.ReadFile _, ShardEffect.WriteFile _ ->
          throw new AssertionError("nobody supplies, and no files here: " + effect);
      case ShardEffect.FreeFrames free -> {
        copies.freed(free.frames());
        host.freeFrames(free.frames());
      }
      case ShardEffect.DmaGranted granted -> granted(granted);
      case ShardEffect.DmaRefused refused -> refused(refused);
      case ShardEffect.OperationEnded ended ->
          host.operations().ended(ended.requestId(), ended.outcome());
      case ShardEffect.ProceedAfter after -> proceedAfter(after.operationId());
      case ShardEffect.FencesOverdue overdue -> host.sessions().overdue(index, overdue);
      case ShardEffect.DiedOwing died ->
          host.sessions().post(new SessionInput.DiedOwing(index, died.sessionId(), died.agentId()));
      case ShardEffect.InvalidationEnded ended -> ended(ended.invalidation());
      case ShardEffect.FenceResolved resolved -> fenceResolved(resolved);
      case ShardEffect.LateMessage late -> world.count(Sometimes.LATE_MESSAGE_AT_HOST);
      case ShardEffect.TurnGiven _, ShardEffect.HeldForTurn _ -> {}
      case ShardEffect.Thrashes wanted -> world.count(Sometimes.of(wanted.step()));
      case ShardEffect.ReclaimElsewhere asked -> host.reclaimElsewhere(this);
      case ShardEffect.Oom oom -> host.oom().heard(index, oom);
      case ShardEffect.PinsAskedBack asked -> world.count(Sometimes.PIN_ASKED_BACK);
      case ShardEffect.PinOverAge old -> world.count(Sometimes.PIN_OVER_AGE);
      case ShardEffect.FaultServed served when served.parked() ->
          world.count(Sometimes.FAULT_PARKED);
      case ShardEffect.FaultServed served -> {}
    }
  }

  private void proceedAfter(long operationId) {
    long delay = random.nextInt(10) == 0 ? random.nextInt(300_000) : 1 + random.nextInt(5_000);
    host.after(
        delay,
        "proceed",
        () -> {
          post(new ShardInput.Proceed(operationId));
          earlyFrees.free();
        });
  }

  private void broadcast(ShardEffect.Broadcast broadcast) {
    int skipped = world.broken(Breakage.MIRROR_NOT_NOTIFIED) ? random.nextInt(4) : -1;
    for (int i = 0; i < broadcast.sessionIds().length; i++) {
      long sessionId = broadcast.sessionIds()[i];
      ReplyTruth.requireListening(engine.queries(), sessionId, broadcast.message());
      copies.sent(sessionId, broadcast.message());
      if (i == skipped) {
        claimAcknowledged(sessionId, broadcast.message());
      } else {
        host.send(sessionId, broadcast.message());
      }
    }
  }

  private void claimAcknowledged(long sessionId, HostMessage.Invalidate message) {
    for (int device = 0; device < world.settings.devicesPerAgent(); device++) {
      var ack = new AgentMessage.InvalidationAck(device, message.invalidationIds());
      post(new ShardInput.FromAgent(host.epoch(), sessionId, ack));
    }
  }

  private void send(long sessionId, HostMessage message) {
    copies.sent(sessionId, message);
    if (message instanceof HostMessage.Invalidate invalidate) {
      ReplyTruth.requireListening(engine.queries(), sessionId, invalidate);
    }
    if (message instanceof HostMessage.FaultReply reply) {
      faults.answered(sessionId, reply).forEach(own -> host.send(sessionId, own));
      if (world.broken(Breakage.FAULT_REPLY_LOST) && random.nextInt(100) == 0) {
        return;
      }
    }
    host.send(sessionId, message);
  }

  private void granted(ShardEffect.DmaGranted effect) {
    Dma dma = dmas.remove(effect.request().requestId());
    if (dma == null) {
      throw new InvariantViolation("INV-6", "answered twice: " + effect);
    }
    var known = engine.queries().space(dma.request().spaceId());
    long vpn = Pages.number(dma.request().address());
    if (dma.request().hostEpoch() != host.epoch()
        || engine.queries().session(dma.request().sessionId()) == null) {
      throw new InvariantViolation("INV-10", "a stale DMA was granted: " + effect);
    }
    if (known != null && Pte.isInvalidating(known.memory().entry(vpn))) {
      world.count(Sometimes.DMA_GRANTED_WHILE_INVALIDATING);
    }
    host.executeDma(dma, effect.frames());
  }

  private void refused(ShardEffect.DmaRefused effect) {
    Dma dma = dmas.remove(effect.request().requestId());
    if (dma == null) {
      throw new InvariantViolation("INV-6", "answered twice: " + effect);
    }
    switch (effect.outcome()) {
      case STALE_SESSION -> world.count(Sometimes.STALE_SESSION_DMA_REFUSED);
      case STALE_PAGE -> world.count(Sometimes.STALE_PAGE_DMA_REFUSED);
      case READ_ONLY, MALFORMED, DONE -> {}
    }
    boolean noGate =
        world.broken(Breakage.STALE_DMA_ACCEPTED) || world.broken(Breakage.NO_SELF_FENCE);
    if (noGate && effect.outcome() != DmaReply.Outcome.MALFORMED && dma.frames().length > 0) {
      host.executeDma(dma, dma.frames());
      return;
    }
    host.replyDma(
        dma,
        new DmaReply(
            effect.request().requestId(), effect.outcome(), new byte[0], 0, effect.message()));
  }

  private void fenceResolved(ShardEffect.FenceResolved effect) {
    Invalidation invalidation = effect.invalidation();
    var fence = invalidation.fences().get(effect.fenceIndex());
    world.monitor.fenceResolved(host, invalidation, effect.fenceIndex());
    boolean byCpu = fence.participant().sessionId() == 0;
    switch (fence.resolution()) {
      case ACKED -> {
        if (byCpu && fence.resolvedNanos() > fence.scheduledNanos()) {
          world.count(Sometimes.WAITED_FOR_CPU);
        }
      }
      case REATTACHED -> {
        world.count(Sometimes.REATTACHED_RESOLVES_FENCE);
        if (host.sessions().restarted(fence.participant())) {
          world.count(Sometimes.RESTART_DURING_FENCE);
        }
      }
      case LEASE_EXPIRED -> {}
      case LEFT -> {}
      case NOT_HELD -> {}
      case null -> throw new InvariantViolation("INV-6", "resolved without a resolution");
    }
  }

  private void ended(Invalidation invalidation) {
    switch (invalidation.mode()) {
      case SEQUENTIAL -> world.count(Sometimes.SEQUENTIAL_INVALIDATION);
      case SPLIT -> {}
    }
    world.monitor.invalidationEnded(host, invalidation);
    world.exclusives.ended(new SimSpace(host.epoch(), invalidation.spaceId()), invalidation);
  }

  private void planTimer() {
    long deadline = engine.nextDeadlineNanos();
    if (deadline == Long.MAX_VALUE || tickWaits) {
      return;
    }
    long at = world.loop.nowNanos() + host.delayUntil(deadline);
    if (at < timerAtNanos) {
      timerAtNanos = at;
      long late = random.nextInt(SimSettings.TIMER_LATENESS_NANOS);
      host.after(at - world.loop.nowNanos() + late, "shard timer", this::timer);
    }
  }

  private void timer() {
    timerAtNanos = Long.MAX_VALUE;
    if (host.clockNanos() >= engine.nextDeadlineNanos()) {
      tickWaits = true;
      post(new ShardInput.Tick());
    }
    planTimer();
  }
}
