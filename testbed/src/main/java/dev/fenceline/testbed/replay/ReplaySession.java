package dev.fenceline.testbed.replay;

import dev.fenceline.client.CallFailedException;
import dev.fenceline.device.v1.DeviceInfo;
import dev.fenceline.testbed.check.History;
import dev.fenceline.testbed.launch.Interruption;
import dev.fenceline.testbed.report.Progress;
import dev.fenceline.testbed.report.RunReport;
import dev.fenceline.testbed.trace.StraceReader;
import dev.fenceline.testbed.trace.TraceSummary;
import dev.fenceline.testbed.trace.UnusableTrace;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** One replay from its first line to its report. Confined to one thread. */
final class ReplaySession {
  /** More than one unanswered call of so many makes a run worthless. */
  private static final int MAX_UNANSWERED_DIVISOR = 20;

  private static final Duration LINGER = Duration.ofMillis(600);

  private final Plan plan;
  private final Cluster cluster;
  private final Interruption interruption;
  private final Progress progress;
  private final SpaceBook book = new SpaceBook();
  private final OperationTally tally = new OperationTally();
  private final Workload workload;
  private final FenceCollector fences;
  private final SortedMap<String, DeviceInfo> before = new TreeMap<>();
  private RunReport.Migrations movedBefore = new RunReport.Migrations(0, 0, 0);
  private final List<History> histories = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private long lines;
  private long skippedLines;
  private RunReport.@Nullable Modes modes;
  private @Nullable String rangesAddress;

  /**
   * What to do.
   *
   * @param command that asked for it, for the report
   * @param passes how many times the recording is replayed
   * @param maxAccesses how many recorded loads and stores are repeated at most
   * @param compare whether the two notification modes are compared as well
   * @param restAddress of the coordinator, null if not known
   */
  record Plan(
      String command,
      Path trace,
      long seed,
      int passes,
      long maxAccesses,
      boolean compare,
      @Nullable String restAddress) {
    /**
     * @throws IllegalArgumentException if a number is not positive
     */
    Plan {
      if (passes < 1 || maxAccesses < 1) {
        throw new IllegalArgumentException(
            "passes and accesses must be positive: " + passes + ", " + maxAccesses);
      }
    }
  }

  ReplaySession(Plan plan, Cluster cluster, Interruption interruption, Progress progress) {
    this.plan = plan;
    this.rangesAddress = plan.restAddress();
    this.cluster = cluster;
    this.interruption = interruption;
    this.progress = progress;
    this.workload = new Workload(cluster, book, tally, interruption);
    this.fences = new FenceCollector(cluster.host());
  }

  /** Remarks for people: skipped lines, what was left out, what could not be judged. */
  List<String> notes() {
    return List.copyOf(notes);
  }

  /**
   * Replays an strace log.
   *
   * @throws UnusableTrace if the file holds nothing to replay
   */
  RunReport replayStrace() throws IOException, UnusableTrace, InterruptedException {
    long began = System.nanoTime();
    rememberDevices();
    SplittableRandom random = new SplittableRandom(plan.seed());
    StepExecutor executor = new StepExecutor(cluster.host(), tally);
    TraceReplay replay = new TraceReplay(workload, executor, random.split(), interruption);
    Thread collector = Thread.ofPlatform().daemon().name("fences").start(fences);
    workload.start(random.split());
    try {
      for (int pass = 1; pass <= plan.passes() && !interruption.raised(); pass++) {
        pass(replay, pass);
      }
    } finally {
      histories.addAll(workload.stop());
    }
    histories.add(replay.history());
    compareModes(executor, replay.remembered());
    fences.stop();
    fences.collect();
    collector.join(Duration.ofSeconds(15));
    return judged(began);
  }

