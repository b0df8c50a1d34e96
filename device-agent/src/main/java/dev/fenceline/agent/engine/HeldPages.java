package dev.fenceline.agent.engine;

import dev.fenceline.model.LocalPages;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The local pages that the host of one link may count on, each with the migration that filled it.
 * Confined to its engine; outlives sessions (INV-8: these are the only copies).
 */
final class HeldPages {
  /** By device, then by local page. */
  private final TreeMap<Integer, TreeMap<Integer, Long>> migrations = new TreeMap<>();

  private int size;

  void put(int deviceIndex, int localPage, long migrationId) {
    if (of(deviceIndex).put(localPage, migrationId) != null) {
      throw new IllegalStateException("local page " + localPage + " is held twice");
    }
    size++;
  }

  /** False if it was not held. */
  boolean remove(int deviceIndex, int localPage) {
    boolean held = of(deviceIndex).remove(localPage) != null;
    size -= held ? 1 : 0;
    return held;
  }

  boolean holds(int deviceIndex, int localPage) {
    return of(deviceIndex).containsKey(localPage);
  }

  /** The migration that filled a page; null if it is not held. */
  @Nullable Long migrationOf(int deviceIndex, int localPage) {
    return of(deviceIndex).get(localPage);
  }

  int size() {
    return size;
  }

  int size(int deviceIndex) {
    return of(deviceIndex).size();
  }

  /** Everything, in runs. */
  List<LocalPages> all() {
    List<LocalPages> runs = new ArrayList<>();
    for (Map.Entry<Integer, TreeMap<Integer, Long>> device : migrations.entrySet()) {
      device
          .getValue()
          .forEach((page, migration) -> append(runs, device.getKey(), migration, page));
    }
    return runs;
  }

  /** Those of the pages that are held, in runs, in the order given. */
  List<LocalPages> runsOf(int deviceIndex, List<Integer> localPages) {
    List<LocalPages> runs = new ArrayList<>();
    for (int page : localPages) {
      Long migration = migrationOf(deviceIndex, page);
      if (migration != null) {
        append(runs, deviceIndex, migration, page);
      }
    }
    return runs;
  }

  private static void append(List<LocalPages> runs, int deviceIndex, long migrationId, int page) {
    LocalPages last = runs.isEmpty() ? null : runs.getLast();
    if (last != null
        && last.deviceIndex() == deviceIndex
        && last.migrationId() == migrationId
        && last.firstLocalPage() + last.pageCount() == page) {
      runs.removeLast();
      runs.add(
          new LocalPages(deviceIndex, migrationId, last.firstLocalPage(), last.pageCount() + 1));
    } else {
      runs.add(new LocalPages(deviceIndex, migrationId, page, 1));
    }
  }

  private TreeMap<Integer, Long> of(int deviceIndex) {
    return migrations.computeIfAbsent(deviceIndex, key -> new TreeMap<>());
  }
}
