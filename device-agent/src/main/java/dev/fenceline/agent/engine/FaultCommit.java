package dev.fenceline.agent.engine;

import dev.fenceline.model.Access;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * The second half of a fault: whether its answer may still be installed, and which part of it.
 * Confined to its engine; what it remembers of invalidations dies with the session.
 */
final class FaultCommit {
  private final List<AgentEffect> effects;
  private final TreeMap<Long, InvalidationRing> rings = new TreeMap<>();
  private HeldPages held = new HeldPages();

  FaultCommit(List<AgentEffect> effects) {
    this.effects = effects;
  }

  /** Who knows what may be mapped as local memory. */
  void holding(HeldPages pages) {
    held = pages;
  }

  /** Translations of [start, end) that were read at a smaller sequence are not installed. */
  void invalidated(long spaceId, long sequence, long start, long end) {
    rings.computeIfAbsent(spaceId, key -> new InvalidationRing()).record(sequence, start, end);
  }

  /** Whether an invalidation later than {@code sequence} may have hit the pages [vpn, vpnEnd). */
  boolean collides(long spaceId, long sequence, long vpn, long vpnEnd) {
    InvalidationRing ring = rings.get(spaceId);
    return ring != null && ring.collides(sequence, Pages.address(vpn), Pages.address(vpnEnd));
  }

  void install(DeviceSpace view, long vpn, List<PageRun> runs) {
    effects.add(new AgentEffect.InstallEntries(view.spaceId(), view.deviceIndex(), vpn, runs));
  }

  void spaceReleased(long spaceId) {
    rings.remove(spaceId);
  }

  void forgetInvalidations() {
    rings.clear();
  }

  /** What was installed, from a page on; no runs if nothing was. */
  record Installed(long vpn, List<PageRun> runs) {}

  /**
   * Installs an answer whose pages asked for collide with nothing; what came along with them is
   * left out if it does, or leaves the mirror.
   */
  Installed install(Mirror mirror, long vpn, int pageCount, HostMessage.FaultReply reply) {
    DeviceSpace view = mirror.view;
    int before = reply.pagesBefore();
    int told = pages(reply.runs());
    long start = vpn - before;
    boolean wide =
        start >= Pages.number(mirror.start)
            && start + told <= Pages.number(mirror.end)
            && !collides(view.spaceId(), reply.sequence(), start, start + told);
    List<PageRun> runs = wide ? installable(view, reply.runs(), told) : List.of();
    if (pages(runs) <= before) {
      start = vpn;
      runs = installable(view, behind(reply.runs(), before), pageCount);
    }
    if (!runs.isEmpty()) {
      install(view, start, runs);
    }
    return new Installed(start, runs);
  }

  /** The runs without their first pages. */
  private static List<PageRun> behind(List<PageRun> runs, int pages) {
    List<PageRun> rest = new ArrayList<>(runs.size());
    int skip = pages;
    for (PageRun run : runs) {
      int skipped = Math.min(skip, run.pageCount());
      skip -= skipped;
      if (skipped < run.pageCount()) {
        boolean local =
            run.state() == PageRun.State.DEVICE_LOCAL || run.state() == PageRun.State.PEER;
        rest.add(
            new PageRun(
                run.pageCount() - skipped,
                run.generation(),
                run.writable(),
                run.state(),
                local ? run.firstLocalPage() + skipped : run.firstLocalPage(),
                run.peer(),
                run.order()));
      }
    }
    return rest;
  }

  /** The runs up to the first page that is no translation, and not beyond what was asked for. */
  private List<PageRun> installable(DeviceSpace view, List<PageRun> runs, int pageCount) {
    List<PageRun> kept = new ArrayList<>(runs.size());
    int left = pageCount;
    for (PageRun run : runs) {
      if (left == 0 || run.state() == PageRun.State.HOLE || run.state() == PageRun.State.ERROR) {
        break;
      }
      int wanted = Math.min(left, run.pageCount());
      int pages = run.state() == PageRun.State.DEVICE_LOCAL ? held(view, run, wanted) : wanted;
      boolean writable = run.writable() && run.state() != PageRun.State.ZERO;
      if (pages > 0) {
        kept.add(
            new PageRun(
                pages,
                run.generation(),
                writable,
                run.state(),
                run.firstLocalPage(),
                run.peer(),
                run.order()));
      }
      if (pages < wanted) {
        break;
      }
      left -= pages;
    }
    return kept;
  }

  /** How many of the first pages of a run are really here: never map what is somebody else's. */
  private int held(DeviceSpace view, PageRun run, int pages) {
    int found = 0;
    while (found < pages && held.holds(view.deviceIndex(), run.firstLocalPage() + found)) {
      found++;
    }
    return found;
  }

  static int pages(List<PageRun> runs) {
    int pages = 0;
    for (PageRun run : runs) {
      pages += run.pageCount();
    }
    return pages;
  }

  /** Whether the page at this offset is among the runs and permits the access. */
  static boolean grants(List<PageRun> runs, int offset, Access access) {
    int end = 0;
    for (PageRun run : runs) {
      end += run.pageCount();
      if (offset < end) {
        return switch (access) {
          case READ, SNAPSHOT -> true;
          case WRITE -> run.writable();
          case EXCLUSIVE -> run.state() == PageRun.State.EXCLUSIVE;
        };
      }
    }
    return false;
  }
}
