package dev.fenceline.testbed.sim;

import dev.fenceline.host.engine.shard.ShardEffect;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.host.runtime.OomElection;
import dev.fenceline.model.WaitPolicy;
import java.util.SplittableRandom;

/**
 * Who is killed when a host has no frame left, and what becomes of it: its owner ends it after a
 * while, and nobody uses it any more. Confined to the event loop.
 */
final class SimOom {
  private final SimWorld world;
  private final SimHost host;
  private final OomElection election = new OomElection(SimSettings.SHARDS);
  private final SplittableRandom random;
  private final SimClient owner;

  SimOom(SimWorld world, SimHost host) {
    this.world = world;
    this.host = host;
    // Apart from all others, so that a run in which nobody is killed goes as it always went.
    this.random = new SplittableRandom(17 * host.epoch() + world.settings.faultGapNanos());
    this.owner = new SimClient(world, random.split());
  }

  void heard(int index, ShardEffect.Oom effect) {
    switch (effect) {
      case ShardEffect.OomVictimWanted wanted -> {}
      case ShardEffect.OomNominee nominee -> {}
      case ShardEffect.OomKilled killed -> killed(killed.victim().spaceId());
      case ShardEffect.OomReaped reaped -> {
        if (reaped.gain().rounds() > 1) {
          world.count(Sometimes.OOM_TRIED_AGAIN);
        }
      }
    }
    for (OomElection.Posting posting : election.heard(index, effect)) {
      host.after(
          random.nextInt(5_000),
          "out of memory",
          () -> host.shard(posting.shard()).post(posting.input()));
    }
  }

  private void killed(long spaceId) {
    SimSpace space = new SimSpace(host.epoch(), spaceId);
    world.count(Sometimes.OOM_KILLED);
    world.monitor.killed(space);
    world.spaces.remove(space);
    host.after(
        random.nextInt((int) (8 * SimSettings.MILLI)),
        "owner ends it",
        () ->
            host.operations().submit(owner, new SpaceOperation.Destroy(spaceId), WaitPolicy.BLOCK));
  }
}
