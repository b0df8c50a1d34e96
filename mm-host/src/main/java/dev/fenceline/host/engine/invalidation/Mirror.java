package dev.fenceline.host.engine.invalidation;

/**
 * One device's interval subscription on one address space. Confined to the shard.
 *
 * <p>Its sequence is that of the last invalidation that touched it, so an untouched mirror neither
 * waits nor retries (B2).
 */
public final class Mirror {
  private final int mirrorId;
  private final DeviceView view;
  private final long start;
  private final long end;
  private long sequence;
  private int handle;

  public Mirror(int mirrorId, DeviceView view, long start, long end, long sequence) {
    this.mirrorId = mirrorId;
    this.view = view;
    this.start = start;
    this.end = end;
    this.sequence = sequence;
  }

  public int mirrorId() {
    return mirrorId;
  }

  public DeviceView view() {
    return view;
  }

  /** First address. */
  public long start() {
    return start;
  }

  /** First address behind it. */
  public long end() {
    return end;
  }

  public long sequence() {
    return sequence;
  }

  public void touched(long invalidationSequence) {
    sequence = invalidationSequence;
  }

  /** Handle in the interval tree. */
  public int handle() {
    return handle;
  }

  public void placedAt(int treeHandle) {
    handle = treeHandle;
  }
}
