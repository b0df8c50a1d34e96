package dev.fenceline.host.engine.migration;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Counts pages that a migration leaves where they are, by reason. Confined to the shard. */
public final class SkipTally {
  private final Map<SkippedPages.Reason, Integer> pages = new EnumMap<>(SkippedPages.Reason.class);

  public void add(SkippedPages.Reason reason) {
    pages.merge(reason, 1, Integer::sum);
  }

  public List<SkippedPages> list() {
    List<SkippedPages> list = new ArrayList<>();
    pages.forEach((reason, count) -> list.add(new SkippedPages(reason, count)));
    return list;
  }
}
