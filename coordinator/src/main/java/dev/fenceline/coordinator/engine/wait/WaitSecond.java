package dev.fenceline.coordinator.engine.wait;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What ended in one second; immutable.
 *
 * @param second on the owner's clock
 * @param counts by phase and bucket, one more than there are bounds
 */
public record WaitSecond(
    long second, Map<Phase, List<Long>> counts, long completed, long backedOff) {

  /** The sum of some seconds, under the first one's name. */
  static WaitSecond sum(long second, List<WaitSecond> parts, int buckets) {
    Map<Phase, List<Long>> counts = new EnumMap<>(Phase.class);
    for (Phase phase : Phase.values()) {
      long[] sums = new long[buckets];
      for (WaitSecond part : parts) {
        List<Long> added = part.counts().getOrDefault(phase, List.of());
        for (int i = 0; i < added.size(); i++) {
          sums[i] += added.get(i);
        }
      }
      counts.put(phase, Arrays.stream(sums).boxed().toList());
    }
    return new WaitSecond(
        second,
        counts,
        parts.stream().mapToLong(WaitSecond::completed).sum(),
        parts.stream().mapToLong(WaitSecond::backedOff).sum());
  }
}
