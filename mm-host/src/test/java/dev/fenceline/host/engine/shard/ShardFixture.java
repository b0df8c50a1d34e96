package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.FrameSource;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.host.engine.space.SpaceOperation.Placement;
import dev.fenceline.host.engine.space.SpaceOperation.Region;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.FenceResolution;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * A shard engine with a hand-turned clock and everything that it emitted, for tests. Phases proceed
 * by themselves unless {@link #manualPhases} was called.
 */
final class ShardFixture {
  static final long EPOCH = 7;
  static final long OVERDUE_NANOS = 1_000_000;
  static final long PAGE = 4096;
  static final long BASE = 0x10_0000_0000L;

  final FakeFrames frames;
  final ShardEngine engine;
  final List<ShardEffect> effects = new ArrayList<>();
  private final ArrayDeque<Long> proceed = new ArrayDeque<>();
  private boolean manual;
  private long lastRequest;
  private long lastFault;
  long now = 1_000;

  ShardFixture() {
    this(1_000);
  }

  ShardFixture(int frameCount) {
    this(frameCount, ShardConfig.of(0, 1, EPOCH, OVERDUE_NANOS));
  }

  ShardFixture(int frameCount, ShardConfig config) {
    frames = new FakeFrames(frameCount);
    engine = new ShardEngine(config, frames);
  }

  /** A pool that hands out the frame freed last, and knows which are out. */
  static final class FakeFrames implements FrameSource {
    private final ArrayDeque<Integer> free = new ArrayDeque<>();
    private final int total;

    FakeFrames(int count) {
      total = count;
      IntStream.rangeClosed(1, count).forEach(free::addLast);
    }

    @Override
    public int allocate() {
      return free.isEmpty() ? NONE_LEFT : free.removeFirst();
    }

    @Override
    public int allocateBlock() {
      Set<Integer> left = new TreeSet<>(free);
      for (int first = Pages.PER_BLOCK; first <= total; first += Pages.PER_BLOCK) {
        List<Integer> block =
            IntStream.range(first, first + Pages.PER_BLOCK).boxed().filter(left::remove).toList();
        if (block.size() == Pages.PER_BLOCK) {
          free.removeAll(block);
          return first;
        }
      }
      return NONE_LEFT;
    }

    @Override
    public void cancel(int frame) {
      free.addFirst(frame);
    }

    @Override
    public long available() {
      return free.size();
    }

    int left() {
      return free.size();
    }
  }

  void manualPhases() {
    manual = true;
  }

  /** Takes one input and, unless phases are manual, the phases that follow from it. */
  void input(ShardInput input) {
    take(engine.step(now, input));
    while (!manual && !proceed.isEmpty()) {
      phase();
    }
  }

  /** Lets the oldest operation that waits for it go on with its next phase. */
  void phase() {
    now += 10;
    take(engine.step(now, new ShardInput.Proceed(proceed.removeFirst())));
  }

  void advance(long nanos) {
    now += nanos;
    input(new ShardInput.Tick());
  }

  private void take(List<ShardEffect> step) {
    for (ShardEffect effect : step) {
      effects.add(effect);
      if (effect instanceof ShardEffect.ProceedAfter after) {
        proceed.addLast(after.operationId());
      } else if (effect instanceof ShardEffect.FreeFrames freed) {
        for (int frame : freed.frames()) {
          frames.cancel(frame);
        }
      }
    }
  }

  long createSpace() {
    return createSpace(NotificationMode.SPLIT);
  }

  long createSpace(NotificationMode mode) {
    long request = submit(new SpaceOperation.Create("test", mode), WaitPolicy.BLOCK);
    return ((OperationOutcome.Done) outcome(request)).value();
  }

  /** Maps pages at {@link #BASE} plus an offset in pages. */
  void map(long space, long page, int pages, Protection protection) {
    long request =
        submit(
            new SpaceOperation.Map(
                space,
                BASE + page * PAGE,
                pages * PAGE,
                Placement.FIXED,
                new Region(protection, false, "", 0)),
            WaitPolicy.BLOCK);
    if (!(outcome(request) instanceof OperationOutcome.Done)) {
      throw new AssertionError("map: " + outcome(request));
    }
  }

  long unmap(long space, long page, int pages, WaitPolicy wait) {
    return submit(new SpaceOperation.Unmap(space, BASE + page * PAGE, pages * PAGE), wait);
  }

  long invalidate(long space, long page, int pages, WaitPolicy wait) {
    return submit(new SpaceOperation.Invalidate(space, BASE + page * PAGE, pages * PAGE), wait);
  }

  long submit(SpaceOperation operation, WaitPolicy wait) {
    long request = ++lastRequest;
    input(new ShardInput.Submit(request, operation, wait));
    return request;
  }

  boolean ended(long request) {
    return effects.stream()
        .anyMatch(e -> e instanceof ShardEffect.OperationEnded end && end.requestId() == request);
  }

  OperationOutcome outcome(long request) {
    List<OperationOutcome> found =
        effects.stream()
            .filter(ShardEffect.OperationEnded.class::isInstance)
            .map(ShardEffect.OperationEnded.class::cast)
            .filter(end -> end.requestId() == request)
            .map(ShardEffect.OperationEnded::outcome)
            .toList();
    if (found.size() != 1) {
      throw new AssertionError("request " + request + " ended " + found.size() + " times");
    }
    return found.getFirst();
  }

  void open(long session, String agent, int devices) {
    input(
        new ShardInput.SessionOpened(
            session,
            agent,
            IntStream.range(0, devices)
                .mapToObj(i -> new DeviceDescription(i, agent + "-" + i, 1))
                .toList()));
  }

  void end(long session, FenceResolution cause) {
    input(new ShardInput.SessionEnded(session, cause));
  }

  void mirror(long session, int mirrorId, long space, int device, long page, int pages) {
    agent(
        session,
        new AgentMessage.AddMirror(
            mirrorId, space, device, BASE + page * PAGE, BASE + (page + pages) * PAGE));
  }

  void agent(long session, AgentMessage message) {
    input(new ShardInput.FromAgent(EPOCH, session, message));
  }

  long fault(long session, int mirrorId, long page, int pages, Access access) {
    return faultCollided(session, mirrorId, page, pages, access, 0);
  }

  /** A fault whose answers were gone again so often. */
  long faultCollided(
      long session, int mirrorId, long page, int pages, Access access, int collisions) {
    long id = ++lastFault;
    agent(
        session,
        new AgentMessage.FaultRequest(id, mirrorId, BASE + page * PAGE, pages, access, collisions));
    return id;
  }

  /** Faults and answers the single run that was granted. */
  PageRun granted(long session, int mirrorId, long page, int pages, Access access) {
    HostMessage.FaultReply reply = reply(fault(session, mirrorId, page, pages, access));
    if (reply.errno() != null || reply.runs().size() != 1) {
      throw new AssertionError("not one run: " + reply);
    }
    return reply.runs().getFirst();
  }

  boolean replied(long faultId) {
    return sent(HostMessage.FaultReply.class).stream().anyMatch(r -> r.faultId() == faultId);
  }

  HostMessage.FaultReply reply(long faultId) {
    return sent(HostMessage.FaultReply.class).stream()
        .filter(r -> r.faultId() == faultId)
        .findFirst()
        .orElseThrow(() -> new AssertionError("fault " + faultId + " is not answered"));
  }

  void ack(long session, int device, long invalidationId) {
    agent(session, new AgentMessage.InvalidationAck(device, List.of(invalidationId)));
  }

  <T extends HostMessage> List<T> sent(Class<T> type) {
    return effects.stream()
        .filter(ShardEffect.Send.class::isInstance)
        .map(e -> ((ShardEffect.Send) e).message())
        .filter(type::isInstance)
        .map(type::cast)
        .toList();
  }

  List<ShardEffect.Broadcast> broadcasts() {
    return all(ShardEffect.Broadcast.class);
  }

  /** Id of the invalidation that was broadcast last. */
  long lastInvalidation() {
    return broadcasts().getLast().message().invalidationIds().getFirst();
  }

  <T extends ShardEffect> List<T> all(Class<T> type) {
    return effects.stream().filter(type::isInstance).map(type::cast).toList();
  }

  /** Whether a DMA of one word of a page would be let through. */
  boolean dma(long session, long space, int device, long page, int generation, boolean write) {
    int before = effects.size();
    input(
        new ShardInput.Dma(
            new DmaRequest(
                1,
                EPOCH,
                session,
                space,
                device,
                BASE + page * PAGE,
                8,
                write ? DmaRequest.Operation.WRITE : DmaRequest.Operation.READ,
                new int[] {generation},
                write ? new byte[8] : new byte[0],
                0,
                0)));
    return effects.subList(before, effects.size()).stream()
        .anyMatch(ShardEffect.DmaGranted.class::isInstance);
  }
}
