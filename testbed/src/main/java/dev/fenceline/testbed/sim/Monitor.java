package dev.fenceline.testbed.sim;

import dev.fenceline.host.engine.invalidation.DeviceView;
import dev.fenceline.host.engine.invalidation.Fence;
import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.FenceResolution;
import dev.fenceline.model.HostMessage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Checks of what may never happen, from the outside of the engines: it knows which access is in
 * flight through which translation, and when that was granted. Confined to the event loop.
 */
final class Monitor {
  /** Larger intervals are remembered as a whole. */
  private static final long LARGE_PAGES = 4096;

  private record Grant(SimSpace space, long sessionId, int device, long vpn, int generation) {}

  private record Heard(SimSpace space, long sessionId, long vpn) {}

  /** An invalidation of too many pages to note each. */
  private record Large(SimSpace space, long sessionId, long vpnStart, long vpnEnd) {}

  private record PageOf(SimSpace space, long vpn) {}

  private record FenceOf(long hostEpoch, long invalidationId, int fenceIndex) {}

  private final Map<Grant, Long> grants = new HashMap<>();
  private final Map<Heard, Long> heard = new HashMap<>();
  private final Map<Large, Long> heardLarge = new HashMap<>();
  private final Map<PageOf, Long> completed = new HashMap<>();

  /** The same, for whoever uses a page in its device's memory. */
  private final Map<PageOf, Long> completedInPlace = new HashMap<>();

  private final Set<FenceOf> resolved = new HashSet<>();
  private final Set<FenceOf> ended = new HashSet<>();
  private final List<Access> open = new ArrayList<>();
  private final Set<SimSpace> killed = new HashSet<>();
  private long fences;
  private long invalidations;
  private long worstFenceNanos;

  /** Fences that were resolved. */
  long fences() {
    return fences;
  }

  /** Invalidations that ended. */
  long invalidations() {
    return invalidations;
  }

  /** The longest that a fence took, on the host's clock, without the time that it stood still. */
  long worstFenceNanos() {
    return worstFenceNanos;
  }

  /** The host answered a fault at this sequence. */
  void granted(
      SimSpace space, long sessionId, int device, long vpn, int generation, long sequence) {
    if (killed.contains(space)) {
      throw new InvariantViolation(
          "OOM", "page 0x%x of %s was granted after its end".formatted(vpn, space));
    }
    grants.put(new Grant(space, sessionId, device, vpn, generation), sequence);
  }

  /** The sequence at which a translation was granted; Long.MAX_VALUE if nobody knows. */
  long grantSequence(SimSpace space, long sessionId, int device, long vpn, int generation) {
    return grants.getOrDefault(
        new Grant(space, sessionId, device, vpn, generation), Long.MAX_VALUE);
  }

  /** Nobody gets anything of the space from now on. */
  void killed(SimSpace space) {
    killed.add(space);
  }

  void opened(Access access) {
    open.add(access);
  }

  void closed(Access access) {
    open.remove(access);
  }

  /** A dead process accesses nothing; what it has on the wire is for the host to refuse. */
  void died(SimProcess process) {
    open.removeIf(access -> access.owner() == process);
  }

  boolean accessOpen(SimSpace space, long vpnStart, long vpnEnd) {
    for (Access access : open) {
      if (access.space().equals(space) && access.isOlder(vpnStart, vpnEnd, Long.MAX_VALUE)) {
        return true;
      }
    }
    return false;
  }

  /** INV-6, and INV-1 for the one participant: no access of it goes through an old translation. */
  void fenceResolved(SimHost host, Invalidation invalidation, int fenceIndex) {
    Fence fence = invalidation.fences().get(fenceIndex);
    fences++;
    if (!resolved.add(new FenceOf(host.epoch(), invalidation.id(), fenceIndex))) {
      throw new InvariantViolation("INV-6", "a fence was resolved twice: " + text(invalidation));
    }
    long sinceNanos = fence.toldNanosOr(fence.resolvedNanos());
    long took = fence.resolvedNanos() - sinceNanos;
    long bound = host.fenceBoundNanos(sinceNanos);
    if (bound == host.plainFenceBoundNanos()) {
      worstFenceNanos = Math.max(worstFenceNanos, took);
    }
    if (took > bound) {
      throw new InvariantViolation(
          "INV-6",
          "the fence of %s took %,d ns, its bound is %,d ns: %s"
              .formatted(fence.participant().device(), took, bound, text(invalidation)));
    }
    if (fence.resolution() != FenceResolution.LEASE_EXPIRED) {
      requireDrained(host, invalidation, fence.participant());
    }
  }

