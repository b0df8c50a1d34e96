package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.frame.FrameTable;
import dev.fenceline.host.engine.frame.SwapSlots;
import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.engine.invalidation.Operation;
import dev.fenceline.host.engine.migration.DeviceOwner;
import dev.fenceline.host.engine.migration.DeviceOwners;
import dev.fenceline.host.engine.migration.DevicePages;
import dev.fenceline.host.engine.object.ObjectTable;
import dev.fenceline.host.engine.space.FrameDesk;
import dev.fenceline.host.engine.space.FrameSource;
import dev.fenceline.host.engine.space.LargeTally;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Pages;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What the parts of a shard's engine share. Confined to the shard. */
final class ShardState implements FrameDesk {
  final ShardConfig config;
  final FrameSource frames;
  final List<ShardEffect> effects = new ArrayList<>();

  /** By id; sorted, since queries page through them. */
  final TreeMap<Long, AddressSpace> spaces = new TreeMap<>();

  final Map<Long, ShardSession> sessions = new LinkedHashMap<>();

  /** Operations between schedule and end. */
  final Map<Long, Operation> operations = new LinkedHashMap<>();

  /** Invalidations that run or whose fences have not all resolved. */
  final Map<Long, Invalidation> live = new LinkedHashMap<>();

  /** Ended invalidations, newest last. */
  final ArrayDeque<Invalidation> history = new ArrayDeque<>();

  /**
   * What faults and operations need done first, in the order of asking; started within the step.
   */
  final LinkedHashSet<SpaceOperation.Internal> wanted = new LinkedHashSet<>();

  final WaitTimes waitTimes = new WaitTimes();
  final PinTable pins = new PinTable();
  final FrameTable frameTable = new FrameTable();
  final ObjectTable objects = new ObjectTable(frameTable);
  final SwapSlots swapSlots;
  final DevicePages devicePages = new DevicePages();
  final DeviceOwners owners = new DeviceOwners();
  final Reclaimer reclaimer;
  final BackgroundReclaim background;

  /** Pinned frames that reclaim passed over. */
  long pinnedSkipped;

  /** Pages that were swapped out and in, since the start. */
  long swappedOut;

  long swappedIn;

  /** Frames that became free in this step while somebody waits for one; given back at its end. */
  private final ArrayDeque<Integer> reserve = new ArrayDeque<>();

  /** The time of this step. */
  long nowNanos;

  final LargeTally largeTally = new LargeTally();
  final TurnDesk turns = new TurnDesk(this);
  final ThrashDesk thrash = new ThrashDesk(this);
  final PlacementDesk placement = new PlacementDesk(this);

  private long lastInvalidation;
  private long lastOperation;
  private long lastSpace;
  private long lastChange;
  private long lastPin;
  private long lastMigration;

  ShardState(ShardConfig config, FrameSource frames) {
    this.config = config;
    this.frames = frames;
    // Above every stamp of the epoch before, as long as that changed less than once in a
    // nanosecond: a stamp that a caller kept over a restart is not met again.
    this.lastChange = config.hostEpoch() << 20;
    this.swapSlots =
        new SwapSlots(config.reclaim().swapSlots(), config.shardIndex(), config.shardCount());
    this.reclaimer = new Reclaimer(this);
    this.background = new BackgroundReclaim(this);
  }

  /** What queries say of the space may be another thing from here on. */
  void changed(AddressSpace space) {
    space.changeStamp(++lastChange);
  }

  void emit(ShardEffect effect) {
    effects.add(effect);
  }

  @Nullable AddressSpace space(long spaceId) {
    return spaces.get(spaceId);
  }

  long nextInvalidationId() {
    return idOf(++lastInvalidation);
  }

  /** True if the id could have been given out by this shard. */
  boolean everIssued(long invalidationId) {
    return invalidationId > 0
        && invalidationId % config.shardCount() == config.shardIndex()
        && invalidationId <= idOf(lastInvalidation);
  }

  long nextOperationId() {
    return ++lastOperation;
  }

  long nextSpaceId() {
    return idOf(++lastSpace);
  }

  long nextPinId() {
    return idOf(++lastPin);
  }

  long nextMigrationId() {
    return idOf(++lastMigration);
  }

  /** Whether an id was given out by this shard, in this epoch or another. */
  boolean ofThisShard(long id) {
    return Math.floorMod(id, config.shardCount()) == config.shardIndex();
  }

