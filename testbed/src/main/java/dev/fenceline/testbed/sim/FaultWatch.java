package dev.fenceline.testbed.sim;

import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.engine.shard.ShardInput;
import dev.fenceline.host.engine.shard.ShardQueries;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.InvalidationKind;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Pages;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * The faults of devices at one shard: what each was about, and whether what it is answered with may
 * be given. Confined to the event loop.
 */
final class FaultWatch {
  /** What a fault was about, until it is answered. */
  private record Asked(AgentMessage.FaultRequest request, SimSpace space, int device) {}

  private record FaultKey(long sessionId, long faultId) {}

  private final SimWorld world;
  private final SimHost host;
  private final ShardQueries queries;
  private final SplittableRandom random;
  private final Map<FaultKey, Asked> faults = new HashMap<>();

  FaultWatch(SimWorld world, SimHost host, ShardQueries queries, SplittableRandom random) {
    this.random = random;
    this.world = world;
    this.host = host;
    this.queries = queries;
  }

  boolean idle() {
    return faults.isEmpty();
  }

  @Override
  public String toString() {
    return faults.toString();
  }

  /** Its faults are not answered any more. */
  void sessionEnded(long sessionId) {
    faults.keySet().removeIf(key -> key.sessionId() == sessionId);
  }

  void asked(ShardInput.FromAgent from, AgentMessage.FaultRequest fault) {
    var session = queries.session(from.sessionId());
    var mirror = session == null ? null : session.mirrors().get(fault.mirrorId());
    if (session != null && mirror != null && from.hostEpoch() == host.epoch()) {
      SimSpace space = host.spaceOfMirror(from.sessionId(), fault.mirrorId());
      faults.put(
          new FaultKey(from.sessionId(), fault.faultId()),
          new Asked(fault, space, mirror.view().device().deviceIndex()));
    }
  }

  /** Returns what a breakage says to the device before it hears the answer. */
  List<HostMessage.Invalidate> answered(long sessionId, HostMessage.FaultReply reply) {
    Asked asked = faults.remove(new FaultKey(sessionId, reply.faultId()));
    if (asked == null) {
      return List.of();
    }
    granted(sessionId, asked, reply);
    boolean alone = reply.runs().stream().anyMatch(r -> r.state() == PageRun.State.EXCLUSIVE);
    return alone && world.broken(Breakage.EXCLUSIVE_HEARS_ITSELF)
        ? List.of(ownEvent(asked, reply))
        : List.of();
  }

  private HostMessage.Invalidate ownEvent(Asked asked, HostMessage.FaultReply reply) {
    long start = asked.request().address();
    return new HostMessage.Invalidate(
        List.of(queries.recent().getFirst().id()),
        asked.space().id(),
        start,
        start + Pages.address(asked.request().pageCount()),
        reply.sequence() + 1,
        InvalidationKind.EXCLUSIVE,
        asked.device());
  }

  private DeviceId deviceOf(long sessionId, int deviceIndex) {
    var session = queries.session(sessionId);
    return new DeviceId(session == null ? "" : session.agentId(), deviceIndex);
  }

  private void granted(long sessionId, Asked asked, HostMessage.FaultReply reply) {
    if (reply.errno() == Errno.EBUSY && asked.request().access() == Access.EXCLUSIVE) {
      world.count(Sometimes.EXCLUSIVE_REFUSED_BUSY);
    }
    long vpn = Pages.number(asked.request().address()) - reply.pagesBefore();
    for (PageRun run : reply.runs()) {
      if (run.order() == Pages.BLOCK_ORDER) {
        world.count(Sometimes.LARGE_PAGE_TOLD);
      }
      for (int i = 0; i < run.pageCount(); i++, vpn++) {
        if (run.state() == PageRun.State.HOLE || run.state() == PageRun.State.ERROR) {
          continue;
        }
        requireMappable(asked.space(), vpn);
        ReplyTruth.require(queries, asked.space(), vpn, run);
        world.monitor.granted(
            asked.space(), sessionId, asked.device(), vpn, run.generation(), reply.sequence());
        if (run.state() == PageRun.State.EXCLUSIVE) {
          world.exclusives.granted(asked.space(), vpn, deviceOf(sessionId, asked.device()));
        }
      }
    }
    if (world.broken(Breakage.HOLDERS_FORGOTTEN) && random.nextInt(8) == 0) {
      var session = queries.session(sessionId);
      var mirror = session == null ? null : session.mirrors().get(asked.request().mirrorId());
      if (mirror != null) {
        mirror.view().holders().release(Pages.number(asked.request().address()), vpn);
      }
    }
  }

  /** INV-2: nothing is mapped where an entry is held. */
  void requireMappable(SimSpace space, long vpn) {
    var known = queries.space(space.id());
    if (known == null || Pte.isInvalidating(known.memory().entry(vpn))) {
      throw new InvariantViolation(
          "INV-2", "page 0x%x of %s is mapped while it is held".formatted(vpn, space));
    }
    for (Invalidation live : queries.live()) {
      boolean holds =
          live.state() == Invalidation.State.UNMAPPED || live.state() == Invalidation.State.WAITING;
      if (holds && live.spaceId() == space.id() && live.overlaps(vpn, vpn + 1)) {
        throw new InvariantViolation(
            "INV-2",
            "page 0x%x of %s is mapped during invalidation %d".formatted(vpn, space, live.id()));
      }
    }
  }
}