  /** INV-6 and INV-1, for all participants whose sessions the host still knows. */
  void invalidationEnded(SimHost host, Invalidation invalidation) {
    invalidations++;
    if (!ended.add(new FenceOf(host.epoch(), invalidation.id(), 0))) {
      throw new InvariantViolation("INV-6", "ended twice: " + text(invalidation));
    }
    long waited = invalidation.waitNanos(0); // it has ended: as long as it took
    if (invalidation.operation().request() instanceof SpaceOperation.Reap && waited > 0) {
      throw new InvariantViolation("OOM", "a reaper waited " + waited + " ns for a device");
    }
    if (invalidation.state() != Invalidation.State.COMPLETED) {
      return;
    }
    SimSpace space = new SimSpace(host.epoch(), invalidation.spaceId());
    if (invalidation.pendingCount() != 0) {
      throw new InvariantViolation("INV-3", "completed with fences pending: " + text(invalidation));
    }
    for (Access access : open) {
      if (host.knowsSession(access.sessionId())
          && outlives(access, space, invalidation)
          && !isByHolder(access, invalidation)) {
        throw new InvariantViolation(
            "INV-1", "completed while " + text(access) + ": " + text(invalidation));
      }
    }
    if (invalidation.vpnEnd() - invalidation.vpnStart() <= LARGE_PAGES) {
      for (long vpn = invalidation.vpnStart(); vpn < invalidation.vpnEnd(); vpn++) {
        PageOf page = new PageOf(space, vpn);
        completed.put(page, invalidation.sequence());
        if (!comesHome(invalidation)) {
          completedInPlace.put(page, invalidation.sequence());
        }
      }
    }
  }

  /** Whoever uses the pages in the device's memory is not told; see {@link #left}. */
  private static boolean comesHome(Invalidation invalidation) {
    return invalidation.operation().resolved() instanceof SpaceOperation.MigrateHome;
  }

  /**
   * The page has left its device's memory: whoever used it there has ended (INV-7), and nobody may
   * begin (INV-1).
   */
  void left(SimSpace space, long vpn, long sequence) {
    completedInPlace.merge(new PageOf(space, vpn), sequence, Math::max);
    for (Access access : open) {
      if (access.inPlace()
          && access.space().equals(space)
          && access.isOlder(vpn, vpn + 1, sequence)) {
        throw new InvariantViolation(
            "INV-7", "page 0x%x left its device's memory while %s".formatted(vpn, text(access)));
      }
    }
  }

  /** INV-7: what a device's memory holds is copied from here on; nobody uses it there any more. */
  void setsOut(SimAgent agent, int deviceIndex, SimSpace space, long vpn) {
    for (Access access : open) {
      if (access.inPlace()
          && access.owner() == agent
          && access.deviceIndex() == deviceIndex
          && access.space().equals(space)
          && access.isOlder(vpn, vpn + 1, Long.MAX_VALUE)) {
        throw new InvariantViolation(
            "INV-7", "page 0x%x is copied elsewhere while %s".formatted(vpn, text(access)));
      }
    }
  }

  /** INV-1: bytes move through this translation, in this moment, in a frame of the host. */
  void accessed(SimSpace space, long vpn, long grantSequence, String who) {
    requireCurrent(completed.get(new PageOf(space, vpn)), space, vpn, grantSequence, who);
  }

  /** INV-1: the same, in the memory of a device. */
  void accessedInPlace(SimSpace space, long vpn, long grantSequence, String who) {
    requireCurrent(completedInPlace.get(new PageOf(space, vpn)), space, vpn, grantSequence, who);
  }

  private static void requireCurrent(
      @Nullable Long last, SimSpace space, long vpn, long grantSequence, String who) {
    if (last != null && grantSequence < last) {
      throw new InvariantViolation(
          "INV-1",
          "%s accesses page 0x%x of %s through a translation of sequence %d; invalidation %d of it has completed"
              .formatted(who, vpn, space, grantSequence, last));
    }
  }