  void remember(Invalidation invalidation) {
    history.addLast(invalidation);
    if (history.size() > config.historyLength()) {
      history.removeFirst();
    }
  }

  @Override
  public FrameTable table() {
    return frameTable;
  }

  @Override
  public DevicePages devicePages() {
    return devicePages;
  }

  @Override
  public LargeTally largeTally() {
    return largeTally;
  }

  @Override
  public boolean pinned(int frame) {
    return pins.pinned(frame);
  }

  @Override
  public boolean spared(int frame) {
    return pins.pinned(frame) && !config.reclaim().notifiesPinned();
  }

  @Override
  public int allocate() {
    Integer frame = reserve.pollFirst();
    return frame != null ? frame : frames.allocate();
  }

  /** Large frames are for times of plenty: small pages do as well when frames are few. */
  @Override
  public int allocateBlock() {
    boolean plenty =
        !reclaimer.anybodyStarves()
            && frames.available() - Pages.PER_BLOCK >= config.reclaim().watermarks().high();
    return plenty ? frames.allocateBlock() : NONE_LEFT;
  }

  @Override
  public long available() {
    return frames.available() + reserve.size();
  }

  @Override
  public boolean mayComeFree() {
    return swapSlots.capacity() > 0 || config.oom().kills();
  }

  @Override
  public SwapSlots swap() {
    return swapSlots;
  }

  @Override
  public ObjectTable objects() {
    return objects;
  }

  @Override
  public void readFile(String path, long page, int frame) {
    emit(new ShardEffect.ReadFile(path, page, frame));
  }

  @Override
  public void writeFile(int frame, String path, long page) {
    emit(new ShardEffect.WriteFile(frame, path, page));
  }

  @Override
  public void writeSwap(int frame, int swapSlot) {
    swappedOut++;
    emit(new ShardEffect.WriteSwap(frame, swapSlot));
  }

  @Override
  public void readSwap(int swapSlot, int frame) {
    swappedIn++;
    emit(new ShardEffect.ReadSwap(swapSlot, frame));
  }

  /** What nobody took in this step goes back. */
  void releaseReserve() {
    if (!reserve.isEmpty()) {
      emit(new ShardEffect.FreeFrames(reserve.stream().mapToInt(Integer::intValue).toArray()));
      reserve.clear();
    }
  }

  @Override
  public void cancel(int frame) {
    frames.cancel(frame);
  }

  @Override
  public void cancelBlock(int first) {
    frames.cancelBlock(first);
  }

  @Override
  public void zero(int first, int count) {
    emit(new ShardEffect.ZeroFrames(first, count));
  }

  @Override
  public void fill(int frame, byte[] bytes) {
    emit(new ShardEffect.FillFrame(frame, bytes));
  }

  @Override
  public void copy(int from, int to) {
    emit(new ShardEffect.CopyFrame(from, to));
  }

  @Override
  public void free(int[] freed) {
    int[] unpinned = pins.letGo(freed);
    if (reclaimer.anybodyStarves()) {
      // No fence stands between a frame and its next use in the same step; effects are in order.
      for (int frame : unpinned) {
        reserve.addLast(frame);
      }
    } else if (unpinned.length > 0) {
      emit(new ShardEffect.FreeFrames(unpinned));
    }
  }

  @Override
  public @Nullable DeviceOwner deviceOwner(DeviceId device) {
    return owners.owner(device);
  }

  @Override
  public void freeDevicePage(int number) {
    if (pins.letGo(new int[] {number}).length > 0) {
      devicePages.release(number);
    } else {
      devicePages.leftBehind(number);
    }
  }

  /** Frames and device pages that neither an entry nor a pin needs any more. */
  void unpinned(int[] numbers) {
    int[] freed = Arrays.stream(numbers).filter(number -> number <= Pte.MAX_FRAME).toArray();
    Arrays.stream(numbers).filter(number -> number > Pte.MAX_FRAME).forEach(devicePages::release);
    if (freed.length > 0) {
      emit(new ShardEffect.FreeFrames(freed));
    }
  }

  /** Ids are congruent to the shard's index, so that a message finds its shard. */
  private long idOf(long ordinal) {
    return ordinal * config.shardCount() + config.shardIndex();
  }
}
