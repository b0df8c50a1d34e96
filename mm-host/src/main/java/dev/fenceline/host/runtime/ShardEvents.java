package dev.fenceline.host.runtime;

import dev.fenceline.host.engine.invalidation.Fence;
import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.shard.Pin;
import dev.fenceline.host.engine.shard.ShardEffect;
import dev.fenceline.host.engine.shard.ShardQueries;
import dev.fenceline.host.engine.shard.ShardSession;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.host.runtime.HostEvent.Kind;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Tells the event log what is worth telling of a shard. Confined to the shard's mailbox. */
final class ShardEvents {
  /** Spaces that starved which an event names. */
  private static final int NAMED = 8;

  private final EventLog log;
  private final ShardQueries queries;

  ShardEvents(EventLog log, ShardQueries queries) {
    this.log = log;
    this.queries = queries;
  }

  void operationEnded(SpaceOperation operation, OperationOutcome outcome) {
    if (!(outcome instanceof OperationOutcome.Done done)) {
      return;
    }
    if (operation instanceof SpaceOperation.Create create) {
      log.record(
          Kind.SPACE_CREATED,
          done.value(),
          0,
          null,
          "address space %d (%s) was created".formatted(done.value(), create.name()));
    } else if (operation instanceof SpaceOperation.Fork fork) {
      log.record(
          Kind.SPACE_FORKED,
          done.value(),
          0,
          null,
          "address space %d (%s) was forked from %d"
              .formatted(done.value(), fork.name(), fork.spaceId()));
    } else if (operation instanceof SpaceOperation.Destroy destroy) {
      log.record(
          Kind.SPACE_DESTROYED,
          destroy.spaceId(),
          0,
          null,
          "address space %d was destroyed".formatted(destroy.spaceId()));
    } else if (operation instanceof SpaceOperation.SetMode set) {
      log.record(
          Kind.NOTIFICATION_MODE_SET,
          set.spaceId(),
          0,
          null,
          "address space %d notifies %s".formatted(set.spaceId(), set.mode()));
    }
  }

  void invalidationEnded(Invalidation invalidation) {
    if (invalidation.state() != Invalidation.State.BACKED_OFF) {
      return;
    }
    Fence late = firstPending(invalidation);
    log.record(
        Kind.INVALIDATION_BACKED_OFF,
        invalidation.spaceId(),
        invalidation.id(),
        late == null ? null : late.participant().device(),
        "invalidation %d of [0x%x, 0x%x) backed off%s"
            .formatted(
                invalidation.id(),
                invalidation.start(),
                invalidation.end(),
                late == null ? "" : ": " + late.participant().name() + " had still to drain"));
  }

  /** The fence that made the session late is the oldest one that it owes. */
  void overdue(long sessionId) {
    ShardSession session = queries.session(sessionId);
    if (session == null) {
      return;
    }
    for (Invalidation invalidation : queries.live()) {
      for (Fence fence : invalidation.fences()) {
        if (fence.pending() && fence.participant().sessionId() == sessionId) {
          log.record(
              Kind.FENCE_OVERDUE,
              invalidation.spaceId(),
              invalidation.id(),
              fence.participant().device(),
              "%s has not drained for invalidation %d in time; the lease of %s is not renewed"
                  .formatted(fence.participant().name(), invalidation.id(), session.agentId()));
          return;
        }
      }
    }
  }

  void pinAskedBack(Pin pin) {
    log.record(
        Kind.PIN_ASKED_BACK,
        pin.spaceId(),
        0,
        null,
        "frames are needed: %s of %s (%s) keeps %d; please release it"
            .formatted(name(pin), pin.purpose().owner(), pin.purpose().reason(), size(pin)));
  }

  void pinOverAge(Pin pin) {
    log.record(
        Kind.PIN_OVER_AGE,
        pin.spaceId(),
        0,
        null,
        "%s of %s (%s) keeps %d frames for longer than the age limit; was it forgotten?"
            .formatted(name(pin), pin.purpose().owner(), pin.purpose().reason(), size(pin)));
  }

  void oom(ShardEffect.Oom effect) {
    switch (effect) {
      case ShardEffect.OomVictimWanted wanted -> {}
      case ShardEffect.OomNominee nominee -> {}
      case ShardEffect.OomKilled killed ->
          log.record(
              Kind.OOM_KILL,
              killed.victim().spaceId(),
              0,
              null,
              "out of memory: address space %d (%s) was killed with a score of %d, %d pages are taken from it; %s"
                  .formatted(
                      killed.victim().spaceId(),
                      killed.name(),
                      killed.victim().score(),
                      killed.victim().pages(),
                      starved(killed.starving())));
      case ShardEffect.OomReaped reaped -> reaped(reaped);
    }
  }

  private void reaped(ShardEffect.OomReaped reaped) {
    log.record(
        Kind.OOM_REAPED,
        reaped.spaceId(),
        0,
        null,
        "%d frames of address space %d were freed in %d rounds, of which tries backed off %d times%s"
            .formatted(
                reaped.gain().frames(),
                reaped.spaceId(),
                reaped.gain().rounds(),
                reaped.gain().backedOff(),
                reaped.gain().leftPages() == 0
                    ? ""
                    : "; %d pages are left until it is destroyed"
                        .formatted(reaped.gain().leftPages())));
  }

  /** A sentence stays one, however many there are. */
  private static String starved(List<Long> spaces) {
    String named =
        spaces.stream().limit(NAMED).map(String::valueOf).collect(Collectors.joining(", "));
    return "address space %s starved%s"
        .formatted(
            named, spaces.size() > NAMED ? " and " + (spaces.size() - NAMED) + " others" : "");
  }

  private static String name(Pin pin) {
    return (pin.purpose().longTerm() ? "long-term pin " : "pin ") + pin.id();
  }

  private static int size(Pin pin) {
    return pin.frames().length;
  }

  private static @Nullable Fence firstPending(Invalidation invalidation) {
    for (Fence fence : invalidation.fences()) {
      if (fence.pending()) {
        return fence;
      }
    }
    return null;
  }
}
