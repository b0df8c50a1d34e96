package dev.fenceline.coordinator.runtime;

import dev.fenceline.coordinator.engine.NodeKind;
import dev.fenceline.coordinator.engine.NodeLoad;
import dev.fenceline.coordinator.engine.NodeState;
import dev.fenceline.coordinator.engine.NodeView;
import dev.fenceline.coordinator.engine.query.Answer;
import dev.fenceline.coordinator.engine.query.WaitTimes;
import dev.fenceline.coordinator.engine.wait.WaitHistory;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * Asks each host once a second how long its invalidations took, and keeps the last quarter of an
 * hour. Thread-safe.
 */
public final class WaitSampler {
  private static final long NANOS_PER_SECOND = 1_000_000_000L;

  private final RegistryRuntime registry;
  private final HostQueries hosts;
  private final FanOut fanOut;
  private final LongSupplier nanoClock;
  private final WaitHistory history = new WaitHistory();

  public WaitSampler(
      RegistryRuntime registry, HostQueries hosts, FanOut fanOut, LongSupplier nanoClock) {
    this.registry = registry;
    this.hosts = hosts;
    this.fanOut = fanOut;
    this.nanoClock = nanoClock;
  }

  /** Asks every host that is there. One call at a time. */
  public void sample() throws InterruptedException {
    List<NodeView> known =
        registry.read((engine, nowNanos) -> engine.view(nowNanos)).nodes(NodeKind.HOST);
    List<NodeView> present =
        known.stream()
            .filter(host -> host.state() == NodeState.LIVE || host.state() == NodeState.SUSPECT)
            .toList();
    List<Answer<WaitTimes>> answers = fanOut.ask(present, host -> hosts.waitTimes(host.endpoint()));
    synchronized (history) {
      long second = currentSecond();
      for (int i = 0; i < present.size(); i++) {
        if (answers.get(i) instanceof Answer.Answered<WaitTimes> answered) {
          NodeView host = present.get(i);
          history.sample(host.key().nodeId(), epoch(host), second, answered.value());
        }
      }
      history.retain(id -> known.stream().anyMatch(host -> host.key().nodeId().equals(id)));
    }
  }

  /** Reads the history between two samples. */
  public <T> T read(Function<WaitHistory, T> reader) {
    synchronized (history) {
      return reader.apply(history);
    }
  }

  /** On the registry's clock. */
  public long currentSecond() {
    return nanoClock.getAsLong() / NANOS_PER_SECOND;
  }

  private static long epoch(NodeView host) {
    return switch (host.load()) {
      case NodeLoad.HostLoad load -> load.hostEpoch();
      case NodeLoad.AgentLoad ignored ->
          throw new IllegalStateException(host.key() + " is no host");
    };
  }
}
