package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.adapter.rest.MergedListing.Item;
import dev.fenceline.coordinator.adapter.rest.MergedListing.Question;
import dev.fenceline.coordinator.adapter.rest.model.UnavailableHost;
import dev.fenceline.coordinator.engine.NodeState;
import dev.fenceline.coordinator.engine.NodeView;
import dev.fenceline.coordinator.engine.query.Answer;
import dev.fenceline.coordinator.engine.query.Portion;
import dev.fenceline.coordinator.runtime.FanOut;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Lists over all hosts, by host and then by rising id, in pages. Thread-safe. */
@Component
class HostOrderListing {
  private final NodeDirectory directory;
  private final FanOut fanOut;

  HostOrderListing(NodeDirectory directory, FanOut fanOut) {
    this.directory = directory;
    this.fanOut = fanOut;
  }

  /** What is listed: the question gets the id behind which to go on; immutable. */
  record Listed<T>(String scope, Question<T> question, ToLongFunction<T> id) {}

  /** One page; immutable. */
  record Listing<T>(
      List<Item<T>> items, @Nullable String nextCursor, List<UnavailableHost> unavailable) {}

  /** Behind the item with this id on this host. */
  private record Position(String hostId, long id) {
    static final Position START = new Position("", 0);

    static Position parse(String text) {
      int slash = text.lastIndexOf('/');
      if (slash < 0) {
        throw new IllegalArgumentException("no position: " + text);
      }
      return new Position(
          text.substring(0, slash), Long.parseUnsignedLong(text.substring(slash + 1)));
    }

    String text() {
      return hostId + "/" + Long.toUnsignedString(id);
    }

    long after(NodeView host) {
      return host.key().nodeId().equals(hostId) ? id : 0;
    }
  }

  <T> Listing<T> page(
      @Nullable String onlyHost, Listed<T> listed, @Nullable String cursor, int limit)
      throws InterruptedException {
    String scope = listed.scope() + " " + onlyHost;
    Position continued = Cursor.decode(scope, cursor, Position::parse);
    Position position = continued == null ? Position.START : continued;
    List<NodeView> asked =
        (onlyHost == null ? directory.presentHosts() : List.of(directory.askableHost(onlyHost)))
            .stream()
                .filter(host -> host.key().nodeId().compareTo(position.hostId()) >= 0)
                .toList();
    List<Answer<Portion<T>>> answers =
        fanOut.ask(
            asked,
            host ->
                host.state() == NodeState.LOST
                    ? directory.lost(host)
                    : listed.question().ask(host, position.after(host), limit));

    List<Item<T>> items = new ArrayList<>();
    List<UnavailableHost> unavailable = new ArrayList<>();
    Position last = position;
    boolean more = false;
    for (int i = 0; i < asked.size(); i++) {
      NodeView host = asked.get(i);
      directory.unavailable(host, answers.get(i)).ifPresent(unavailable::add);
      if (answers.get(i) instanceof Answer.Answered<Portion<T>> answered) {
        Portion<T> portion = answered.value();
        int taken = more ? 0 : Math.min(portion.items().size(), limit - items.size());
        for (T item : portion.items().subList(0, taken)) {
          items.add(new Item<>(host, item));
          last = new Position(host.key().nodeId(), listed.id().applyAsLong(item));
        }
        more |= taken < portion.items().size() || portion.next() != 0;
      }
    }
    return new Listing<>(items, more ? Cursor.encode(scope, last.text()) : null, unavailable);
  }
}
