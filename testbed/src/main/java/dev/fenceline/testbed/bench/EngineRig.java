package dev.fenceline.testbed.bench;

import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.shard.ShardConfig;
import dev.fenceline.host.engine.shard.ShardEffect;
import dev.fenceline.host.engine.shard.ShardEngine;
import dev.fenceline.host.engine.shard.ShardInput;
import dev.fenceline.host.engine.space.FrameSource;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import java.util.List;

/**
 * A shard's engine without a runtime: one address space, and sessions of one device each, fed by
 * hand. Confined to one thread.
 */
final class EngineRig {
  static final long BASE = 0x10_0000_0000L;
  static final long PAGE_BYTES = 4096;

  private static final long EPOCH = 7;

  /** An hour: nothing gets overdue. */
  private static final long OVERDUE_NANOS = 3_600_000_000_000L;

  private final ShardEngine engine;
  private final int sessions;
  private final long spaceId;
  private long nowNanos = 1_000;
  private long lastRequest;
  private long lastFault;
  private int lastMirror;
  private OperationOutcome ended = new OperationOutcome.BackedOff(OperationOutcome.Timing.NONE);
  private long broadcastId;
  private long toProceed;
  private int pagesAnswered;

  /** Hands out ever new frames; nothing is ever written to them. */
  private static final class NewFrames implements FrameSource {
    private int last;

    @Override
    public int allocate() {
      return ++last;
    }

    @Override
    public void cancel(int frame) {}
  }

  EngineRig(int sessions) {
    this.sessions = sessions;
    this.engine = new ShardEngine(ShardConfig.of(0, 1, EPOCH, OVERDUE_NANOS), new NewFrames());
    submit(new SpaceOperation.Create("bench", NotificationMode.SPLIT));
    this.spaceId = done().value();
    for (int session = 1; session <= sessions; session++) {
      String agent = "agent-" + session;
      step(
          new ShardInput.SessionOpened(
              session, agent, List.of(new DeviceDescription(0, agent + "-device", 1))));
    }
  }

  ShardEngine engine() {
    return engine;
  }

  long spaceId() {
    return spaceId;
  }

  /** Maps pages and lets the device of every session mirror them. */
  int mapAndMirror(long start, long pages) {
    submit(
        new SpaceOperation.Map(
            spaceId,
            start,
            pages * PAGE_BYTES,
            SpaceOperation.Placement.FIXED,
            new SpaceOperation.Region(Protection.READ_WRITE, false, "", 0)));
    done();
    int mirror = ++lastMirror;
    for (int session = 1; session <= sessions; session++) {
      from(
          session,
          new AgentMessage.AddMirror(mirror, spaceId, 0, start, start + pages * PAGE_BYTES));
    }
    return mirror;
  }

  /** The device of every session faults the pages in, up to 512 of them. */
  void grant(int mirror, long start, int pages) {
    for (int session = 1; session <= sessions; session++) {
      pagesAnswered = 0;
      from(session, new AgentMessage.FaultRequest(++lastFault, mirror, start, pages, Access.WRITE));
      if (pagesAnswered != pages) {
        throw new IllegalStateException(pagesAnswered + " of " + pages + " pages were granted");
      }
    }
  }

  /** One invalidation of one page, from its submission to its end; every device holds the page. */
  void invalidate(long address) {
    submit(new SpaceOperation.Invalidate(spaceId, address, PAGE_BYTES));
    while (toProceed != 0) {
      long operation = toProceed;
      toProceed = 0;
      step(new ShardInput.Proceed(operation));
    }
    for (int session = 1; session <= sessions; session++) {
      from(session, new AgentMessage.InvalidationAck(0, List.of(broadcastId)));
    }
    int waited = done().timing().fencesWaited();
    if (waited != sessions) {
      throw new IllegalStateException(waited + " fences were pending, not " + sessions);
    }
  }

  private void submit(SpaceOperation operation) {
    ended = new OperationOutcome.BackedOff(OperationOutcome.Timing.NONE);
    step(new ShardInput.Submit(++lastRequest, operation, WaitPolicy.BLOCK));
  }

  private OperationOutcome.Done done() {
    if (ended instanceof OperationOutcome.Done done) {
      return done;
    }
    throw new IllegalStateException("the operation has not ended well: " + ended);
  }

  private void from(int session, AgentMessage message) {
    step(new ShardInput.FromAgent(EPOCH, session, message));
  }

  private void step(ShardInput input) {
    nowNanos++;
    List<ShardEffect> effects = engine.step(nowNanos, input);
    for (int i = 0; i < effects.size(); i++) {
      note(effects.get(i));
    }
  }

  private void note(ShardEffect effect) {
    if (effect instanceof ShardEffect.ProceedAfter after) {
      toProceed = after.operationId();
    } else if (effect instanceof ShardEffect.Broadcast broadcast) {
      broadcastId = broadcast.message().invalidationIds().getFirst();
    } else if (effect instanceof ShardEffect.OperationEnded end) {
      ended = end.outcome();
    } else if (effect instanceof ShardEffect.Send send
        && send.message() instanceof HostMessage.FaultReply reply
        && reply.errno() == null) {
      reply.runs().forEach(run -> pagesAnswered += run.pageCount());
    }
  }
}
