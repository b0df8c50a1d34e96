package dev.fenceline.testbed.replay;

import dev.fenceline.client.CallFailedException;
import dev.fenceline.client.RefusedException;
import dev.fenceline.common.v1.Errno;
import dev.fenceline.device.v1.Access;
import dev.fenceline.device.v1.ProgramResult;
import dev.fenceline.device.v1.RunProgramRequest;
import dev.fenceline.query.v1.RangeInfo;
import dev.fenceline.testbed.check.CounterHistory;
import dev.fenceline.testbed.check.FinalState;
import dev.fenceline.testbed.check.History;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Looks at a space that nobody uses any more, before it ends: are its mappings, its last values and
 * its counters what they must be, and do CPU and devices see the same bytes? Confined to the
 * replaying thread.
 */
final class SpaceVerifier {
  private static final Duration QUIET_WITHIN = Duration.ofSeconds(30);
  private static final int MAX_PAGES_READ = 64;
  private static final int MAX_PAGES_COMPARED = 12;
  private static final int PAGE = (int) PageRange.PAGE_BYTES;

  private final Workload workload;
  private final History history;
  private int nextDevice;

  SpaceVerifier(Workload workload, History history) {
    this.workload = workload;
    this.history = history;
  }

  /** Waits until the programs on the space have ended, then looks at everything. */
  void verify(LiveSpace space, List<MappingModel.Mapped> expected) throws InterruptedException {
    if (!quiet(space)) {
      workload.findings().undecided();
      return;
    }
    try {
      mappings(space, expected);
      bytes(space);
      counters(space);
    } catch (RefusedException e) {
      workload.findings().violation("space " + space.key() + " at its end: " + e.getMessage());
    } catch (CallFailedException e) {
      workload.interrupted(e);
    }
  }

  private static boolean quiet(LiveSpace space) throws InterruptedException {
    long began = System.nanoTime();
    while (!space.idle()) {
      if (System.nanoTime() - began > QUIET_WITHIN.toNanos()) {
        return false;
      }
      Thread.sleep(Duration.ofNanos(200_000));
    }
    return true;
  }

  private void mappings(LiveSpace space, List<MappingModel.Mapped> expected) {
    List<MappingModel.Mapped> found = new ArrayList<>();
    for (RangeInfo range : workload.cluster().host().ranges(space.hostId())) {
      long start = range.getInterval().getStart();
      if (!LiveSpace.STEADY.overlaps(start, range.getInterval().getEnd())) {
        found.add(
            new MappingModel.Mapped(
                start, range.getInterval().getEnd(), Protections.bits(range.getProtection())));
      }
    }
    List<MappingModel.Mapped> actual = MappingModel.normalized(found);
    workload.findings().checked(expected.size());
    String difference = firstDifference(expected, actual);
    if (difference != null) {
      workload.findings().violation("mappings of space " + space.key() + ": " + difference);
    }
  }

  /** The first place where two lists of mappings differ, null if they are the same. */
  static @Nullable String firstDifference(
      List<MappingModel.Mapped> expected, List<MappingModel.Mapped> actual) {
    for (int i = 0; i < Math.max(expected.size(), actual.size()); i++) {
      String wanted = i < expected.size() ? expected.get(i).toString() : "nothing more";
      String found = i < actual.size() ? actual.get(i).toString() : "nothing more";
      if (!wanted.equals(found)) {
        return "expected " + wanted + ", the host has " + found;
      }
    }
    return null;
  }

  private void bytes(LiveSpace space) {
    FinalState comparison = new FinalState(4);
    int read = 0;
    for (Map.Entry<Long, long[]> entry : space.registers().entrySet()) {
      long page = entry.getKey();
      if (read >= MAX_PAGES_READ || !space.readable(page)) {
        continue;
      }
      long invoked = System.nanoTime();
      byte[] bytes = workload.cluster().host().space(space.hostId()).read(page, PAGE);
      recordWords(space, page, entry.getValue(), bytes, invoked);
      if (read < MAX_PAGES_COMPARED) {
        byte[] seen = deviceRead(space, page);
        if (seen.length == bytes.length) {
          comparison.compare(History.word(space.key(), page), bytes, seen);
        }
      }
      read++;
    }
    switch (comparison.verdict()) {
      case FinalState.Verdict.Same same ->
          workload.findings().checked(same.comparedBytes() / Long.BYTES);
      case FinalState.Verdict.Different different ->
          workload.findings().violation("CPU and device see different bytes: " + different.first());
    }
  }

  private void recordWords(
      LiveSpace space, long page, long[] words, byte[] bytes, long invokedNanos) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    long responded = System.nanoTime();
    for (long word : words) {
      history.read(
          History.word(space.key(), word),
          buffer.getLong((int) (word - page)),
          invokedNanos,
          responded,
          PageEffects.ACTOR);
    }
  }

  private byte[] deviceRead(LiveSpace space, long page) {
    List<Cluster.Device> devices = workload.cluster().devices();
    Cluster.Device device = devices.get(nextDevice++ % devices.size());
    ProgramResult result =
        device
            .client()
            .run(
                RunProgramRequest.newBuilder()
                    .setDeviceIndex(device.index())
                    .setSpaceId(space.hostId())
                    .setAccess(Access.newBuilder().setAddress(page).setLength(PAGE))
                    .build());
    if (result.getErrno() != Errno.ERRNO_UNSPECIFIED) {
      workload.refused(
          new Workload.Refusal(
              space,
              page,
              new PageEffects.Span(System.nanoTime(), System.nanoTime()),
              result.getErrno(),
              device.id() + ": last look: " + result.getMessage()));
    }
    return result.getData().toByteArray();
  }

  private void counters(LiveSpace space) {
    for (int i = 0; i < LiveSpace.COUNTERS; i++) {
      CounterHistory counter = space.counter(i);
      if (counter == null) {
        continue;
      }
      long address = LiveSpace.counterAddress(i);
      byte[] bytes = workload.cluster().host().space(space.hostId()).read(address, Long.BYTES);
      long last = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
      switch (counter.check(0, last)) {
        case CounterHistory.Verdict.Consistent consistent ->
            workload.findings().checked(consistent.checkedOperations());
        case CounterHistory.Verdict.Violation violation ->
            workload
                .findings()
                .violation(
                    "counter %d of space %d: %s"
                        .formatted(i, space.key(), violation.explanation()));
        case CounterHistory.Verdict.Undecided undecided -> workload.findings().undecided();
      }
    }
  }
}
