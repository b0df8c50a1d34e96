package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.attribute.AttributeMap;
import dev.fenceline.host.engine.invalidation.DeviceView;
import dev.fenceline.host.engine.invalidation.Mirror;
import dev.fenceline.host.engine.invalidation.MirrorSet;
import dev.fenceline.host.engine.invalidation.Operation;
import dev.fenceline.host.engine.invalidation.SessionLedger;
import dev.fenceline.host.engine.space.SpaceMemory;
import dev.fenceline.host.engine.thrash.Thrashing;
import dev.fenceline.host.engine.turn.Turns;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.NotificationMode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * One address space: its memory, its mirrors, and the operations on it. Confined to the shard.
 *
 * <p>Operations whose intervals overlap run one after another, in the order of their arrival;
 * others run side by side.
 */
public final class AddressSpace {
  private final long id;
  private final String name;
  private final SpaceMemory memory;
  private final MirrorSet mirrors = new MirrorSet();
  private final DeviceView cpu = new DeviceView(DeviceId.CPU, "cpu", new SessionLedger(0));
  private final List<Operation> active = new ArrayList<>();
  private final ArrayDeque<Operation> queued = new ArrayDeque<>();
  private final List<ParkedFault> parked = new ArrayList<>();
  private final Turns turns;
  private final Thrashing thrashing;
  private final AttributeMap attributes = new AttributeMap();
  private NotificationMode mode;
  private int oomScoreAdjust;
  private long sequence;
  private long changeStamp;

  AddressSpace(
      long id, String name, NotificationMode mode, SpaceMemory memory, ShardConfig config) {
    this.turns = new Turns(config.turns());
    this.thrashing = new Thrashing(config.thrash());
    this.id = id;
    this.name = name;
    this.mode = mode;
    this.memory = memory;
  }

  public long id() {
    return id;
  }

  public String name() {
    return name;
  }

  public SpaceMemory memory() {
    return memory;
  }

  public MirrorSet mirrors() {
    return mirrors;
  }

  /** The CPU's TLBs, which see the whole space. */
  public DeviceView cpu() {
    return cpu;
  }

  /** What callers wish of ranges. */
  public AttributeMap attributes() {
    return attributes;
  }

  /** Whose turn it is on contended blocks. */
  public Turns turns() {
    return turns;
  }

  /** Which pages are wanted back and forth. */
  public Thrashing thrashing() {
    return thrashing;
  }

  public NotificationMode mode() {
    return mode;
  }

  void mode(NotificationMode newMode) {
    mode = newMode;
  }

  /** By how many thousandths of the host's memory it counts as larger, -1000 (never) to 1000. */
  public int oomScoreAdjust() {
    return oomScoreAdjust;
  }

  void oomScoreAdjust(int adjust) {
    oomScoreAdjust = adjust;
  }

  /** Sequence of the last invalidation. */
  public long sequence() {
    return sequence;
  }

  long nextSequence() {
    return ++sequence;
  }

  /**
   * Which change of the shard was the last of this space: while it stays, so does every answer
   * about the space that tells of no time.
   */
  public long changeStamp() {
    return changeStamp;
  }

  void changeStamp(long stamp) {
    changeStamp = stamp;
  }

  /** Operations between schedule and end. */
  public List<Operation> active() {
    return active;
  }

  /** Operations that wait for earlier ones over the same pages, or for fence slots. */
  public ArrayDeque<Operation> queued() {
    return queued;
  }

  /** Faults that wait, oldest first. */
  public List<ParkedFault> parked() {
    return parked;
  }

  /** The first page at or behind vpnStart that an active operation holds, or vpnEnd. */
  long firstHeldPage(long vpnStart, long vpnEnd) {
    long first = vpnEnd;
    for (int i = 0; i < active.size(); i++) {
      first = Math.min(first, firstIn(active.get(i), vpnStart, vpnEnd));
    }
    return first;
  }

  private static long firstIn(Operation operation, long vpnStart, long vpnEnd) {
    long first = vpnEnd;
    for (int i = 0; i < operation.footprint().size(); i++) {
      var interval = operation.footprint().get(i);
      if (interval.invalidated() && interval.overlaps(vpnStart, vpnEnd)) {
        first = Math.min(first, Math.max(vpnStart, interval.vpnStart()));
      }
    }
    return first;
  }

  /** The first page at or behind vpnStart for which the participant owes a fence, or vpnEnd. */
  static long firstOwedPage(DeviceView view, long vpnStart, long vpnEnd) {
    long first = vpnEnd;
    for (int i = 0; i < view.owed().size(); i++) {
      var owed = view.owed().get(i);
      if (owed.overlaps(vpnStart, vpnEnd)) {
        first = Math.min(first, Math.max(vpnStart, owed.vpnStart()));
      }
    }
    return first;
  }

  void removeMirror(Mirror mirror) {
    mirrors.remove(mirror);
  }
}
