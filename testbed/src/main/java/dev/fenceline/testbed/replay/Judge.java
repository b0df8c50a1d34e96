package dev.fenceline.testbed.replay;

import dev.fenceline.testbed.check.History;
import dev.fenceline.testbed.check.InitialValue;
import dev.fenceline.testbed.check.Linearizability;
import dev.fenceline.testbed.check.Operation;
import dev.fenceline.testbed.check.Verdict;
import dev.fenceline.testbed.trace.LinuxFlags;
import java.util.List;

/** The judgement of all that was seen, at the end of a run (INV-1, INV-13). Stateless. */
final class Judge {
  private static final int MAX_FINDINGS = 200;
  private static final int SPACE_SHIFT = 47;
  private static final long ADDRESS_MASK = (1L << SPACE_SHIFT) - 1;

  private Judge() {}

  /**
   * Judges every recorded access.
   *
   * @param spaces all spaces by key
   */
  static void judge(
      List<History> histories, List<LiveSpace> spaces, Findings findings, Suspicions suspicions) {
    History all = History.merge(histories);
    findings.checked(all.size());
    for (Verdict verdict : Linearizability.findings(all, InitialValue.ZERO, MAX_FINDINGS)) {
      switch (verdict) {
        case Verdict.Violation violation -> {
          if (isSpoiled(violation.word(), spaces, suspicions)) {
            findings.undecided();
          } else {
            findings.violation(violation.explanation());
          }
        }
        case Verdict.Undecided undecided -> findings.undecided();
        case Verdict.Linearizable linearizable -> {
          // Never among the findings.
        }
      }
    }
    for (int i = 0; i < all.size(); i++) {
      checkRights(all.operation(i), spaces, findings);
    }
    suspicions.judge(findings);
  }

  private static boolean isSpoiled(long word, List<LiveSpace> spaces, Suspicions suspicions) {
    LiveSpace space = spaces.get((int) (word >>> SPACE_SHIFT));
    return suspicions.isSpoiled(space, word & ADDRESS_MASK);
  }

  /** An access that succeeded when nothing permitted it (INV-1). */
  private static void checkRights(Operation operation, List<LiveSpace> spaces, Findings findings) {
    int needed =
        switch (operation.kind()) {
          case READ -> LinuxFlags.PROT_READ;
          case WRITE -> LinuxFlags.PROT_WRITE;
          case RESET, UNMAP -> RightsTimeline.NOTHING;
        };
    if (needed == RightsTimeline.NOTHING || operation.respondedNanos() == History.IN_DOUBT) {
      return;
    }
    LiveSpace space = spaces.get((int) (operation.word() >>> SPACE_SHIFT));
    long page = operation.word() & ADDRESS_MASK & -PageRange.PAGE_BYTES;
    RightsTimeline timeline = space.timelines().get(page);
    if (timeline != null
        && !timeline.mayPermit(needed, operation.invokedNanos(), operation.respondedNanos())) {
      findings.violation(
          "an access succeeded though nothing permitted it at that time (INV-1): "
              + History.describeWord(operation.word())
              + " "
              + operation.describe());
    }
  }
}
