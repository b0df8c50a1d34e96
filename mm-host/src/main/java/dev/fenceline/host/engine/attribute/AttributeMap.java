package dev.fenceline.host.engine.attribute;

import dev.fenceline.model.RangeAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The attributes of an address space's ranges, as disjoint intervals; neighbours that are equal are
 * one. Confined to the shard. What was not said, or was unmapped since, has none.
 */
public final class AttributeMap {
  /** Intervals of one address space. */
  public static final int MAX_INTERVALS = 65_536;

  /** Half-open, in pages; immutable. */
  public record Interval(long vpnStart, long vpnEnd, RangeAttributes attributes) {}

  private final TreeMap<Long, Interval> byStart = new TreeMap<>();

  /** Whether nothing was said of any range. */
  public boolean isEmpty() {
    return byStart.isEmpty();
  }

  public RangeAttributes at(long vpn) {
    Map.Entry<Long, Interval> before = byStart.floorEntry(vpn);
    return before == null || vpn >= before.getValue().vpnEnd()
        ? RangeAttributes.NONE
        : before.getValue().attributes();
  }

  /** False, and nothing changed, if there are too many intervals. */
  public boolean set(long vpnStart, long vpnEnd, RangeAttributes attributes) {
    if (byStart.size() + 2 > MAX_INTERVALS && !attributes.equals(RangeAttributes.NONE)) {
      return false;
    }
    clear(vpnStart, vpnEnd);
    if (attributes.equals(RangeAttributes.NONE)) {
      return true;
    }
    long start = vpnStart;
    long end = vpnEnd;
    Map.Entry<Long, Interval> before = byStart.lowerEntry(start);
    if (before != null
        && before.getValue().vpnEnd() == start
        && before.getValue().attributes().equals(attributes)) {
      start = before.getValue().vpnStart();
    }
    Interval behind = byStart.get(end);
    if (behind != null && behind.attributes().equals(attributes)) {
      byStart.remove(end);
      end = behind.vpnEnd();
    }
    byStart.put(start, new Interval(start, end, attributes));
    return true;
  }

  /** What is unmapped is not remembered: who maps there next wishes anew. */
  public void clear(long vpnStart, long vpnEnd) {
    if (byStart.isEmpty()) {
      return;
    }
    Map.Entry<Long, Interval> before = byStart.lowerEntry(vpnStart);
    if (before != null && before.getValue().vpnEnd() > vpnStart) {
      Interval cut = before.getValue();
      byStart.put(cut.vpnStart(), new Interval(cut.vpnStart(), vpnStart, cut.attributes()));
      if (cut.vpnEnd() > vpnEnd) {
        byStart.put(vpnEnd, new Interval(vpnEnd, cut.vpnEnd(), cut.attributes()));
      }
    }
    Map.Entry<Long, Interval> last = byStart.lowerEntry(vpnEnd);
    if (last != null && last.getKey() >= vpnStart && last.getValue().vpnEnd() > vpnEnd) {
      Interval cut = last.getValue();
      byStart.put(vpnEnd, new Interval(vpnEnd, cut.vpnEnd(), cut.attributes()));
    }
    byStart.subMap(vpnStart, true, vpnEnd, false).clear();
  }

  /** Those that have a page in the range, by address, at most so many. */
  public List<Interval> intervals(long vpnStart, long vpnEnd, int limit) {
    List<Interval> found = new ArrayList<>();
    Long first = byStart.floorKey(vpnStart);
    for (Interval interval :
        byStart.subMap(first == null ? vpnStart : first, true, vpnEnd, false).values()) {
      if (found.size() < limit && interval.vpnEnd() > vpnStart) {
        found.add(interval);
      }
    }
    return found;
  }
}
