package dev.fenceline.host.runtime;

import dev.fenceline.host.engine.shard.OomCandidate;
import dev.fenceline.host.engine.shard.ShardEffect;
import dev.fenceline.host.engine.shard.ShardInput;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the victim of a host with several shards: one at a time, of those that the shards name.
 * Thread-safe: every method holds its monitor; what it answers is to be posted without it.
 *
 * <p>Legal transitions: idle -> asking (until every shard has named) -> idle, if nobody can be
 * killed, or reaping -> idle.
 */
public final class OomElection {
  /** What is to be posted to a shard. */
  public record Posting(int shard, ShardInput.Oom input) {}

  private enum State {
    IDLE,
    ASKING,
    REAPING
  }

  private final int shards;
  private final Set<Integer> askers = new LinkedHashSet<>();
  private final Set<Long> starving = new LinkedHashSet<>();
  private State state = State.IDLE;
  private int missing;
  private @Nullable OomCandidate best;

  public OomElection(int shards) {
    this.shards = shards;
  }

  /** A shard has said something; what is to be posted in answer, in this order. */
  public synchronized List<Posting> heard(int shard, ShardEffect.Oom effect) {
    return switch (effect) {
      case ShardEffect.OomVictimWanted wanted -> wanted(shard, wanted.starving());
      case ShardEffect.OomNominee nominee -> named(nominee.candidate());
      case ShardEffect.OomKilled killed -> List.of();
      case ShardEffect.OomReaped reaped -> state == State.REAPING ? over(true) : List.of();
    };
  }

  private List<Posting> wanted(int shard, List<Long> spaces) {
    askers.add(shard);
    starving.addAll(spaces);
    if (state != State.IDLE) {
      return List.of();
    }
    state = State.ASKING;
    missing = shards;
    best = null;
    List<Posting> questions = new ArrayList<>();
    for (int i = 0; i < shards; i++) {
      questions.add(new Posting(i, new ShardInput.NameVictim()));
    }
    return questions;
  }

  private List<Posting> named(@Nullable OomCandidate candidate) {
    OomCandidate leading = best;
    if (candidate != null
        && (leading == null || OomCandidate.BY_SCORE.compare(candidate, leading) > 0)) {
      best = candidate;
    }
    if (--missing > 0) {
      return List.of();
    }
    OomCandidate victim = best;
    if (victim == null) {
      return over(false);
    }
    state = State.REAPING;
    return List.of(
        new Posting(
            (int) Long.remainderUnsigned(victim.spaceId(), shards),
            new ShardInput.Kill(victim.spaceId(), List.copyOf(starving))));
  }

  private List<Posting> over(boolean killed) {
    List<Posting> answers = new ArrayList<>();
    for (Integer asker : askers) {
      answers.add(new Posting(asker, new ShardInput.VictimChosen(killed)));
    }
    askers.clear();
    starving.clear();
    state = State.IDLE;
    return answers;
  }
}
