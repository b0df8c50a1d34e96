package dev.fenceline.testbed.replay;

import dev.fenceline.client.CallFailedException;
import dev.fenceline.client.RefusedException;
import dev.fenceline.common.v1.Errno;
import dev.fenceline.device.v1.HistoryEntry;
import dev.fenceline.device.v1.ProgramResult;
import dev.fenceline.device.v1.RunProgramRequest;
import dev.fenceline.testbed.check.History;
import dev.fenceline.wire.CommonCodec;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one execution unit of a device busy on whatever memory is there, and records what its
 * programs saw. Confined to its thread; its history is read after the thread's end.
 */
final class DeviceWorker implements Runnable {
  private final Workload workload;
  private final Cluster.Device device;
  private final int actor;
  private final SplittableRandom random;
  private final ProgramSupply programs;
  private final History history = new History();

  /**
   * @param actor number of this worker in histories, also its writer number
   */
  DeviceWorker(Workload workload, Cluster.Device device, int actor, SplittableRandom random) {
    this.workload = workload;
    this.device = device;
    this.actor = actor;
    this.random = random;
    this.programs = new ProgramSupply(device.index(), actor, random.split());
  }

  History history() {
    return history;
  }

  @Override
  public void run() {
    BooleanSupplier goesOn = workload::goesOn;
    while (goesOn.getAsBoolean()) {
      CheckedWindow window = workload.book().pickForDevice(random);
      if (window == null) {
        Workload.pause();
      } else if (window.space().enter()) {
        try {
          runOn(window);
          window.touched();
        } finally {
          window.space().leave();
        }
      }
    }
  }

  private void runOn(CheckedWindow window) {
    int choice = random.nextInt(100);
    if (choice < 15 && window.space().counting()) {
      count(window.space(), random.nextInt(LiveSpace.COUNTERS));
    } else if (choice < 40 && window.takeScratch()) {
      boolean quiet = false;
      try {
        quiet = choice < 30 ? fillCopyChecksum(window) : chase(window);
      } finally {
        // After a lost answer the program may still run: nobody else may have the pages then.
        if (quiet) {
          window.releaseScratch();
        }
      }
    } else {
      randomAccess(window);
    }
  }

  private void randomAccess(CheckedWindow window) {
    Run run = run("device random access", window.space(), programs.randomAccess(window));
    if (run.result() == null) {
      workload.suspicions().spoiled(window.space(), window.registers());
      return;
    }
    for (HistoryEntry entry : run.result().getHistoryList()) {
      record(window.space(), entry);
    }
    suspect(run, window.space(), window.registers().start());
  }

  private void record(LiveSpace space, HistoryEntry entry) {
    long word = History.word(space.key(), entry.getAddress());
    long ended = entry.getInDoubt() ? History.IN_DOUBT : entry.getRespondedNanos();
    switch (entry.getKind()) {
      case KIND_READ -> {
        workload.tally().count("device read", 1);
        history.read(word, entry.getValue(), entry.getInvokedNanos(), ended, actor);
      }
      case KIND_WRITE -> {
        workload.tally().count("device write", 1);
        history.write(word, entry.getValue(), entry.getInvokedNanos(), ended, actor);
      }
      case KIND_ADD, KIND_UNSPECIFIED, UNRECOGNIZED ->
          workload.findings().violation(device.id() + " recorded an unexpected " + entry.getKind());
    }
  }

  private void count(LiveSpace space, int counter) {
    Run run = run("device atomic add program", space, programs.atomicAdd(space, counter));
    if (run.result() == null) {
      space.loseCounters();
      return;
    }
    for (HistoryEntry entry : run.result().getHistoryList()) {
      workload.tally().count("device atomic add", 1);
      if (entry.getInDoubt()) {
        space.countedInDoubt(counter, entry.getInvokedNanos());
      } else {
        space.counted(
            counter, entry.getValue(), entry.getInvokedNanos(), entry.getRespondedNanos());
      }
    }
    suspect(run, space, LiveSpace.counterAddress(counter));
  }

