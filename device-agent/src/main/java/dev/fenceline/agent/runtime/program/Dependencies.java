package dev.fenceline.agent.runtime.program;

import dev.fenceline.model.Pages;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a program needs of others and others of it; immutable.
 *
 * @param waitsFor before it does anything but take what it holds
 * @param signals the name that is reached when it ends; empty: none
 * @param holdStart first address of the pages that it keeps in use until it ends
 * @param holdEnd first address behind them; equal to the start if there are none
 * @param replayable whether it may be preempted and begin again
 * @param exclusive whether it accesses only pages that its device has for itself alone
 */
public record Dependencies(
    List<SyncPoint> waitsFor,
    String signals,
    long holdStart,
    long holdEnd,
    boolean holdsForWriting,
    boolean replayable,
    boolean exclusive) {
  public static final Dependencies NONE =
      new Dependencies(List.of(), "", 0, 0, false, false, false);

  /** Inclusive bound of the pages that a program may hold. */
  public static final int MAX_HELD_PAGES = 512;

  /** Inclusive bound of the sync points that a program may wait for. */
  public static final int MAX_AWAITED = 16;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,128}");

  public Dependencies {
    waitsFor = List.copyOf(waitsFor);
  }

  public boolean holds() {
    return holdStart != holdEnd;
  }

  public int heldPages() {
    return (int) Math.min(Integer.MAX_VALUE, (holdEnd - holdStart) / Pages.SIZE_BYTES);
  }

  /** What is wrong with them; null if nothing is. */
  public @Nullable String objection(Program program, String ownAgentId) {
    if (replayable && keepsHistory(program)) {
      return ProgramFacts.kind(program) + " is not replayable: it would tell its history wrongly";
    }
    if (waitsFor.size() > MAX_AWAITED) {
      return waitsFor.size() + " sync points to wait for, at most " + MAX_AWAITED;
    }
    if (!signals.isEmpty() && !NAME.matcher(signals).matches()) {
      return "signals must be 1 to 128 of [A-Za-z0-9._-]";
    }
    for (SyncPoint point : waitsFor) {
      String objection = objection(point, ownAgentId);
      if (objection != null) {
        return objection;
      }
    }
    return holds() ? heldObjection() : null;
  }

  private @Nullable String objection(SyncPoint point, String ownAgentId) {
    boolean named = !point.name().isEmpty();
    if (named == (point.programNumber() != 0)) {
      return "a sync point is the number of a program, or a name";
    }
    if (named && !NAME.matcher(point.name()).matches()) {
      return "the name of a sync point must be 1 to 128 of [A-Za-z0-9._-]";
    }
    if (!point.isOf(ownAgentId)) {
      return point.target().isEmpty() ? point + ": target must say where that agent is" : null;
    }
    return named && point.name().equals(signals) ? "it would wait for itself: " + point : null;
  }

  private @Nullable String heldObjection() {
    boolean sound =
        Pages.aligned(holdStart)
            && Pages.aligned(holdEnd)
            && holdStart >= 0
            && holdStart < holdEnd
            && holdEnd <= Pages.ADDRESS_LIMIT;
    if (!sound) {
      return "holds: [0x%x, 0x%x) is no interval of whole pages below 2^47"
          .formatted(holdStart, holdEnd);
    }
    return heldPages() > MAX_HELD_PAGES
        ? "holds " + heldPages() + " pages, at most " + MAX_HELD_PAGES
        : null;
  }

  private static boolean keepsHistory(Program program) {
    return switch (program) {
      case Program.RandomAccess random -> true;
      case Program.AtomicAdd add -> true;
      case Program.AccessBatch batch -> true;
      case Program.Fill fill -> false;
      case Program.Copy copy -> false;
      case Program.Add add -> false;
      case Program.Checksum checksum -> false;
      case Program.PointerChase chase -> false;
      case Program.SingleAccess access -> false;
    };
  }
}
