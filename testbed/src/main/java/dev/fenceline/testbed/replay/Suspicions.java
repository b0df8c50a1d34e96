package dev.fenceline.testbed.replay;

import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeSet;

/**
 * What users saw that may be wrong, depending on what the mappings were at that time; judged at the
 * end, when all changes are known. Thread-safe.
 */
final class Suspicions {
  private static final int MAX_KEPT = 100_000;

  private final List<Refusal> refusals = new ArrayList<>();
  private final List<Mismatch> mismatches = new ArrayList<>();
  private final Set<Long> spoiled = new TreeSet<>();
  private long dropped;

  /** An access was refused although nothing may have been wrong with it. */
  private record Refusal(LiveSpace space, long address, long from, long to, String what) {}

  /** Memory that one program had for itself held something else than it had stored. */
  private record Mismatch(LiveSpace space, PageRange pages, long from, long to, String what) {}

  synchronized void refused(LiveSpace space, long address, PageEffects.Span span, String what) {
    if (refusals.size() < MAX_KEPT) {
      refusals.add(new Refusal(space, address, span.invokedNanos(), span.respondedNanos(), what));
    } else {
      dropped++;
    }
  }

  synchronized void mismatch(LiveSpace space, PageRange pages, PageEffects.Span span, String what) {
    if (mismatches.size() < MAX_KEPT) {
      mismatches.add(new Mismatch(space, pages, span.invokedNanos(), span.respondedNanos(), what));
    } else {
      dropped++;
    }
  }

  /** Somebody may have written unknown values to these pages. */
  synchronized void spoiled(LiveSpace space, PageRange pages) {
    for (long page = pages.start(); page < pages.end(); page += PageRange.PAGE_BYTES) {
      spoiled.add(pageKey(space, page));
    }
  }

  synchronized boolean isSpoiled(LiveSpace space, long address) {
    return spoiled.contains(pageKey(space, address & -PageRange.PAGE_BYTES));
  }

  private static long pageKey(LiveSpace space, long page) {
    return (long) space.key() << 47 | page;
  }

  /** Turns what was really wrong into violations. */
  synchronized void judge(Findings findings) {
    for (Refusal refusal : refusals) {
      long page = refusal.address() & -PageRange.PAGE_BYTES;
      RightsTimeline timeline = refusal.space().timelines().get(page);
      findings.checked(1);
      if (timeline != null
          && !timeline.mayRefuse(Protections.READ_WRITE, refusal.from(), refusal.to())) {
        findings.violation(
            refusal.what() + ", though the page was mapped and permitted it all the time");
      }
    }
    for (Mismatch mismatch : mismatches) {
      findings.checked(1);
      if (undisturbed(mismatch)) {
        findings.violation(mismatch.what());
      }
    }
    for (long i = 0; i < dropped; i++) {
      findings.undecided();
    }
  }

  private static boolean undisturbed(Mismatch mismatch) {
    NavigableMap<Long, RightsTimeline> timelines = mismatch.space().timelines();
    PageRange pages = mismatch.pages();
    for (long page = pages.start(); page < pages.end(); page += PageRange.PAGE_BYTES) {
      RightsTimeline timeline = timelines.get(page);
      if (timeline == null || !timeline.undisturbed(mismatch.from(), mismatch.to())) {
        return false;
      }
    }
    return true;
  }
}