  /**
   * Replays a lackey trace.
   *
   * @throws UnusableTrace if the file holds nothing to replay
   */
  RunReport replayLackey() throws IOException, UnusableTrace, InterruptedException {
    long began = System.nanoTime();
    rememberDevices();
    AccessSlices slices = new AccessSlices(plan.trace());
    TraceSummary summary =
        slices.scan(plan.maxAccesses(), skipped -> noteSkipped(true, skipped.toString()));
    lines = summary.lines();
    skippedLines = summary.skippedLines();
    describe(slices);
    StepExecutor executor = new StepExecutor(cluster.host(), tally);
    AccessReplay replay = new AccessReplay(workload, executor, interruption);
    Thread collector = Thread.ofPlatform().daemon().name("fences").start(fences);
    try {
      replay.run(slices, new SplittableRandom(plan.seed()), this::showAccesses);
    } finally {
      histories.addAll(workload.stop());
    }
    histories.add(replay.history());
    compareModes(executor, replay.steps());
    fences.stop();
    fences.collect();
    collector.join(Duration.ofSeconds(15));
    return judged(began);
  }

  private void describe(AccessSlices slices) {
    notes.add(
        String.format(
            Locale.ROOT,
            "%,d accesses of words on %,d pages; of every %d slices of %d accesses one was"
                + " repeated (--max-accesses), instruction fetches were not",
            slices.wordAccesses(),
            slices.wordsByPage().size(),
            slices.keepEvery(),
            AccessSlices.SLICE));
    if (slices.outside() > 0) {
      notes.add(slices.outside() + " accesses outside of user space were left out");
    }
  }

  private void showAccesses(long dealt) {
    progress.update(
        System.nanoTime(),
        String.format(
            Locale.ROOT,
            "%s: %,d accesses dealt out, %,d operations, %,d invalidations, %,d back-offs,"
                + " %d violations",
            plan.command(),
            dealt,
            tally.operations(),
            tally.invalidations(),
            tally.backOffs(),
            workload.findings().violations()));
  }

  private void pass(TraceReplay replay, int pass)
      throws IOException, UnusableTrace, InterruptedException {
    boolean first = pass == 1;
    try (StraceReader reader =
        StraceReader.open(plan.trace(), skipped -> noteSkipped(first, skipped.toString()))) {
      replay.run(reader, LINGER, new Watch(pass, replay));
      TraceSummary summary = reader.summary();
      lines = summary.lines();
      skippedLines = summary.skippedLines();
      if (first && summary.endedEarly()) {
        notes.add("the recording's compressed data is damaged or cut off");
      }
    }
  }

  /** Shows how far a pass is, and what the coordinator knows at its end. */
  private final class Watch implements TraceReplay.Watcher {
    private final int pass;
    private final TraceReplay replay;

    Watch(int pass, TraceReplay replay) {
      this.pass = pass;
      this.replay = replay;
    }

    @Override
    public void at(long line) {
      showProgress(pass, line, replay);
    }

    @Override
    public void lastLook(LiveSpace space) throws InterruptedException {
      String rest = plan.restAddress();
      if (rest == null || pass != plan.passes()) {
        return;
      }
      String address = RangeStateView.address(rest, cluster.hostId(), space.hostId());
      rangesAddress = address;
      notes.add("who holds what of the first program's memory, asked for before its end:");
      for (String line : RangeStateView.lines(address)) {
        notes.add("  " + line);
      }
    }
  }

  private void noteSkipped(boolean first, String text) {
    if (first && notes.size() < 20) {
      notes.add("skipped " + text);
    }
  }

  private void showProgress(int pass, long line, TraceReplay replay) {
    progress.update(
        System.nanoTime(),
        String.format(
            Locale.ROOT,
            "%s: pass %d of %d, line %,d, %d spaces, %,d operations, %,d invalidations,"
                + " %,d back-offs, %d violations",
            plan.command(),
            pass,
            plan.passes(),
            line,
            replay.liveSpaces(),
            tally.operations(),
            tally.invalidations(),
            tally.backOffs(),
            workload.findings().violations()));
  }

