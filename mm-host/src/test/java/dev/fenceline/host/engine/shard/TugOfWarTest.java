package dev.fenceline.host.engine.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.shard.ShardEffect.Thrashes.Step;
import dev.fenceline.host.engine.thrash.ThrashPolicy;
import org.junit.jupiter.api.Test;

/** Pitfall 20: two devices and the CPU pull at one page. Simulated time, so figures are exact. */
class TugOfWarTest {
  private static final long SECOND = 1_000_000_000L;

  @Test
  void everyParty_getsOnWithBoundedUnfairness() {
    TugOfWar with = new TugOfWar(ThrashPolicy.DEFAULT);
    with.run(SECOND / 2);
    print("throttled and pinned", with);
    assertThat(with.leastUses()).isGreaterThan(500);
    assertThat(with.longestWaitsMicros()).allMatch(micros -> micros < 20_000);
    assertThat(with.count(Step.NAPPED)).isPositive();
    assertThat(with.count(Step.PINNED)).isPositive();
  }

  @Test
  void withoutIt_thePageMovesMoreAndIsUsedLess() {
    TugOfWar without = new TugOfWar(ThrashPolicy.NONE);
    without.run(SECOND / 2);
    print("without", without);
    TugOfWar with = new TugOfWar(ThrashPolicy.DEFAULT);
    with.run(SECOND / 2);
    assertThat(with.migrations()).isLessThan(without.migrations() / 4);
    assertThat(with.leastUses()).isGreaterThan(without.leastUses());
  }

  private static void print(String name, TugOfWar war) {
    System.out.printf(
        "tug of war, %s: uses %s, longest waits %s us, migrations %d, naps %d, pins %d%n",
        name,
        war.uses(),
        war.longestWaitsMicros(),
        war.migrations(),
        war.count(Step.NAPPED),
        war.count(Step.PINNED));
  }
}
