package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.Operation;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Errno;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides who is killed when somebody would have to be refused a frame, and ends it for everybody
 * but {@link OomReaper}, who takes its memory. Confined to the shard.
 *
 * <p>One victim at a time. With several shards each names its best candidate and the host chooses:
 *
 * <pre>
 *   shard of who starves          the host                    shard of the victim
 *   OomVictimWanted  -------->    asks every shard  ------->  NameVictim
 *   (who starves waits on)        the best one      <-------  OomNominee
 *                                                   ------->  Kill
 *   VictimChosen(true)   <------  it was reaped     <-------  OomReaped
 *   VictimChosen(false)  <------  (nobody: refused)
 * </pre>
 */
final class OomKiller {
  private final ShardState state;
  private final OperationDriver operations;
  private final FaultService faults;
  private final OomReaper reaper;

  /** The host was asked for a victim and has not answered. */
  private boolean asked;

  /** The host has answered that nobody can be killed; holds for one step. */
  private boolean nobody;

  /** Since when the memory that the last victim gave is there. */
  private long gainedNanos = Long.MIN_VALUE;

  OomKiller(ShardState state, OperationDriver operations, FaultService faults) {
    this.state = state;
    this.operations = operations;
    this.faults = faults;
    this.reaper = new OomReaper(state, operations);
  }

  OomReaper reaper() {
    return reaper;
  }

  /**
   * Somebody has starved for too long.
   *
   * @return true if it is to wait on, since memory is on its way; false if it is to be refused
   */
  boolean helps(long nowNanos) {
    if (!state.config.oom().kills()) {
      return false;
    }
    if (asked || reaper.busy() || mayBeEnough(nowNanos)) {
      return true;
    }
    List<Long> starving = state.reclaimer.starvingSpaces();
    if (state.config.shardCount() > 1) {
      asked = !nobody;
      nobody = false;
      if (asked) {
        state.emit(new ShardEffect.OomVictimWanted(starving));
      }
      return asked;
    }
    OomCandidate victim = best();
    return victim != null && kill(victim.spaceId(), starving, nowNanos);
  }

  /** What a victim gave can be got by reclaim, which needs its time again. */
  private boolean mayBeEnough(long nowNanos) {
    return gainedNanos != Long.MIN_VALUE
        && !state.reclaimer.outOfMemory()
        && nowNanos - gainedNanos < state.config.reclaim().patienceNanos();
  }

  void input(ShardInput.Oom input, long nowNanos) {
    switch (input) {
      case ShardInput.NameVictim name -> state.emit(new ShardEffect.OomNominee(best()));
      case ShardInput.Kill kill -> {
        if (!kill(kill.spaceId(), kill.starving(), nowNanos)) {
          // It went by itself between its nomination and now, which helps as well.
          state.emit(new ShardEffect.OomReaped(kill.spaceId(), OomReaper.Gain.NONE));
        }
      }
      case ShardInput.VictimChosen chosen -> {
        asked = false;
        nobody = !chosen.killed();
        gainedNanos = chosen.killed() ? nowNanos : gainedNanos;
      }
    }
  }

  /** What was begun goes on; the answer of the host holds no longer. */
  void step(long nowNanos) {
    nobody = false;
    if (reaper.busy() && !reaper.step(nowNanos)) {
      gainedNanos = nowNanos;
    }
  }

  private @Nullable OomCandidate best() {
    OomCandidate best = null;
    for (AddressSpace space : state.spaces.values()) {
      OomCandidate candidate = OomCandidate.of(space, state.config.oom());
      if (candidate != null
          && (best == null || OomCandidate.BY_SCORE.compare(candidate, best) > 0)) {
        best = candidate;
      }
    }
    return best;
  }

  /** False, and nothing is done, if it is not there any more or cannot be killed any more. */
  private boolean kill(long spaceId, List<Long> starving, long nowNanos) {
    AddressSpace space = state.space(spaceId);
    OomCandidate victim = space == null ? null : OomCandidate.of(space, state.config.oom());
    if (space == null || victim == null || reaper.busy()) {
      return false;
    }
    state.changed(space);
    space.memory().kill();
    state.emit(new ShardEffect.OomKilled(victim, space.name(), starving));
    String message = space.memory().killedMessage();
    faults.refuseAll(space, Errno.OOM_KILLED, message);
    refuseOperations(space, new OperationOutcome.Refused(Errno.OOM_KILLED, message, null));
    reaper.begin(space, nowNanos);
    return true;
  }

  /** Nobody waits in it any more; what runs ends within its fences' bound. */
  private void refuseOperations(AddressSpace space, OperationOutcome.Refused refused) {
    for (Operation waiting : List.copyOf(space.queued())) {
      if (!(waiting.request() instanceof SpaceOperation.Destroy)
          && space.queued().remove(waiting)) {
        operations.end(waiting, refused);
      }
    }
    for (Operation running : List.copyOf(space.active())) {
      if (running.request() instanceof SpaceOperation.AwaitSupply) {
        operations.complete(running.id(), refused, state.nowNanos);
      }
    }
  }
}
