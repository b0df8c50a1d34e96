package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.adapter.rest.model.SpaceView;
import dev.fenceline.coordinator.adapter.rest.model.UnavailableHost;
import dev.fenceline.coordinator.engine.NodeState;
import dev.fenceline.coordinator.engine.NodeView;
import dev.fenceline.coordinator.engine.query.Answer;
import dev.fenceline.coordinator.engine.query.Portion;
import dev.fenceline.coordinator.engine.query.Space;
import dev.fenceline.coordinator.runtime.FanOut;
import dev.fenceline.coordinator.runtime.HostQueries;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** One list of address spaces over all hosts, by host and id, in pages. Thread-safe. */
@Component
class SpaceListing {
  private final NodeDirectory directory;
  private final HostQueries hosts;
  private final FanOut fanOut;

  SpaceListing(NodeDirectory directory, HostQueries hosts, FanOut fanOut) {
    this.directory = directory;
    this.hosts = hosts;
    this.fanOut = fanOut;
  }

  /** Behind the space with this id on this host. */
  private record Position(String hostId, long spaceId) {
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
      return hostId + "/" + Long.toUnsignedString(spaceId);
    }

    long after(NodeView host) {
      return host.key().nodeId().equals(hostId) ? spaceId : 0;
    }
  }

  SpaceView.Page page(@Nullable String onlyHost, @Nullable String cursor, int limit)
      throws InterruptedException {
    String scope = "address-spaces " + onlyHost;
    Position continued = Cursor.decode(scope, cursor, Position::parse);
    Position position = continued == null ? Position.START : continued;
    List<NodeView> asked =
        (onlyHost == null ? directory.presentHosts() : List.of(directory.askableHost(onlyHost)))
            .stream()
                .filter(host -> host.key().nodeId().compareTo(position.hostId()) >= 0)
                .toList();
    List<Answer<Portion<Space>>> answers =
        fanOut.ask(asked, host -> ask(host, position.after(host), limit));

    List<SpaceView> items = new ArrayList<>();
    List<UnavailableHost> unavailable = new ArrayList<>();
    Position last = position;
    boolean more = false;
    for (int i = 0; i < asked.size(); i++) {
      NodeView host = asked.get(i);
      directory.unavailable(host, answers.get(i)).ifPresent(unavailable::add);
      if (answers.get(i) instanceof Answer.Answered<Portion<Space>> answered) {
        Portion<Space> portion = answered.value();
        int taken = more ? 0 : Math.min(portion.items().size(), limit - items.size());
        for (Space space : portion.items().subList(0, taken)) {
          items.add(SpaceViews.space(host.key().nodeId(), space));
          last = new Position(host.key().nodeId(), space.spaceId());
        }
        more |= taken < portion.items().size() || portion.next() != 0;
      }
    }
    return new SpaceView.Page(items, more ? Cursor.encode(scope, last.text()) : null, unavailable);
  }

  private Answer<Portion<Space>> ask(NodeView host, long afterSpaceId, int limit) {
    return host.state() == NodeState.LOST
        ? directory.lost(host)
        : hosts.spaces(host.endpoint(), afterSpaceId, limit);
  }
}
