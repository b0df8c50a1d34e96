package dev.fenceline.coordinator.adapter.access;

import io.github.bucket4j.Bucket;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How often each of many may do something; remembers those who did last, so that nobody fills the
 * memory by many names. Thread-safe.
 */
final class RequestRates {
  private static final int CAPACITY = 10_000;

  private final int perSecond;
  private final int burst;

  private final Map<String, Bucket> buckets =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
          return size() > CAPACITY;
        }
      };

  /**
   * @param perSecond 0 for no limit
   */
  RequestRates(int perSecond, int burst) {
    this.perSecond = perSecond;
    this.burst = burst;
  }

  /** Counts one; false if that is one too many. */
  boolean take(String who) {
    return perSecond == 0 || bucket(who).tryConsume(1);
  }

  /** Whether the next one would be too many. */
  boolean isUsedUp(String who) {
    return perSecond != 0 && bucket(who).getAvailableTokens() == 0;
  }

  private Bucket bucket(String who) {
    synchronized (buckets) {
      return buckets.computeIfAbsent(
          who,
          key ->
              Bucket.builder()
                  .addLimit(
                      limit -> limit.capacity(burst).refillGreedy(perSecond, Duration.ofSeconds(1)))
                  .build());
    }
  }
}
