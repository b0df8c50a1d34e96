package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.DeviceView;
import dev.fenceline.host.engine.space.MappingTree;
import dev.fenceline.host.engine.space.PageTable;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A picture of an interval of an address space, cut into cells of equal size, that is taken in
 * slices so that none holds the shard long. Confined to the shard, and to one query.
 *
 * <p>The first slice reads what is mapped and where the pages are, which is one moment; who holds
 * what is read device after device in the slices that follow, so a holder may be missing that came
 * meanwhile, and one may be named that has just gone.
 */
public final class SpaceMapSurvey {
  public static final int MAX_CELLS = 2048;

  /** Devices that are named; more are counted only. */
  public static final int MAX_DEVICES = 1024;

  /** Devices that are named in one cell. */
  public static final int MAX_HOLDERS_PER_CELL = 16;

  /** Cells in which holders are found in one slice; a slice takes less than a millisecond. */
  private static final int FINDS_PER_SLICE = 1 << 11;

  /** Mirrors that are visited to learn who mirrors the interval without holding any of it. */
  private static final int MAX_MIRRORS_VISITED = 1 << 15;

  /** A device and how many pages of the interval it holds. */
  public record SurveyedDevice(DeviceView view, long heldPages) {}

  /** What is in one cell. Confined to the survey. */
  public static final class Cell {
    private long mappedPages;
    private long resident;
    private long invalidating;
    private int[] holders = NO_HOLDERS;
    private int holderCount;

    public long mappedPages() {
      return mappedPages;
    }

    public long residentPages() {
      return resident;
    }

    public long invalidatingPages() {
      return invalidating;
    }

    /** Positions in {@link SpaceMapSurvey#devices}; at most {@link #MAX_HOLDERS_PER_CELL}. */
    public int[] holders() {
      return holders;
    }

    /** All holders, also those that are not named. */
    public int holderCount() {
      return holderCount;
    }

    private void heldBy(int device) {
      holderCount++;
      if (device < MAX_DEVICES && holders.length < MAX_HOLDERS_PER_CELL) {
        holders = Arrays.copyOf(holders, holders.length + 1);
        holders[holders.length - 1] = device;
      }
    }
  }

  private static final int[] NO_HOLDERS = {};

  private final AddressSpace space;
  private final long vpnStart;
  private final long vpnEnd;
  private final long cellPages;
  private final Cell[] cells;
  private final List<SurveyedDevice> devices = new ArrayList<>();
  private List<DeviceView> views = List.of();
  private Set<DeviceView> mirroring = new LinkedHashSet<>();
  private long sequence;
  private int nextView;
  private boolean started;

  private SpaceMapSurvey(AddressSpace space, long vpnStart, long vpnEnd, int cellCount) {
    this.space = space;
    this.vpnStart = vpnStart;
    this.vpnEnd = vpnEnd;
    long pages = vpnEnd - vpnStart;
    this.cellPages = Math.max(1, Math.ceilDiv(pages, cellCount));
    this.cells = new Cell[(int) Math.ceilDiv(pages, cellPages)];
    for (int i = 0; i < cells.length; i++) {
      cells[i] = new Cell();
    }
  }

  /**
   * Of an interval [start, end), page-aligned.
   *
   * @param cellCount 1 to {@link #MAX_CELLS}
   */
  public static SpaceMapSurvey of(AddressSpace space, long start, long end, int cellCount) {
    return new SpaceMapSurvey(space, Pages.number(start), Pages.number(end), cellCount);
  }

  /** Of the smallest interval with all mappings; it has no cells if nothing is mapped. */
  public static SpaceMapSurvey ofAll(AddressSpace space, int cellCount) {
    MappingTree mappings = space.memory().mappings();
    return of(space, mappings.lowestAddress(), mappings.highestEnd(), cellCount);
  }

  /** Reads the next slice; true when it was the last. Ends early if the space has gone. */
  public boolean advance(ShardQueries queries) {
    if (cells.length == 0 || queries.space(space.id()) != space) {
      return true;
    }
    if (!started) {
      started = true;
      sequence = space.sequence();
      views = queries.views(space);
      mirroring = mirroring();
      readPages();
      return false;
    }
    int finds = 0;
    while (nextView < views.size() && finds < FINDS_PER_SLICE) {
      DeviceView view = views.get(nextView++);
      if (view.sessionId() == 0 || queries.session(view.sessionId()) != null) {
        finds += 1 + readHolder(view);
      }
    }
    return nextView == views.size();
  }

  public long start() {
    return Pages.address(vpnStart);
  }

  public long end() {
    return Pages.address(vpnEnd);
  }

  public long cellPages() {
    return cellPages;
  }

  /** Of the space when the first slice was read. */
  public long sequence() {
    return sequence;
  }

  /** Who holds or mirrors anything in the interval, at most {@link #MAX_DEVICES}. */
  public List<SurveyedDevice> devices() {
    return devices.subList(0, Math.min(MAX_DEVICES, devices.size()));
  }

  /** The cells by their place in the interval. */
  public Cell[] cells() {
    return cells;
  }

  private Set<DeviceView> mirroring() {
    Set<DeviceView> found = new LinkedHashSet<>();
    if (space.mirrors().size() <= MAX_MIRRORS_VISITED) {
      space.mirrors().forEachOverlap(start(), end(), mirror -> found.add(mirror.view()));
    }
    return found;
  }

  private void readPages() {
    space.memory().mappings().forEachIn(start(), end(), this::addMapped);
    PageTable pages = space.memory().pages();
    for (int i = 0; i < cells.length; i++) {
      Cell cell = cells[i];
      if (cell.mappedPages > 0) {
        long tally = pages.tally(cellStart(i), Math.min(vpnEnd, cellStart(i + 1)));
        cell.resident = PageTable.resident(tally);
        cell.invalidating = PageTable.invalidating(tally);
      }
    }
  }

  private void addMapped(long start, long end) {
    long vpn = Pages.number(start);
    long last = Pages.number(end);
    while (vpn < last) {
      int cell = cellOf(vpn);
      long upTo = Math.min(last, cellStart(cell + 1));
      cells[cell].mappedPages += upTo - vpn;
      vpn = upTo;
    }
  }

  /** In how many cells the device holds anything. */
  private int readHolder(DeviceView view) {
    long held = view.holders().heldPages(vpnStart, vpnEnd);
    if (held == 0 && !mirroring.contains(view)) {
      return 0;
    }
    int device = devices.size();
    devices.add(new SurveyedDevice(view, held));
    int found = 0;
    long vpn = held == 0 ? vpnEnd : view.holders().nextHeld(vpnStart, vpnEnd);
    while (vpn < vpnEnd) {
      int cell = cellOf(vpn);
      cells[cell].heldBy(device);
      found++;
      vpn = view.holders().nextHeld(Math.min(vpnEnd, cellStart(cell + 1)), vpnEnd);
    }
    return found;
  }

  private int cellOf(long vpn) {
    return (int) ((vpn - vpnStart) / cellPages);
  }

  private long cellStart(int cell) {
    return vpnStart + cell * cellPages;
  }
}
