package dev.fenceline.coordinator.engine.wait;

import dev.fenceline.coordinator.engine.query.WaitTimes;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * How long invalidations took in each of the last seconds, from hosts' cumulative counts. Not
 * thread-safe: its owner serializes.
 *
 * <p>A host's first sample is only a baseline: what it counted before belongs to no second. A host
 * that started anew counts from zero again, so all that it has counted since is new. What a host
 * counted while it could not be asked falls into the second in which it answers.
 */
public final class WaitHistory {
  /** Seconds kept. */
  public static final int SECONDS = 900;

  /** One host's last answer and its seconds; confined to the history. */
  private static final class OfHost {
    long epoch;
    WaitTimes last;
    final TreeMap<Long, WaitSecond> seconds = new TreeMap<>();

    OfHost(long epoch, WaitTimes last) {
      this.epoch = epoch;
      this.last = last;
    }
  }

  private final TreeMap<String, OfHost> hosts = new TreeMap<>();
  private List<Long> boundNanos = List.of();

  /**
   * What was asked for; immutable.
   *
   * @param boundNanos upper bounds of the buckets, ascending; one without a bound follows
   * @param seconds ascending, without holes
   * @param total over all of them
   */
  public record Window(List<Long> boundNanos, List<WaitSecond> seconds, WaitSecond total) {
    public Window {
      boundNanos = List.copyOf(boundNanos);
      seconds = List.copyOf(seconds);
    }

    /**
     * The time that a share of the invalidations did not exceed, interpolated in its bucket; the
     * greatest bound if it lies beyond, 0 if nothing was counted.
     *
     * @param share 0 to 1
     */
    public double percentileNanos(Phase phase, double share) {
      List<Long> counts = total.counts().getOrDefault(phase, List.of());
      long all = counts.stream().mapToLong(Long::longValue).sum();
      double rank = share * all;
      double below = 0;
      for (int i = 0; i < boundNanos.size() && all > 0; i++) {
        double here = counts.get(i);
        if (here > 0 && below + here >= rank) {
          double from = i == 0 ? 0 : boundNanos.get(i - 1);
          return from + (boundNanos.get(i) - from) * Math.max(0, rank - below) / here;
        }
        below += here;
      }
      return all == 0 || boundNanos.isEmpty() ? 0 : boundNanos.getLast();
    }
  }

  /**
   * Takes a host's counts in.
   *
   * @param epoch of the host
   * @param second never less than an earlier one's
   */
  public void sample(String hostId, long epoch, long second, WaitTimes times) {
    if (!times.boundNanos().equals(boundNanos)) {
      // Other buckets than before: a mixed installation is counted by its newest member.
      boundNanos = times.boundNanos();
      hosts.clear();
    }
    OfHost host = hosts.get(hostId);
    if (host == null) {
      hosts.put(hostId, new OfHost(epoch, times));
      return;
    }
    boolean anew = host.epoch != epoch || hasShrunk(host.last, times);
    WaitSecond grown = difference(second, anew ? null : host.last, times);
    host.epoch = epoch;
    host.last = times;
    if (grown.completed() + grown.backedOff() > 0 || hasCounts(grown)) {
      int buckets = boundNanos.size() + 1;
      host.seconds.merge(second, grown, (a, b) -> WaitSecond.sum(second, List.of(a, b), buckets));
    }
    host.seconds.headMap(second - SECONDS, true).clear();
  }

  /** Forgets hosts that are no longer there. */
  public void retain(Predicate<String> isPresent) {
    hosts.keySet().removeIf(isPresent.negate());
  }

  /** Hosts that have been asked. */
  public List<String> hostIds() {
    return List.copyOf(hosts.keySet());
  }

  /**
   * The seconds up to a given one, over all hosts or one of them, put together by so many.
   *
   * @param count 1 to {@link #SECONDS}
   * @param step seconds per element; the first may be cut short
   */
  public Window window(long lastSecond, int count, int step, Predicate<String> wanted) {
    int buckets = boundNanos.size() + 1;
    List<OfHost> asked =
        hosts.entrySet().stream()
            .filter(entry -> wanted.test(entry.getKey()))
            .map(Map.Entry::getValue)
            .toList();
    List<WaitSecond> seconds = new ArrayList<>();
    for (long from = lastSecond - count + 1; from <= lastSecond; from += step) {
      long until = Math.min(from + step, lastSecond + 1);
      List<WaitSecond> parts = new ArrayList<>();
      for (OfHost host : asked) {
        parts.addAll(host.seconds.subMap(from, until).values());
      }
      seconds.add(WaitSecond.sum(from, parts, buckets));
    }
    return new Window(boundNanos, seconds, WaitSecond.sum(lastSecond, seconds, buckets));
  }

  private static boolean hasCounts(WaitSecond second) {
    return second.counts().values().stream()
        .anyMatch(counts -> counts.stream().anyMatch(count -> count != 0));
  }

  private static boolean hasShrunk(WaitTimes before, WaitTimes now) {
    return now.completed() < before.completed()
        || now.backedOff() < before.backedOff()
        || hasShrunk(before.schedule(), now.schedule())
        || hasShrunk(before.unmap(), now.unmap())
        || hasShrunk(before.await(), now.await());
  }

  private static boolean hasShrunk(List<Long> before, List<Long> now) {
    for (int i = 0; i < Math.min(before.size(), now.size()); i++) {
      if (now.get(i) < before.get(i)) {
        return true;
      }
    }
    return false;
  }

  private WaitSecond difference(long second, @Nullable WaitTimes before, WaitTimes now) {
    Map<Phase, List<Long>> counts = new EnumMap<>(Phase.class);
    counts.put(
        Phase.SCHEDULE, minus(now.schedule(), before == null ? List.of() : before.schedule()));
    counts.put(Phase.UNMAP, minus(now.unmap(), before == null ? List.of() : before.unmap()));
    counts.put(Phase.WAIT, minus(now.await(), before == null ? List.of() : before.await()));
    return new WaitSecond(
        second,
        counts,
        now.completed() - (before == null ? 0 : before.completed()),
        now.backedOff() - (before == null ? 0 : before.backedOff()));
  }

  /** Exactly one count per bucket, whatever the host sent. */
  private List<Long> minus(List<Long> now, List<Long> before) {
    List<Long> difference = new ArrayList<>();
    for (int i = 0; i <= boundNanos.size(); i++) {
      long later = i < now.size() ? now.get(i) : 0;
      long earlier = i < before.size() ? before.get(i) : 0;
      difference.add(later - earlier);
    }
    return difference;
  }
}
