package dev.fenceline.coordinator.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.coordinator.engine.RegistryEffect.CompleteStream;
import dev.fenceline.coordinator.engine.RegistryEffect.NodeChanged;
import dev.fenceline.coordinator.engine.RegistryEffect.NodeForgotten;
import dev.fenceline.coordinator.engine.RegistryEffect.Recovered;
import dev.fenceline.coordinator.engine.RegistryEffect.RefuseStream;
import dev.fenceline.coordinator.engine.RegistryEffect.ReleaseEndpoint;
import dev.fenceline.coordinator.engine.RegistryEffect.SendUpdate;
import dev.fenceline.coordinator.engine.RegistryInput.ReportReceived;
import dev.fenceline.coordinator.engine.RegistryInput.StreamClosed;
import dev.fenceline.coordinator.engine.RegistryInput.StreamOpened;
import dev.fenceline.coordinator.engine.RegistryInput.Tick;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

/** Any order of inputs: what holds after each of them. */
class RegistryEngineRandomTest {
  private static final int SEEDS = 300;
  private static final int STEPS = 400;
  private static final long MS = 1_000_000L;
  private static final RegistrySettings SETTINGS =
      new RegistrySettings(500 * MS, 100 * MS, 300 * MS, 1000 * MS);

  @Test
  void anyInputs_keepTheInvariants() {
    Long only = Long.getLong("fenceline.seed");
    for (long seed = only == null ? 0 : only; seed < (only == null ? SEEDS : only + 1); seed++) {
      try {
        new Run(seed).run();
      } catch (RuntimeException | AssertionError failure) {
        throw new AssertionError(
            "replay: -Dtest=RegistryEngineRandomTest -Dfenceline.seed=" + seed, failure);
      }
    }
  }

  @Test
  void sameSeedTwice_sameEffects() {
    assertThat(new Run(77).run()).isEqualTo(new Run(77).run());
  }

  /** One run; confined to the test's thread. */
  private static final class Run {
    final RandomGenerator random;
    final RegistryEngine engine = new RegistryEngine(SETTINGS, 1, 0);
    final List<RegistryEffect> history = new ArrayList<>();
    final TreeSet<Long> open = new TreeSet<>();
    final TreeMap<NodeKey, NodeState> states = new TreeMap<>();
    long now;
    long lastStream;
    long revision;
    boolean recovered;

    Run(long seed) {
      random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }

    List<RegistryEffect> run() {
      for (int i = 0; i < STEPS; i++) {
        advance();
        RegistryInput input = input();
        List<RegistryEffect> effects = engine.step(now, input);
        history.addAll(effects);
        effects.forEach(this::check);
        if (input instanceof StreamClosed closed) {
          open.remove(closed.streamId());
        }
        checkState();
      }
      return history;
    }

    /** Mostly a little, at times to the deadline, seldom far beyond it. */
    void advance() {
      switch (random.nextInt(10)) {
        case 0 -> now = Math.max(now, Math.min(engine.nextDeadlineNanos(), now + 2000 * MS));
        case 1 -> now += random.nextLong(3000) * MS;
        default -> now += random.nextLong(40) * MS;
      }
    }

    RegistryInput input() {
      if (open.isEmpty() || random.nextInt(8) == 0) {
        open.add(++lastStream);
        return new StreamOpened(lastStream);
      }
      long stream = 1 + random.nextLong(lastStream);
      return switch (random.nextInt(12)) {
        case 0 -> new StreamClosed(stream, "cut");
        case 1 -> new Tick();
        default -> new ReportReceived(stream, report());
      };
    }

    NodeReport report() {
      boolean host = random.nextBoolean();
      NodeLoad load =
          host
              ? new NodeLoad.HostLoad(1, 0, 0, 1, 1)
              : new NodeLoad.AgentLoad(List.of(), List.of());
      return new NodeReport(
          "n" + random.nextInt(3),
          random.nextInt(20) == 0 ? 0 : 1 + random.nextInt(2),
          "h:" + (1 + random.nextInt(2)),
          "",
          load,
          random.nextInt(15) == 0);
    }

    void check(RegistryEffect effect) {
      switch (effect) {
        case SendUpdate send -> {
          assertThat(open).contains(send.streamId());
          assertThat(send.update().revision()).isGreaterThanOrEqualTo(revision);
          revision = send.update().revision();
          assertThat(send.update().recovering()).isEqualTo(!recovered);
        }
        case RefuseStream refuse -> assertThat(open.remove(refuse.streamId())).isTrue();
        case CompleteStream complete -> assertThat(open.remove(complete.streamId())).isTrue();
        case NodeChanged change -> {
          NodeState before = states.put(change.node(), change.to());
          assertThat(before == null ? NodeState.LIVE : before).isEqualTo(change.from());
        }
        case NodeForgotten forgotten ->
            assertThat(states.remove(forgotten.node())).isEqualTo(forgotten.last());
        case Recovered ignored -> recovered = true;
        case ReleaseEndpoint release -> assertThat(release.endpoint()).startsWith("h:");
      }
    }

    /** What the effects told is what is so. */
    void checkState() {
      assertThat(engine.isRecovering()).isEqualTo(!recovered);
      assertThat(engine.nextDeadlineNanos()).isGreaterThan(now);
      TreeMap<NodeKey, NodeState> seen = new TreeMap<>();
      for (NodeView node : engine.view(now).nodes()) {
        seen.put(node.key(), node.state());
        assertThat(node.silentNanos()).isNotNegative();
        if (node.state() == NodeState.LIVE) {
          assertThat(node.silentNanos()).isLessThan(SETTINGS.suspectAfterNanos());
        }
      }
      assertThat(seen).isEqualTo(states);
      assertThat(engine.counts().streams()).isEqualTo(open.size());
    }
  }
}
