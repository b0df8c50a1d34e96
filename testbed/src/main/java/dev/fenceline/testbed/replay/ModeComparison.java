package dev.fenceline.testbed.replay;

import dev.fenceline.client.PhaseTimes;
import dev.fenceline.client.RefusedException;
import dev.fenceline.common.v1.Errno;
import dev.fenceline.device.v1.Access;
import dev.fenceline.device.v1.Delays;
import dev.fenceline.device.v1.RunProgramRequest;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.testbed.launch.Interruption;
import dev.fenceline.testbed.report.Latency;
import dev.fenceline.testbed.report.Percentiles;
import dev.fenceline.testbed.report.RunReport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * The same steps of a recording once in each notification mode, every device holding the page that
 * a step takes away, and draining slowly. Confined to one thread.
 */
final class ModeComparison {
  /** How long each device's drain takes during the comparison: that of slow hardware. */
  static final Duration DRAIN = Duration.ofMillis(1);

  private static final int SAMPLES_PER_MODE = 60;
  private static final Duration TIME_PER_MODE = Duration.ofSeconds(10);

  private final Cluster cluster;
  private final StepExecutor executor;
  private final Interruption interruption;

  ModeComparison(Cluster cluster, StepExecutor executor, Interruption interruption) {
    this.cluster = cluster;
    this.executor = executor;
    this.interruption = interruption;
  }

  /** Compares; whole invalidations, from their schedule to the end of the wait. */
  RunReport.Modes compare(List<ReplayStep> steps) {
    delays(DRAIN.toNanos());
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      Latency split = measure(steps, NotificationMode.SPLIT, callers);
      Latency sequential = measure(steps, NotificationMode.SEQUENTIAL, callers);
      return new RunReport.Modes(split, sequential);
    } finally {
      delays(0);
    }
  }

  private void delays(long drainNanos) {
    for (Cluster.Device device : cluster.devices()) {
      device
          .client()
          .setDelays(device.index(), Delays.newBuilder().setDrainNanos(drainNanos).build());
    }
  }

  private @Nullable Latency measure(
      List<ReplayStep> steps, NotificationMode mode, ExecutorService callers) {
    Percentiles totals = new Percentiles();
    long deadline = System.nanoTime() + TIME_PER_MODE.toNanos();
    long before = -1;
    while (totals.count() < SAMPLES_PER_MODE
        && totals.count() != before
        && System.nanoTime() < deadline
        && !interruption.raised()) {
      before = totals.count();
      pass(steps, mode, callers, new Sampling(totals, deadline));
    }
    return totals.latency();
  }

  private record Sampling(Percentiles totals, long deadlineNanos) {
    boolean enough() {
      return totals.count() >= SAMPLES_PER_MODE || System.nanoTime() > deadlineNanos;
    }
  }

  /** One pass over the first program's own space. */
  private void pass(
      List<ReplayStep> steps, NotificationMode mode, ExecutorService callers, Sampling sampling) {
    long space = executor.create("compare " + mode, mode);
    MappingModel model = new MappingModel();
    try {
      for (ReplayStep step : steps) {
        if (sampling.enough() || interruption.raised()) {
          break;
        }
        if (step.space() == 0 && changesMappings(step)) {
          change(step, space, model, callers, sampling.totals());
        }
      }
    } finally {
      executor.destroy(space);
    }
  }

  private static boolean changesMappings(ReplayStep step) {
    return switch (step) {
      case ReplayStep.Map m -> true;
      case ReplayStep.Unmap u -> true;
      case ReplayStep.Protect p -> true;
      case ReplayStep.Brk b -> true;
      case ReplayStep.Discard d -> true;
      case ReplayStep.Prefetch p -> false;
      // A move would need the model of it; what follows fits without as well as with it.
      case ReplayStep.Remap r -> false;
      case ReplayStep.Create c -> false;
      case ReplayStep.Fork f -> false;
      case ReplayStep.Destroy d -> false;
    };
  }

  private void change(
      ReplayStep step,
      long space,
      MappingModel model,
      ExecutorService callers,
      Percentiles totals) {
    PageRange taken = step.takenAway();
    long page = taken == null ? -1 : firstReadable(model, taken);
    boolean held = page >= 0 && hold(space, page, callers);
    try {
      PhaseTimes times = executor.change(step, space, false).outcome().times();
      apply(step, model);
      if (held && times.fencesWaited() > 0) {
        totals.record(times.scheduleNanos() + times.unmapNanos() + times.waitNanos());
      }
    } catch (RefusedException e) {
      // What depends on a step left out; the replay proper reports refusals.
    }
  }

  private static long firstReadable(MappingModel model, PageRange range) {
    for (MappingModel.Mapped piece : model.in(range)) {
      if (Protections.readWrite(piece.protection())) {
        return piece.start();
      }
    }
    return -1;
  }

  private static void apply(ReplayStep step, MappingModel model) {
    switch (step) {
      case ReplayStep.Map map -> model.map(map.range(), map.content().protection());
      case ReplayStep.Unmap unmap -> model.unmap(unmap.range());
      case ReplayStep.Protect protect -> model.protect(protect.range(), protect.protection());
      case ReplayStep.Brk brk -> {
        PageRange added = brk.added();
        if (added != null) {
          model.map(added, Protections.READ_WRITE);
        }
        PageRange removed = brk.removed();
        if (removed != null) {
          model.unmap(removed);
        }
      }
      case ReplayStep.Discard d -> {
        // Rights stay.
      }
      case ReplayStep.Prefetch p -> {
        // Rights stay.
      }
      case ReplayStep.Remap r -> throw new IllegalArgumentException("left out: " + r);
      case ReplayStep.Create c -> throw new IllegalArgumentException("left out: " + c);
      case ReplayStep.Fork f -> throw new IllegalArgumentException("left out: " + f);
      case ReplayStep.Destroy d -> throw new IllegalArgumentException("left out: " + d);
    }
  }

  /** All devices load from the page at once; whether all of them could. */
  private boolean hold(long space, long page, ExecutorService callers) {
    List<CompletableFuture<Boolean>> loads = new ArrayList<>();
    for (Cluster.Device device : cluster.devices()) {
      loads.add(CompletableFuture.supplyAsync(() -> load(device, space, page), callers));
    }
    return loads.stream().map(CompletableFuture::join).reduce(true, Boolean::logicalAnd);
  }

  private static boolean load(Cluster.Device device, long space, long page) {
    return device
            .client()
            .run(
                RunProgramRequest.newBuilder()
                    .setDeviceIndex(device.index())
                    .setSpaceId(space)
                    .setAccess(Access.newBuilder().setAddress(page).setLength(Long.BYTES))
                    .build())
            .getErrno()
        == Errno.ERRNO_UNSPECIFIED;
  }
}
