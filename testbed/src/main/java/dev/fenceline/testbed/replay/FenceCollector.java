package dev.fenceline.testbed.replay;

import dev.fenceline.client.CallFailedException;
import dev.fenceline.client.HostClient;
import dev.fenceline.client.RefusedException;
import dev.fenceline.common.v1.FenceResolution;
import dev.fenceline.query.v1.FenceInfo;
import dev.fenceline.query.v1.HostInfo;
import dev.fenceline.query.v1.InvalidationInfo;
import dev.fenceline.testbed.report.Latency;
import dev.fenceline.testbed.report.Percentiles;
import dev.fenceline.testbed.report.RunReport;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Gathers how long each device took to acknowledge, from the host's bounded history of fences, and
 * how many frames were in use, by asking again and again. Thread-safe; runs on a thread of its own.
 */
final class FenceCollector implements Runnable {
  private static final Duration INTERVAL = Duration.ofMillis(400);

  private final HostClient host;
  private final AtomicBoolean stopping = new AtomicBoolean();
  private final Set<Long> seen = new LinkedHashSet<>();
  private final SortedMap<String, Percentiles> acks = new TreeMap<>();

  private long frames;
  private long peakFrames;
  private long peakPinnedFrames;
  private long swappedOut;
  private long swappedIn;

  FenceCollector(HostClient host) {
    this.host = host;
  }

  @Override
  public void run() {
    while (!stopping.get()) {
      collect();
      Workload.pause(INTERVAL);
    }
  }

  /** Ends the thread's work after its present round. */
  void stop() {
    stopping.set(true);
  }

  /** Asks once. */
  synchronized void collect() {
    try {
      HostInfo info = host.host();
      frames = info.getTotalFrames();
      peakFrames = Math.max(peakFrames, frames - info.getFreeFrames());
      peakPinnedFrames = Math.max(peakPinnedFrames, info.getMemory().getPinnedFrames());
      swappedOut = info.getMemory().getSwappedOutCount();
      swappedIn = info.getMemory().getSwappedInCount();
      for (InvalidationInfo invalidation : host.newestInvalidations()) {
        boolean ended =
            invalidation.getState() == InvalidationInfo.State.STATE_COMPLETED
                || invalidation.getState() == InvalidationInfo.State.STATE_BACKED_OFF;
        if (ended && seen.add(invalidation.getInvalidationId())) {
          invalidation.getFencesList().forEach(this::take);
        }
      }
    } catch (CallFailedException | RefusedException e) {
      // Figures for people; the next round asks again.
    }
  }

  private void take(FenceInfo fence) {
    if (fence.getResolution() == FenceResolution.FENCE_RESOLUTION_ACKED) {
      String device = fence.getDevice().getAgentId() + "/" + fence.getDevice().getDeviceIndex();
      acks.computeIfAbsent(device, key -> new Percentiles()).record(fence.getElapsedNanos());
    }
  }

  /** How many frames the host has, how many were in use when the most were, and swap. */
  synchronized RunReport.Memory memory(RunReport.Migrations migrations) {
    return new RunReport.Memory(
        frames, peakFrames, peakPinnedFrames, swappedOut, swappedIn, migrations);
  }

  /** What a device took so far, null if it never had to acknowledge. */
  synchronized @Nullable Latency ack(String device) {
    Percentiles found = acks.get(device);
    return found == null ? null : found.latency();
  }
}
