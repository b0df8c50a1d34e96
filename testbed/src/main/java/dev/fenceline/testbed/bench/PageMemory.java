package dev.fenceline.testbed.bench;

import dev.fenceline.concurrent.MirrorEntry;
import dev.fenceline.concurrent.MirrorTable;
import dev.fenceline.host.engine.shard.AddressSpace;
import dev.fenceline.host.engine.shard.ShardSession;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the host's heap holds for each mapped page: page table, mappings, mirrors and the record of
 * which device holds what; in a space of a hundred mappings of different sizes, wide apart, of
 * which two devices hold every page. What is kept of each frame is told apart: there are as many as
 * the arena has, however much is mapped.
 */
final class PageMemory implements Bench {
  private static final long PAGES = 10_000_000;
  private static final int MAPPINGS = 100;
  private static final int DEVICES = 2;
  private static final int PAGES_PER_FAULT = 512;

  /** Distance of two mappings, and how far each one strays from the start of its leaves. */
  private static final long STRIDE_PAGES = 1L << 22;

  private static final long STRAY_PAGES = 77;
  private static final double GOAL_BYTES = 24;

  private record Piece(long start, long pages) {}

  @Override
  public String name() {
    return "memory";
  }

  @Override
  public List<Figure> run(Effort effort) {
    List<Piece> pieces = pieces();
    Heap.used(); // the collector's own tables grow at its first run
    long before = Heap.used();
    EngineRig rig = new EngineRig(DEVICES);
    for (Piece piece : pieces) {
      fill(rig, piece);
    }
    long after = Heap.used();
    long frames = rig.engine().queries().frameRecordBytes();
    List<Figure> figures = new ArrayList<>();
    figures.add(
        figure(
            "page table and mirrors, 10,000,000 pages, 2 devices hold all: heap",
            after - before - frames,
            Goal.atMost(GOAL_BYTES)));
    figures.add(figure("the same by the structures' own count", counted(rig), null));
    MirrorTable cpu = cpuTable(pieces);
    figures.add(
        figure(
            "the same with a full translation table of the CPU: heap",
            Heap.used() - before - frames,
            Goal.atMost(GOAL_BYTES)));
    figures.add(figure("who maps each frame and how lately it was used: besides", frames, null));
    Reference.reachabilityFence(rig);
    Reference.reachabilityFence(cpu);
    return figures;
  }

  /** Sizes grow linearly: the largest mapping has almost twice the mean. */
  private static List<Piece> pieces() {
    List<Piece> pieces = new ArrayList<>();
    long left = PAGES;
    for (int i = 0; i < MAPPINGS; i++) {
      long pages =
          i == MAPPINGS - 1 ? left : 2 * PAGES * (i + 1) / ((long) MAPPINGS * (MAPPINGS + 1));
      long start = EngineRig.BASE + (i * STRIDE_PAGES + i * STRAY_PAGES) * EngineRig.PAGE_BYTES;
      pieces.add(new Piece(start, pages));
      left -= pages;
    }
    return pieces;
  }

  private static void fill(EngineRig rig, Piece piece) {
    int mirror = rig.mapAndMirror(piece.start(), piece.pages());
    for (long page = 0; page < piece.pages(); page += PAGES_PER_FAULT) {
      int count = (int) Math.min(PAGES_PER_FAULT, piece.pages() - page);
      rig.grant(mirror, piece.start() + page * EngineRig.PAGE_BYTES, count);
    }
  }

  private static long counted(EngineRig rig) {
    AddressSpace space = rig.engine().queries().spaces().get(rig.spaceId());
    if (space == null) {
      throw new IllegalStateException("the space is gone");
    }
    if (space.memory().residentPages() != PAGES) {
      throw new IllegalStateException(space.memory().residentPages() + " pages are there");
    }
    long bytes = space.memory().pages().bytes() + space.mirrors().bytes();
    for (ShardSession session : rig.engine().queries().sessions()) {
      bytes += session.mirrors().values().iterator().next().view().holders().bytes();
    }
    return bytes;
  }

  private static MirrorTable cpuTable(List<Piece> pieces) {
    MirrorTable table = new MirrorTable();
    for (Piece piece : pieces) {
      long vpn = piece.start() / EngineRig.PAGE_BYTES;
      for (long page = 0; page < piece.pages(); page++) {
        table.set(vpn + page, MirrorEntry.pack(1, 1, true));
      }
    }
    return table;
  }

  private Figure figure(String name, long bytes, @Nullable Goal goal) {
    return new Figure(name(), name, "B/page", Spread.exactly((double) bytes / PAGES), goal);
  }
}
