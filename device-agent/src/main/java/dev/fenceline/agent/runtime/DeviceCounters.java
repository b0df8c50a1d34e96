package dev.fenceline.agent.runtime;

import java.util.concurrent.atomic.LongAdder;

/** What a device counts since its start. Thread-safe. */
public final class DeviceCounters {
  public final LongAdder faults = new LongAdder();

  /** Accesses that had to begin again because a translation was stale. */
  public final LongAdder faultRetries = new LongAdder();

  public final LongAdder invalidations = new LongAdder();
  public final LongAdder dmaRequests = new LongAdder();
  public final LongAdder dmaReadBytes = new LongAdder();
  public final LongAdder dmaWrittenBytes = new LongAdder();

  /** Bytes that units read and wrote in the device's own memory. */
  public final LongAdder localBytes = new LongAdder();

  /** Bytes that units read and wrote in the memory of peers. */
  public final LongAdder peerBytes = new LongAdder();

  /** DMA requests that the host refused as stale. */
  public final LongAdder staleRefusals = new LongAdder();

  /** Entries in the device's mirror tables. */
  public final LongAdder mirrorEntries = new LongAdder();
}
