package dev.fenceline.testbed.replay;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** The windows on which programs may run now, of all spaces. Thread-safe. */
final class SpaceBook {
  private final List<CheckedWindow> windows = new CopyOnWriteArrayList<>();
  private final ConcurrentLinkedQueue<CheckedWindow> fresh = new ConcurrentLinkedQueue<>();
  private final List<LiveSpace> everySpace = new ArrayList<>();

  void add(CheckedWindow window) {
    windows.add(window);
    fresh.add(window);
  }

  void remove(CheckedWindow window) {
    windows.remove(window);
    fresh.remove(window);
  }

  /** Remembers a space for the judgement at the end; its key is its place here. */
  synchronized LiveSpace addSpace(long hostId, boolean counting) {
    LiveSpace space = new LiveSpace(everySpace.size(), hostId, counting);
    everySpace.add(space);
    return space;
  }

  /** Every space there ever was, by key. */
  synchronized List<LiveSpace> spaces() {
    return List.copyOf(everySpace);
  }

  /** A window that no device has been at, else any; null if there is none. */
  @Nullable CheckedWindow pickForDevice(SplittableRandom random) {
    CheckedWindow first = fresh.poll();
    return first != null && first.usable() ? first : pick(random);
  }

  /** Any window; null if there is none. */
  @Nullable CheckedWindow pick(SplittableRandom random) {
    Object[] now = windows.toArray();
    for (int attempt = 0; attempt < 4 && now.length > 0; attempt++) {
      CheckedWindow window = (CheckedWindow) now[random.nextInt(now.length)];
      if (window.usable()) {
        return window;
      }
    }
    return null;
  }

  /** How many windows there are. */
  int size() {
    return windows.size();
  }
}
