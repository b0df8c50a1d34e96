package dev.fenceline.host.engine.invalidation;

import dev.fenceline.host.engine.notifier.HolderMap;
import dev.fenceline.model.DeviceId;
import java.util.ArrayList;
import java.util.List;

/**
 * What the host knows of one device on one address space: which pages it was granted and which
 * invalidations it has still to acknowledge. Confined to the shard.
 *
 * <p>A page is granted in the same step in which its translation is answered, and released when the
 * device acknowledges an invalidation of it. While a fence of the device is pending, nothing is
 * granted in its interval, so a late acknowledgement can never release a newer grant.
 */
public final class DeviceView {
  private final DeviceId device;
  private final String name;
  private final SessionLedger ledger;
  private final HolderMap holders = new HolderMap();
  private final List<Invalidation> owed = new ArrayList<>();
  private int mirrorCount;
  private long lastScheduledSequence;

  public DeviceView(DeviceId device, String name, SessionLedger ledger) {
    this.device = device;
    this.name = name;
    this.ledger = ledger;
  }

  public DeviceId device() {
    return device;
  }

  public String name() {
    return name;
  }

  /** The session that it belongs to; 0 for the CPU. */
  public long sessionId() {
    return ledger.sessionId();
  }

  public SessionLedger ledger() {
    return ledger;
  }

  public HolderMap holders() {
    return holders;
  }

  /** Invalidations whose fence the device owes, oldest first; also those that backed off. */
  public List<Invalidation> owed() {
    return owed;
  }

  public int mirrorCount() {
    return mirrorCount;
  }

  public void mirrorAdded() {
    mirrorCount++;
  }

  public void mirrorRemoved() {
    mirrorCount--;
  }

  /** True once per sequence: a device with several overlapping mirrors has one fence. */
  public boolean markScheduled(long sequence) {
    if (lastScheduledSequence == sequence) {
      return false;
    }
    lastScheduledSequence = sequence;
    return true;
  }
}