  /** False if an answer was lost. */
  private boolean fillCopyChecksum(CheckedWindow window) {
    LiveSpace space = window.space();
    PageRange whole = window.scratch();
    long half = (whole.end() - whole.start()) / 2;
    PageRange source = PageRange.between(whole.start(), whole.start() + half);
    PageRange target = PageRange.between(whole.start() + half, whole.end());
    long word = programs.nextFillWord();
    Run filled = run("device fill", space, programs.fill(space, source, word));
    Run copied =
        filled.ok() ? run("device copy", space, programs.copy(space, source, target)) : filled;
    Run summed =
        copied.ok() ? run("device checksum", space, programs.checksum(space, whole)) : copied;
    ProgramResult result = summed.result();
    if (result == null || !summed.ok()) {
      suspect(summed, space, whole.start());
      return result != null;
    }
    long sum = ProgramSupply.sumOfFill(whole, word);
    int crc = ProgramSupply.crcOfFill(whole, word);
    workload.findings().checked(whole.pages() * 512);
    if (result.getSum() != sum || result.getCrc32C() != crc) {
      workload
          .suspicions()
          .mismatch(
              space,
              whole,
              new PageEffects.Span(filled.span().invokedNanos(), summed.span().respondedNanos()),
              "%s: fill with 0x%x, copy and checksum of %s in %s gave sum 0x%x, not 0x%x"
                  .formatted(device.id(), word, whole, name(space), result.getSum(), sum));
    }
    return true;
  }

  private static String name(LiveSpace space) {
    return "space " + space.key();
  }

  /** False if an answer was lost. */
  private boolean chase(CheckedWindow window) {
    LiveSpace space = window.space();
    PageRange scratch = window.scratch();
    ProgramSupply.Chain chain = programs.chain(scratch);
    long began = System.nanoTime();
    try {
      workload.cluster().host().space(space.hostId()).write(scratch.start(), chain.bytes());
    } catch (RefusedException e) {
      suspect(
          space,
          scratch.start(),
          began,
          CommonCodec.encode(e.errno()),
          "cpu write of a chain",
          e.getMessage());
      return true;
    } catch (CallFailedException e) {
      workload.interrupted(e);
      return false;
    }
    workload.tally().count("cpu write", 1);
    Run run = run("device pointer chase", space, programs.chase(space, chain));
    ProgramResult result = run.result();
    boolean strayed =
        result != null
            && result.hasFaultAddress()
            && !scratch.overlaps(result.getFaultAddress(), result.getFaultAddress() + 1);
    if (result == null || (!run.ok() && !strayed)) {
      suspect(run, space, scratch.start());
      return result != null;
    }
    workload.findings().checked(ProgramSupply.HOPS);
    if (strayed || result.getValue() != chain.end()) {
      workload
          .suspicions()
          .mismatch(
              space,
              scratch,
              new PageEffects.Span(began, run.span().respondedNanos()),
              "%s: a chain in %s ended at 0x%x, not at 0x%x"
                  .formatted(device.id(), name(space), result.getValue(), chain.end()));
    }
    return true;
  }

  /**
   * A program's end.
   *
   * @param result null if the answer was lost
   */
  private record Run(@Nullable ProgramResult result, PageEffects.Span span, String kind) {
    boolean ok() {
      return result != null && result.getErrno() == Errno.ERRNO_UNSPECIFIED;
    }
  }

  private Run run(String kind, LiveSpace space, RunProgramRequest request) {
    long began = System.nanoTime();
    ProgramResult result = null;
    try {
      result = device.client().run(request);
      workload.tally().count(kind, 1);
    } catch (RefusedException e) {
      suspect(
          space,
          LiveSpace.STEADY.start(),
          began,
          CommonCodec.encode(e.errno()),
          kind,
          e.getMessage());
      result = ProgramResult.newBuilder().setErrno(CommonCodec.encode(e.errno())).build();
    } catch (CallFailedException e) {
      workload.interrupted(e);
    }
    return new Run(result, new PageEffects.Span(began, System.nanoTime()), kind);
  }

  private void suspect(Run run, LiveSpace space, long address) {
    ProgramResult result = run.result();
    if (result != null && !run.ok()) {
      long at = result.hasFaultAddress() ? result.getFaultAddress() : address;
      suspect(
          space, at, run.span().invokedNanos(), result.getErrno(), run.kind(), result.getMessage());
    }
  }

  private void suspect(
      LiveSpace space, long at, long began, Errno errno, String kind, @Nullable String message) {
    workload.refused(
        new Workload.Refusal(
            space,
            at,
            new PageEffects.Span(began, System.nanoTime()),
            errno,
            device.id() + ": " + kind + ": " + message));
  }
}
