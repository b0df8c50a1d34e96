package dev.fenceline.testbed.replay;

import dev.fenceline.client.CallFailedException;
import dev.fenceline.common.v1.Errno;
import dev.fenceline.testbed.check.History;
import dev.fenceline.testbed.launch.Interruption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Everybody who uses the memory while it is replayed: device workers, CPU threads, and who
 * reclaims, pins and migrates it. Thread-safe; started and stopped once.
 */
final class Workload {
  static final int FIRST_CPU_ACTOR = 1000;

  private static final int WORKERS_PER_DEVICE = 2;
  private static final int CPU_WORKERS = 2;
  private static final Duration RECLAIM_INTERVAL = Duration.ofMillis(15);
  private static final Duration STOP_WITHIN = Duration.ofSeconds(100);

  private final Cluster cluster;
  private final SpaceBook book;
  private final OperationTally tally;
  private final Interruption interruption;
  private final Findings findings = new Findings();
  private final Suspicions suspicions = new Suspicions();
  private final AtomicBoolean stopping = new AtomicBoolean();
  private final List<Thread> threads = new ArrayList<>();
  private final List<History> histories = new ArrayList<>();

  Workload(Cluster cluster, SpaceBook book, OperationTally tally, Interruption interruption) {
    this.cluster = cluster;
    this.book = book;
    this.tally = tally;
    this.interruption = interruption;
  }

  /** An access that came back with an error. */
  record Refusal(LiveSpace space, long address, PageEffects.Span span, Errno errno, String what) {}

  /** Starts all workers. */
  void start(SplittableRandom random) {
    int actor = 1;
    for (Cluster.Device device : cluster.devices()) {
      for (int i = 0; i < WORKERS_PER_DEVICE; i++) {
        DeviceWorker worker = new DeviceWorker(this, device, actor++, random.split());
        histories.add(worker.history());
        launch("device-" + device.id() + "-" + i, worker);
      }
    }
    for (int i = 0; i < CPU_WORKERS; i++) {
      CpuWorker worker = new CpuWorker(this, FIRST_CPU_ACTOR + i, random.split());
      histories.add(worker.history());
      launch("cpu-" + i, worker);
    }
    startReclaimer(random.split(), RECLAIM_INTERVAL);
    launch("pinner", new Pinner(this, random.split()));
    launch("migrator", new Migrator(this, random.split()));
  }

  /** Starts a reclaimer. */
  void startReclaimer(SplittableRandom random, Duration interval) {
    launch("reclaimer", new Reclaimer(this, random, interval));
  }

  /** Starts workers that repeat recorded accesses until there are no more. */
  List<Thread> startAccesses(AccessWorker.Source source, int perDevice, int onCpu) {
    List<Thread> started = new ArrayList<>();
    int actor = 1;
    for (Cluster.Device device : cluster.devices()) {
      for (int i = 0; i < perDevice; i++) {
        AccessWorker worker = new AccessWorker(this, source, actor++, device);
        histories.add(worker.history());
        started.add(launch("device-" + device.id() + "-" + i, worker));
      }
    }
    for (int i = 0; i < onCpu; i++) {
      AccessWorker worker = new AccessWorker(this, source, FIRST_CPU_ACTOR + i, null);
      histories.add(worker.history());
      started.add(launch("cpu-" + i, worker));
    }
    return started;
  }

  private Thread launch(String name, Runnable work) {
    Runnable guarded =
        () -> {
          try {
            work.run();
          } catch (RuntimeException e) {
            findings.violation(name + " broke off: " + e);
          }
        };
    Thread thread = Thread.ofPlatform().daemon().name(name).start(guarded);
    threads.add(thread);
    return thread;
  }

  /** Ends all workers and hands over what they saw; waits for the programs under way. */
  List<History> stop() throws InterruptedException {
    stopping.set(true);
    long deadline = System.nanoTime() + STOP_WITHIN.toNanos();
    for (Thread thread : threads) {
      Duration left = Duration.ofNanos(Math.max(1_000_000, deadline - System.nanoTime()));
      if (!thread.join(left)) {
        findings.violation(thread.getName() + " did not end within " + STOP_WITHIN);
        return List.of();
      }
    }
    return histories;
  }

  boolean goesOn() {
    return !stopping.get() && !interruption.raised();
  }

  static void pause() {
    pause(Duration.ofMillis(1));
  }

  static void pause(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  Cluster cluster() {
    return cluster;
  }

  SpaceBook book() {
    return book;
  }

  OperationTally tally() {
    return tally;
  }

  Findings findings() {
    return findings;
  }

  Suspicions suspicions() {
    return suspicions;
  }

  /** A call came to no answer. */
  void interrupted(CallFailedException failure) {
    findings.interrupted();
    if (goesOn() && failure.code() == io.grpc.Status.Code.UNKNOWN) {
      findings.violation(String.valueOf(failure.getMessage()));
    }
  }

  /** Sorts an error: what the mappings may explain is judged at the end. */
  void refused(Refusal refusal) {
    switch (refusal.errno()) {
      case ERRNO_EFAULT, ERRNO_EPERM, ERRNO_ENOENT -> {
        tally.count("access refused", 1);
        suspicions.refused(refusal.space(), refusal.address(), refusal.span(), refusal.what());
      }
      case ERRNO_EAGAIN, ERRNO_EBUSY, ERRNO_RESOURCE_EXHAUSTED, ERRNO_STALE, ERRNO_UNAVAILABLE ->
          findings.interrupted();
      case ERRNO_UNSPECIFIED,
          ERRNO_EINVAL,
          ERRNO_ENOMEM,
          ERRNO_EEXIST,
          ERRNO_DATA_LOSS,
          ERRNO_ETIME,
          UNRECOGNIZED ->
          findings.violation(refusal.errno() + ": " + refusal.what());
    }
  }
}