  /** A message of the session that the agent has. */
  void heard(HostMessage.Batch batch, HostMessage message) {
    if (message instanceof HostMessage.Invalidate invalidate) {
      heard(new SimSpace(batch.hostEpoch(), invalidate.spaceId()), batch.sessionId(), invalidate);
    }
  }

  /** An agent's process took an Invalidate from its stream. */
  void heard(SimSpace space, long sessionId, HostMessage.Invalidate invalidate) {
    long start = invalidate.start() >>> 12;
    long end = invalidate.end() >>> 12;
    if (end - start > LARGE_PAGES) {
      heardLarge.put(new Large(space, sessionId, start, end), invalidate.sequence());
      return;
    }
    for (long vpn = start; vpn < end; vpn++) {
      heard.put(new Heard(space, sessionId, vpn), invalidate.sequence());
    }
  }

  private long lastLarge(SimSpace space, long sessionId, long vpn) {
    long last = 0;
    for (Map.Entry<Large, Long> each : heardLarge.entrySet()) {
      Large large = each.getKey();
      if (large.space().equals(space)
          && large.sessionId() == sessionId
          && large.vpnStart() <= vpn
          && vpn < large.vpnEnd()) {
        last = Math.max(last, each.getValue());
      }
    }
    return last;
  }

  /** INV-5: a translation goes into a device's table. */
  void installed(SimSpace space, long sessionId, int device, long vpn, int generation) {
    long granted = grantSequence(space, sessionId, device, vpn, generation);
    long last =
        Math.max(
            heard.getOrDefault(new Heard(space, sessionId, vpn), 0L),
            lastLarge(space, sessionId, vpn));
    if (granted < last) {
      throw new InvariantViolation(
          "INV-5",
          "a translation of page 0x%x of sequence %d was installed after invalidation %d had arrived"
              .formatted(vpn, granted, last));
    }
  }

  private void requireDrained(SimHost host, Invalidation invalidation, DeviceView participant) {
    SimSpace space = new SimSpace(host.epoch(), invalidation.spaceId());
    for (Access access : open) {
      if (access.sessionId() == participant.sessionId()
          && access.deviceIndex() == participant.device().deviceIndex()
          && outlives(access, space, invalidation)) {
        throw new InvariantViolation(
            "INV-1", "fence resolved while " + text(access) + ": " + text(invalidation));
      }
    }
  }

  /**
   * Who gets pages for itself does not hear of it; its translations are old by their generation.
   * Whoever uses a page where it leaves from ends before its bytes are pushed ({@link #left}).
   */
  private static boolean isByHolder(Access access, Invalidation invalidation) {
    if (access.inPlace()) {
      return comesHome(invalidation);
    }
    return invalidation.operation().resolved() instanceof SpaceOperation.MakeExclusive make
        && access.owner() instanceof SimAgent agent
        && make.device().equals(new DeviceId(agent.agentId(), access.deviceIndex()));
  }

  private static boolean outlives(Access access, SimSpace space, Invalidation invalidation) {
    return access.space().equals(space)
        && access.isOlder(invalidation.vpnStart(), invalidation.vpnEnd(), invalidation.sequence());
  }

  private static String text(Access access) {
    return "%s, device %d, session %d accesses page 0x%x (granted at %d)"
        .formatted(
            access.owner().name(),
            access.deviceIndex(),
            access.sessionId(),
            access.vpn(),
            access.grantSequences()[0]);
  }

  /** An invalidation in words. */
  static String text(Invalidation invalidation) {
    StringBuilder fences = new StringBuilder();
    for (Fence fence : invalidation.fences()) {
      fences
          .append(fence.participant().device())
          .append(" of ")
          .append(fence.participant().sessionId())
          .append(fence.pending() ? " pending, " : " " + fence.resolution() + ", ");
    }
    return "invalidation %d of space %d, pages [0x%x, 0x%x), sequence %d, %s, %s, fences: %s"
        .formatted(
            invalidation.id(),
            invalidation.spaceId(),
            invalidation.vpnStart(),
            invalidation.vpnEnd(),
            invalidation.sequence(),
            invalidation.kind(),
            invalidation.state(),
            fences);
  }
}
