package dev.fenceline.host.runtime;

import dev.fenceline.model.HostMessage;
import dev.fenceline.model.HostMessage.Invalidate;
import dev.fenceline.model.InvalidationKind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Encoded messages that wait for a connection to become ready, bounded. Not thread-safe.
 *
 * <p>Beyond the lag bound, queued invalidations of one address space are merged into coarser ones:
 * union of the intervals, all ids, greatest sequence. The merged one stands at the place of the
 * <em>earliest</em>:
 *
 * <pre>
 *   queued                                    collapsed
 *   --------------------------------------    --------------------------------------
 *   Invalidate 7 of [a, b), sequence 7        Invalidate 7 and 8 of [a, d), sequence 8
 *   FaultReply for c, sequence 7              FaultReply for c, sequence 7
 *   Invalidate 8 of [c, d), sequence 8          &lt;== the agent must see it as stale: retry
 * </pre>
 *
 * At the earliest place the reply is older than an overlapping invalidation that has arrived, and
 * is not installed (INV-5): a fault too many. At a later place, replies would overtake an
 * invalidation that was sent before them. Nothing is merged across MirrorAdded, before which the
 * agent does not know the mirror, nor with RELEASE, which is heard once.
 */
final class OutboundQueue {
  /**
   * Bounds; immutable.
   *
   * @param lagMessages length at which invalidations are merged
   * @param maxMessages length that the queue must not exceed
   * @param maxBytes size that the queue must not exceed
   * @param maxMessageBytes size of one message on the wire, far below what receivers take; a single
   *     event may be larger
   */
  record Limits(int lagMessages, int maxMessages, long maxBytes, long maxMessageBytes) {
    static final Limits DEFAULT = new Limits(1024, 16_384, 16L << 20, 1 << 20);
  }

  /** What became of a message. */
  enum Offer {
    QUEUED,
    /** Queued, and invalidations were merged to make room. */
    COLLAPSED,
    /** Not queued: the connection has to be closed. */
    OVERFLOWED
  }

  /** Ids of one message that a decoder accepts. */
  private static final int MAX_MERGED_IDS = 32_768;

  private record Entry(byte[] bytes, @Nullable HostMessage structure) {}

  private record MergeKey(long spaceId, int deviceIndex) {}

  private final Limits limits;
  private final MessageEncoder encoder;
  private List<Entry> entries = new ArrayList<>();
  private long bytes;
  private int collapseAtLength;
  private int mergedByLastCollapse;

  OutboundQueue(Limits limits, MessageEncoder encoder) {
    this.limits = limits;
    this.encoder = encoder;
    this.collapseAtLength = limits.lagMessages();
  }

  /** Appends a message with its encoded form. */
  Offer add(HostMessage message, byte[] encoded) {
    boolean structured =
        message instanceof Invalidate || message instanceof HostMessage.MirrorAdded;
    entries.add(new Entry(encoded, structured ? message : null));
    bytes += encoded.length;
    if (entries.size() <= collapseAtLength && bytes <= limits.maxBytes()) {
      return Offer.QUEUED;
    }
    int before = entries.size();
    collapse();
    mergedByLastCollapse = before - entries.size();
    // Not at each message from here on: what cannot be merged would be looked at over and over.
    collapseAtLength = Math.min(entries.size() + limits.lagMessages(), limits.maxMessages());
    if (entries.size() > limits.maxMessages() || bytes > limits.maxBytes()) {
      return Offer.OVERFLOWED;
    }
    return mergedByLastCollapse > 0 ? Offer.COLLAPSED : Offer.QUEUED;
  }

  /** How many messages the last collapse saved. */
  int mergedByLastCollapse() {
    return mergedByLastCollapse;
  }

  boolean isEmpty() {
    return entries.isEmpty();
  }

  int length() {
    return entries.size();
  }

  long bytes() {
    return bytes;
  }

  /**
   * Takes out what goes into one message, behind a header: everything, or as much as a receiver
   * takes in one message.
   */
  List<byte[]> takeMessage(byte[] header) {
    List<byte[]> parts = new ArrayList<>(entries.size() + 1);
    parts.add(header);
    long taken = 0;
    for (Entry entry : entries) {
      if (taken > 0 && taken + entry.bytes().length > limits.maxMessageBytes()) {
        break;
      }
      parts.add(entry.bytes());
      taken += entry.bytes().length;
    }
    if (parts.size() > entries.size()) {
      clear();
    } else {
      entries.subList(0, parts.size() - 1).clear();
      bytes -= taken;
    }
    return parts;
  }

  void clear() {
    entries.clear();
    bytes = 0;
    collapseAtLength = limits.lagMessages();
  }

  private void collapse() {
    List<Entry> kept = new ArrayList<>(entries.size());
    Map<MergeKey, Merge> open = new LinkedHashMap<>();
    List<Merge> merges = new ArrayList<>();
    for (Entry entry : entries) {
      if (!(entry.structure() instanceof Invalidate invalidate)
          || invalidate.kind() == InvalidationKind.RELEASE) {
        if (entry.structure() != null) {
          open.clear();
        }
        kept.add(entry);
        continue;
      }
      MergeKey key = new MergeKey(invalidate.spaceId(), invalidate.deviceIndex());
      Merge merge = open.get(key);
      if (merge == null || !merge.takes(invalidate)) {
        merge = new Merge(kept.size(), invalidate);
        open.put(key, merge);
        merges.add(merge);
        kept.add(entry);
      } else {
        merge.add(invalidate);
      }
    }
    for (Merge merge : merges) {
      if (merge.grown) {
        Invalidate coarse = merge.result();
        kept.set(merge.place, new Entry(encoder.event(coarse), coarse));
      }
    }
    entries = kept;
    bytes = 0;
    for (Entry entry : kept) {
      bytes += entry.bytes().length;
    }
  }

  /** Invalidations of one space on their way to become one. */
  private static final class Merge {
    final int place;
    final List<Long> ids;
    Invalidate all;
    boolean grown;

    Merge(int place, Invalidate first) {
      this.place = place;
      this.ids = new ArrayList<>(first.invalidationIds());
      this.all = first;
    }

    boolean takes(Invalidate next) {
      return ids.size() + next.invalidationIds().size() <= MAX_MERGED_IDS;
    }

    void add(Invalidate next) {
      grown = true;
      ids.addAll(next.invalidationIds());
      all =
          new Invalidate(
              List.of(),
              all.spaceId(),
              Math.min(all.start(), next.start()),
              Math.max(all.end(), next.end()),
              Math.max(all.sequence(), next.sequence()),
              all.kind() == next.kind() ? all.kind() : InvalidationKind.CLEAR,
              all.deviceIndex());
    }

    Invalidate result() {
      return new Invalidate(
          List.copyOf(ids),
          all.spaceId(),
          all.start(),
          all.end(),
          all.sequence(),
          all.kind(),
          all.deviceIndex());
    }
  }
}