  private void compareModes(StepExecutor executor, List<ReplayStep> steps) {
    if (!plan.compare() || interruption.raised()) {
      return;
    }
    progress.update(System.nanoTime(), plan.command() + ": split against sequential...");
    try {
      modes = new ModeComparison(cluster, executor, interruption).compare(steps);
      notes.add(
          "split against sequential: the recording's steps once more in each mode, all "
              + cluster.devices().size()
              + " devices holding what is taken away, each with a drain of "
              + ModeComparison.DRAIN.toMillis()
              + " ms");
    } catch (CallFailedException e) {
      workload.interrupted(e);
      notes.add("no comparison of the modes: " + e.getMessage());
    }
  }

  private RunReport judged(long beganNanos) {
    progress.update(System.nanoTime(), plan.command() + ": judging what was seen...");
    Judge.judge(histories, book.spaces(), workload.findings(), workload.suspicions());
    Findings findings = workload.findings();
    List<String> failures = new ArrayList<>(findings.texts());
    if (!failures.isEmpty()) {
      failures.add("to repeat: ./fenceline replay " + plan.trace() + " --seed " + plan.seed());
    }
    if (interruption.raised()) {
      failures.add("interrupted: this report covers a part of the run");
    }
    if (findings.interruptions() * MAX_UNANSWERED_DIVISOR > tally.operations()) {
      failures.add(
          findings.interruptions() + " programs or calls came to no answer: nothing is proved");
    }
    if (findings.interruptions() > 0) {
      notes.add(findings.interruptions() + " programs or calls came to no answer (not violations)");
    }
    if (findings.undecidedCount() > 0) {
      notes.add(findings.undecidedCount() + " things could not be judged");
    }
    List<RunReport.Device> devices = devices();
    long retries = devices.stream().mapToLong(RunReport.Device::retries).sum();
    double seconds = (System.nanoTime() - beganNanos) / 1e9;
    progress.finish(
        System.nanoTime(),
        String.format(Locale.ROOT, "%s: %,d lines replayed", plan.command(), lines));
    return new RunReport(
        new RunReport.Origin(
            plan.command(), plan.trace().toString(), seconds, skippedLines, rangesAddress),
        new RunReport.Outcome(findings.violations(), findings.checks(), failures),
        tally.work(retries),
        new RunReport.Timing(tally.phases(), modes),
        devices,
        fences.memory(migrations()),
        null);
  }

  private void rememberDevices() {
    for (Cluster.Device device : cluster.devices()) {
      before.put(device.id(), device.info());
    }
    movedBefore = moved();
  }

  /** What moved during the run. */
  private RunReport.Migrations migrations() {
    RunReport.Migrations now = moved();
    return new RunReport.Migrations(
        now.toDevices() - movedBefore.toDevices(),
        now.home() - movedBefore.home(),
        now.evicted() - movedBefore.evicted());
  }

  private RunReport.Migrations moved() {
    try {
      return cluster.moved();
    } catch (CallFailedException e) {
      workload.interrupted(e);
      return movedBefore;
    }
  }

  private List<RunReport.Device> devices() {
    List<RunReport.Device> devices = new ArrayList<>();
    for (Cluster.Device device : cluster.devices()) {
      try {
        DeviceInfo then = before.getOrDefault(device.id(), DeviceInfo.getDefaultInstance());
        DeviceInfo now = device.info();
        devices.add(
            new RunReport.Device(
                device.id(),
                fences.ack(device.id()),
                now.getFaults() - then.getFaults(),
                now.getFaultRetries() - then.getFaultRetries(),
                now.getDmaReadBytes() - then.getDmaReadBytes(),
                now.getDmaWrittenBytes() - then.getDmaWrittenBytes()));
      } catch (CallFailedException e) {
        workload.interrupted(e);
      }
    }
    return devices;
  }
}
