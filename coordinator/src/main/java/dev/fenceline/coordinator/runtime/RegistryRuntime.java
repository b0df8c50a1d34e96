package dev.fenceline.coordinator.runtime;

import dev.fenceline.concurrent.LineBudget;
import dev.fenceline.concurrent.Mailbox;
import dev.fenceline.coordinator.engine.RegistryCounts;
import dev.fenceline.coordinator.engine.RegistryEffect;
import dev.fenceline.coordinator.engine.RegistryEffect.CompleteStream;
import dev.fenceline.coordinator.engine.RegistryEffect.NodeChanged;
import dev.fenceline.coordinator.engine.RegistryEffect.NodeForgotten;
import dev.fenceline.coordinator.engine.RegistryEffect.Recovered;
import dev.fenceline.coordinator.engine.RegistryEffect.RefuseStream;
import dev.fenceline.coordinator.engine.RegistryEffect.ReleaseEndpoint;
import dev.fenceline.coordinator.engine.RegistryEffect.SendUpdate;
import dev.fenceline.coordinator.engine.RegistryEngine;
import dev.fenceline.coordinator.engine.RegistryInput;
import dev.fenceline.coordinator.engine.RegistryInput.ReportReceived;
import dev.fenceline.coordinator.engine.RegistryInput.Tick;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The registry engine at work: inputs come through a mailbox, effects go to the ports in their
 * order, a timer brings the deadlines. Thread-safe.
 *
 * <p>Reads go through the same mailbox, so that what they see is never half of a step. An exception
 * out of the engine is a broken invariant: the mailbox stops, and {@link #isBroken} tells the
 * liveness probe.
 */
public final class RegistryRuntime implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RegistryRuntime.class);
  private static final int INPUTS_PER_TURN = 64;
  private static final long READ_TIMEOUT_SECONDS = 5;

  /** Counting visits every node: not for each of their reports. */
  private static final long COUNT_INTERVAL_NANOS = 1_000_000_000L;

  /** One line per so long, when nodes are refused all the time. */
  private static final long REFUSAL_LINE_NANOS = 100_000_000L;

  private static final long NEVER = Long.MAX_VALUE;

  /** What goes through the mailbox. */
  private sealed interface Work {
    record Step(RegistryInput input) implements Work {}

    record Read(Runnable task) implements Work {}
  }

  /** Where effects go; immutable. {@code events} hears of what people want to know. */
  public record Ports(
      StreamPort streams,
      EndpointPort endpoints,
      RegistryObserver observer,
      RegistryEvents events) {}

  private final RegistryEngine engine;
  private final Ports ports;
  private final LongSupplier nanoClock;
  private final ScheduledExecutorService timer;
  private final Mailbox<Work> mailbox;
  private final LineBudget refusalLines = new LineBudget(64, REFUSAL_LINE_NANOS);

  private volatile RegistryCounts counts;
  private volatile boolean broken;

  /** When the timer will bring a tick; touched only by the mailbox's drainer. */
  private long armedNanos = NEVER;

  private @Nullable ScheduledFuture<?> armed;
  private long countedNanos;

  /**
   * @param nanoClock monotonic, from 0 up
   * @param capacity of the mailbox
   * @param overflow takes over what a caller's turn leaves
   */
  public RegistryRuntime(
      RegistryEngine engine,
      Ports ports,
      LongSupplier nanoClock,
      ScheduledExecutorService timer,
      int capacity,
      Executor overflow) {
    this.engine = engine;
    this.ports = ports;
    this.nanoClock = nanoClock;
    this.timer = timer;
    this.counts = engine.counts();
    this.mailbox =
        new Mailbox<>(
            new Mailbox.Settings(capacity, INPUTS_PER_TURN, Mailbox.Draining.BY_CALLER),
            overflow,
            this::handle,
            this::failed);
  }

  /** Lets time begin. */
  public void start() {
    submit(new Tick());
  }

  /** Brings an input that may be refused when too many are waiting; false if it was. */
  public boolean offer(RegistryInput input) {
    return mailbox.offer(new Work.Step(input)) == Mailbox.Offer.ACCEPTED;
  }

  /** Brings an input that cannot be refused: the end of a stream, a tick. */
  public void submit(RegistryInput input) {
    mailbox.submit(new Work.Step(input));
  }

  /**
   * Reads the engine between two steps; the function gets the time as well.
   *
   * @throws RegistryBusyException if too many inputs wait, or the service stops
   */
  public <T> T read(Reader<T> reader) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Work read =
        new Work.Read(
            () -> {
              try {
                result.complete(reader.read(engine, nanoClock.getAsLong()));
              } catch (RuntimeException e) {
                result.completeExceptionally(e);
              }
            });
    if (mailbox.offer(read) != Mailbox.Offer.ACCEPTED) {
      throw new RegistryBusyException("the registry takes no questions at the moment");
    }
    return await(result);
  }

  /** Reads the engine between two steps. */
  public <T> T read(Function<RegistryEngine, T> reader) {
    return read((registry, nowNanos) -> reader.apply(registry));
  }

  /** Reads the engine at a time. */
  @FunctionalInterface
  public interface Reader<T> {
    T read(RegistryEngine engine, long nowNanos);
  }

  /** Random per start of the coordinator. */
  public long bootToken() {
    return engine.bootToken();
  }

  /** As of the last step that changed them. */
  public RegistryCounts counts() {
    return counts;
  }

  /** Inputs that wait or are being handled. */
  public int queueDepth() {
    return mailbox.depth();
  }

  /** Whether the engine failed for good. */
  public boolean isBroken() {
    return broken;
  }

  /** Takes no inputs any more. */
  @Override
  public void close() {
    mailbox.stop();
  }

  private static <T> T await(CompletableFuture<T> result) {
    try {
      return result.get(READ_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while reading the registry", e);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException("the registry did not answer", e);
    }
  }

  private void handle(Work work) {
    switch (work) {
      case Work.Read read -> read.task().run();
      case Work.Step step -> step(step.input());
    }
  }

  private void step(RegistryInput input) {
    if (input instanceof Tick) {
      armedNanos = NEVER;
    } else if (input instanceof ReportReceived) {
      ports.observer().reported();
    }
    long nowNanos = nanoClock.getAsLong();
    boolean onlyUpdates = true;
    for (RegistryEffect effect : engine.step(nowNanos, input)) {
      carryOut(effect);
      onlyUpdates &= effect instanceof SendUpdate;
    }
    if (!onlyUpdates || nowNanos - countedNanos >= COUNT_INTERVAL_NANOS) {
      counts = engine.counts();
      countedNanos = nowNanos;
    }
    arm(nowNanos);
  }

  private void carryOut(RegistryEffect effect) {
    ports.events().tell(effect);
    switch (effect) {
      case SendUpdate send -> ports.streams().send(send.streamId(), send.update());
      case RefuseStream refuse -> {
        logRefusal(refuse);
        ports.observer().refused(refuse.refusal());
        ports.streams().refuse(refuse.streamId(), refuse.refusal());
      }
      case CompleteStream complete -> ports.streams().complete(complete.streamId());
      case ReleaseEndpoint release -> ports.endpoints().release(release.endpoint());
      case NodeChanged change -> {
        LOG.atInfo()
            .addKeyValue("nodeKind", change.node().kind())
            .addKeyValue("nodeId", change.node().nodeId())
            .log(
                "{} {}: {} -> {}, {}",
                change.node().kind(),
                change.node().nodeId(),
                change.from(),
                change.to(),
                change.reason());
        ports.observer().changed(change.node().kind(), change.to());
      }
      case NodeForgotten forgotten -> {
        LOG.info("{} {} forgotten", forgotten.node().kind(), forgotten.node().nodeId());
        ports.observer().forgotten(forgotten.node());
      }
      case Recovered ignored -> LOG.info("recovery window is over: the registry answers now");
    }
  }

  /** Whoever is refused may come again at once. */
  private void logRefusal(RefuseStream refuse) {
    int leftOut = refusalLines.take(nanoClock.getAsLong());
    if (leftOut != LineBudget.LEFT_OUT) {
      LOG.atInfo()
          .addKeyValue("streamId", refuse.streamId())
          .addKeyValue("reason", refuse.refusal().slug())
          .log(
              "stream {} refused: {}{}",
              refuse.streamId(),
              refuse.refusal().message(),
              leftOut == 0 ? "" : " (" + leftOut + " such lines were left out)");
    }
  }

  private void arm(long nowNanos) {
    long deadlineNanos = engine.nextDeadlineNanos();
    if (deadlineNanos < armedNanos) {
      if (armed != null) {
        armed.cancel(false);
      }
      armedNanos = deadlineNanos;
      armed =
          timer.schedule(
              () -> submit(new Tick()),
              Math.max(0, deadlineNanos - nowNanos),
              TimeUnit.NANOSECONDS);
    }
  }

  private void failed(Work work, Throwable failure) {
    broken = true;
    LOG.error("the registry engine broke at {}; it stops", work, failure);
    mailbox.stop();
  }
}
