package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.adapter.rest.model.UnavailableHost;
import dev.fenceline.coordinator.engine.NodeState;
import dev.fenceline.coordinator.engine.NodeView;
import dev.fenceline.coordinator.engine.query.Answer;
import dev.fenceline.coordinator.engine.query.Portion;
import dev.fenceline.coordinator.runtime.FanOut;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Lists that many nodes keep, each newest first under falling ids, as one list newest first, in
 * pages. Thread-safe. The cursor names the position in each node's list, so that a page costs the
 * same however far down it lies; a node whose list has ended, or that does not answer, is not in
 * it.
 */
@Component
class MergedListing {
  /** Longest list of positions that fits into a URL with what else is there. */
  private static final int MAX_POSITIONS_LENGTH = 2048;

  private final NodeDirectory directory;
  private final FanOut fanOut;

  MergedListing(NodeDirectory directory, FanOut fanOut) {
    this.directory = directory;
    this.fanOut = fanOut;
  }

  /** How to ask one node for what lies below an id (0: from the newest). */
  @FunctionalInterface
  interface Question<T> {
    Answer<Portion<T>> ask(NodeView node, long beforeId, int limit);
  }

  /** What is listed and in which order; immutable. */
  record Listed<T>(
      String scope, Question<T> question, ToLongFunction<T> id, ToLongFunction<T> atMillis) {}

  /** An item and whose it is; immutable. */
  record Item<T>(NodeView node, T value) {}

  /** One page; immutable. */
  record Merged<T>(
      List<Item<T>> items,
      @Nullable String nextCursor,
      boolean truncated,
      List<UnavailableHost> unavailable) {}

  /** One node's portion while it is merged; confined to the merge. */
  private static final class Head<T> {
    final NodeView node;
    final Portion<T> portion;
    int taken;

    Head(NodeView node, Portion<T> portion) {
      this.node = node;
      this.portion = portion;
    }

    boolean hasMore() {
      return taken < portion.items().size();
    }

    T peek() {
      return portion.items().get(taken);
    }
  }

  <T> Merged<T> page(List<NodeView> nodes, Listed<T> listed, @Nullable String cursor, int limit)
      throws InterruptedException {
    TreeMap<String, Long> positions =
        Cursor.decode(listed.scope(), cursor, MergedListing::parsePositions);
    List<NodeView> asked =
        nodes.stream()
            .filter(node -> positions == null || positions.containsKey(node.key().nodeId()))
            .toList();
    List<Answer<Portion<T>>> answers =
        fanOut.ask(
            asked,
            node ->
                node.state() == NodeState.LOST
                    ? directory.lost(node)
                    : listed
                        .question()
                        .ask(
                            node,
                            positions == null ? 0 : positions.getOrDefault(node.key().nodeId(), 0L),
                            limit));
    List<UnavailableHost> unavailable = new ArrayList<>();
    List<Head<T>> heads = new ArrayList<>();
    for (int i = 0; i < asked.size(); i++) {
      directory.unavailable(asked.get(i), answers.get(i)).ifPresent(unavailable::add);
      if (answers.get(i) instanceof Answer.Answered<Portion<T>> answered) {
        heads.add(new Head<>(asked.get(i), answered.value()));
      }
    }
    List<Item<T>> items = merge(heads, listed, limit);
    String next = positionsAfter(heads, listed);
    boolean tooMany = next.length() > MAX_POSITIONS_LENGTH;
    return new Merged<>(
        items,
        next.isEmpty() || tooMany ? null : Cursor.encode(listed.scope(), next),
        tooMany,
        unavailable);
  }

  private static <T> List<Item<T>> merge(List<Head<T>> heads, Listed<T> listed, int limit) {
    Comparator<Head<T>> newest =
        Comparator.<Head<T>>comparingLong(head -> listed.atMillis().applyAsLong(head.peek()))
            .reversed()
            .thenComparing(head -> head.node.key().nodeId());
    List<Item<T>> items = new ArrayList<>();
    while (items.size() < limit) {
      Head<T> first = heads.stream().filter(Head::hasMore).min(newest).orElse(null);
      if (first == null) {
        return items;
      }
      items.add(new Item<>(first.node, first.peek()));
      first.taken++;
    }
    return items;
  }

  private static <T> String positionsAfter(List<Head<T>> heads, Listed<T> listed) {
    List<String> positions = new ArrayList<>();
    for (Head<T> head : heads) {
      if (head.hasMore()) {
        // Ids fall without being dense: what is next comes right below the one above it.
        positions.add(position(head, listed.id().applyAsLong(head.peek()) + 1));
      } else if (head.portion.next() != 0) {
        positions.add(position(head, head.portion.next()));
      }
    }
    return String.join(",", positions);
  }

  private static String position(Head<?> head, long before) {
    return head.node.key().nodeId() + "/" + Long.toHexString(before);
  }

  private static TreeMap<String, Long> parsePositions(String text) {
    TreeMap<String, Long> positions = new TreeMap<>();
    for (String position : text.split(",", -1)) {
      int slash = position.lastIndexOf('/');
      if (slash < 0) {
        throw new IllegalArgumentException("no position: " + position);
      }
      positions.put(
          position.substring(0, slash), Long.parseUnsignedLong(position.substring(slash + 1), 16));
    }
    return positions;
  }
}
