package dev.fenceline.host.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.host.engine.shard.OomCandidate;
import dev.fenceline.host.engine.shard.OomReaper;
import dev.fenceline.host.engine.shard.ShardEffect;
import dev.fenceline.host.engine.shard.ShardInput;
import dev.fenceline.host.runtime.OomElection.Posting;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The greatest of all shards is killed, one at a time, and whoever asked is answered once. */
class OomElectionTest {
  private final OomElection election = new OomElection(2);

  private List<Posting> wanted(int shard, long space) {
    return election.heard(shard, new ShardEffect.OomVictimWanted(List.of(space)));
  }

  private List<Posting> named(int shard, OomCandidate candidate) {
    return election.heard(shard, new ShardEffect.OomNominee(candidate));
  }

  private List<Posting> reaped(long space) {
    return election.heard(0, new ShardEffect.OomReaped(space, new OomReaper.Gain(1, 1, 0, 0)));
  }

  @Test
  void greatestOfAllShards_isKilled_whicheverShardStarves() {
    assertThat(wanted(0, 2))
        .containsExactly(
            new Posting(0, new ShardInput.NameVictim()),
            new Posting(1, new ShardInput.NameVictim()));
    assertThat(named(0, new OomCandidate(2, 5, 5))).isEmpty();
    assertThat(named(1, new OomCandidate(3, 4, 400)))
        .containsExactly(new Posting(1, new ShardInput.Kill(3, List.of(2L))));
    assertThat(reaped(3)).containsExactly(new Posting(0, new ShardInput.VictimChosen(true)));
  }

  @Test
  void whoAsksMeanwhile_isAnsweredWithThem_andNobodyElseIsKilled() {
    wanted(0, 2);
    assertThat(wanted(1, 5)).isEmpty();
    named(0, new OomCandidate(2, 5, 5));
    assertThat(named(1, null))
        .containsExactly(new Posting(0, new ShardInput.Kill(2, List.of(2L, 5L))));
    assertThat(wanted(1, 5)).isEmpty();
    assertThat(reaped(2))
        .containsExactly(
            new Posting(0, new ShardInput.VictimChosen(true)),
            new Posting(1, new ShardInput.VictimChosen(true)));
    assertThat(reaped(2)).as("answered").isEmpty();
    assertThat(wanted(1, 5)).as("and asked anew").hasSize(2);
  }

  @Test
  void nobodyKillable_isSaidAtOnce() {
    wanted(1, 3);
    named(1, null);
    assertThat(named(0, null)).containsExactly(new Posting(1, new ShardInput.VictimChosen(false)));
  }
}
