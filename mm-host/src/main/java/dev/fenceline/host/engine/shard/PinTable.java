package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.space.Pte;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The pins of a shard and the frames that they keep; pages of coherent devices, which are pinned
 * for a short time, are kept by their page frame numbers. Confined to the shard.
 *
 * <p>A frame that its page lets go while it is pinned is *kept*: it goes back to the pool when the
 * last pin of it ends (INV-3, INV-11).
 */
final class PinTable {
  /** Pins of one shard. */
  static final int MAX_PINS = 65_536;

  /** Pins that are asked for at a time. */
  private static final int MAX_ASKED_BACK = 16;

  /** Who pins a frame, and whether its page has let it go. */
  private static final class Held {
    final List<Pin> pins = new ArrayList<>(1);
    boolean kept;
  }

  private final TreeMap<Long, Pin> pins = new TreeMap<>();
  private final Map<Integer, Held> byFrame = new LinkedHashMap<>();

  /** Those that nobody was told of as too old, oldest first; some may have ended. */
  private final ArrayDeque<Pin> young = new ArrayDeque<>();

  private int keptFrames;
  private int pinnedFrames;

  boolean full() {
    return pins.size() >= MAX_PINS;
  }

  Collection<Pin> pins() {
    return pins.values();
  }

  /** Frames that pins keep although no page has them. */
  int keptFrames() {
    return keptFrames;
  }

  /** Whether somebody pins the frame (INV-11). */
  boolean pinned(int frame) {
    return byFrame.containsKey(frame);
  }

  void add(Pin pin) {
    pins.put(pin.id(), pin);
    young.addLast(pin);
    for (int frame : pin.frames()) {
      Held held = byFrame.get(frame);
      if (held == null) {
        held = new Held();
        byFrame.put(frame, held);
        pinnedFrames += frames(frame);
      }
      held.pins.add(pin);
    }
  }

  /** Of frames that their pages let go, those that nobody pins; the others are kept. */
  int[] letGo(int[] frames) {
    if (byFrame.isEmpty()) {
      return frames;
    }
    int[] free = new int[frames.length];
    int count = 0;
    for (int frame : frames) {
      Held held = byFrame.get(frame);
      if (held == null) {
        free[count++] = frame;
      } else {
        held.kept = true;
        keptFrames += frames(frame);
        held.pins.forEach(Pin::pageUnmapped);
      }
    }
    return Arrays.copyOf(free, count);
  }

  /** How many frames of the host are pinned. */
  int pinnedFrames() {
    return pinnedFrames;
  }

  /** 1 for a frame of the host, 0 for a page of a device. */
  private static int frames(int number) {
    return number <= Pte.MAX_FRAME ? 1 : 0;
  }

  /** Long-term pins whose owners are asked to give them up now, oldest first. */
  List<Pin> takeToAskBack(long nowNanos) {
    List<Pin> asked = new ArrayList<>();
    for (Pin pin : pins.values()) {
      if (asked.size() == MAX_ASKED_BACK) {
        break;
      }
      if (pin.purpose().longTerm() && pin.askBack(nowNanos)) {
        asked.add(pin);
      }
    }
    return asked;
  }

  /** When the oldest pin that was not reported was made; Long.MAX_VALUE if there is none. */
  long oldestUnreportedNanos() {
    while (!young.isEmpty() && !pins.containsKey(young.getFirst().id())) {
      young.removeFirst();
    }
    return young.isEmpty() ? Long.MAX_VALUE : young.getFirst().sinceNanos();
  }

  /** The pins that were made up to then and were not reported yet; they are now. */
  List<Pin> takeMadeUpTo(long nanos) {
    List<Pin> old = new ArrayList<>();
    while (oldestUnreportedNanos() <= nanos) {
      old.add(young.removeFirst());
    }
    return old;
  }

  /** Takes a pin out; null if there is none of that id. */
  @Nullable Pin remove(long pinId) {
    return pins.remove(pinId);
  }

  /** Of the frames of a pin that was taken out, those that nobody needs any more. */
  int[] released(Pin pin) {
    int[] free = new int[pin.frames().length];
    int count = 0;
    for (int frame : pin.frames()) {
      Held held = byFrame.get(frame);
      if (held == null || !held.pins.remove(pin)) {
        throw new IllegalStateException(
            "INV-11: pin " + pin.id() + " does not hold frame " + frame);
      }
      if (held.pins.isEmpty()) {
        byFrame.remove(frame);
        pinnedFrames -= frames(frame);
        if (held.kept) {
          keptFrames -= frames(frame);
          free[count++] = frame;
        }
      }
    }
    return Arrays.copyOf(free, count);
  }
}
