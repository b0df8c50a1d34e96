package dev.fenceline.host.engine.shard;

import dev.fenceline.host.engine.invalidation.DeviceView;
import dev.fenceline.host.engine.invalidation.Mirror;
import dev.fenceline.host.engine.shard.LargeTouch.Span;
import dev.fenceline.host.engine.space.Mapping;
import dev.fenceline.host.engine.space.PageTouch;
import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.host.engine.space.PteType;
import dev.fenceline.host.engine.space.SpaceMemory;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage.FaultRequest;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage.FaultReply;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Pages;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Answers faults of devices and of the CPU: parks those whose first page is being invalidated,
 * resolves the others up to the first page that is. Confined to the shard.
 *
 * <pre>
 *   host                                         device
 *   fault: sequence s sampled, pages resolved
 *   reply(s) sent  ---------.
 *   A  sequence s+1          '-->  reply read, entries prepared
 *      Invalidate(s+1) sent --.
 *                              '-> Invalidate(s+1) arrives
 *                                  commit: s &lt; s+1 over the same pages: RETRY   (INV-5)
 * </pre>
 */
final class FaultService {
  /** Pages of one fault. */
  static final int MAX_PAGES_PER_FAULT = 512;

  private final ShardState state;
  private final DeviceTouch devices;
  private final LargeTouch large;

  /** What the fault that was tried last needs done before its first page can be served. */
  private SpaceOperation.@Nullable Internal need;

  /** Whether the fault that was tried last waits for a frame. */
  private boolean starves;

  FaultService(ShardState state) {
    this.state = state;
    this.devices = new DeviceTouch(state);
    this.large = new LargeTouch(state, devices);
  }

  /** A device's fault. */
  void fault(ShardSession session, FaultRequest request, long nowNanos) {
    Mirror mirror = session.mirrors().get(request.mirrorId());
    AddressSpace space = session.spaceOf(request.mirrorId());
    if (mirror == null || space == null) {
      reply(session, 0, request, Errno.ENOENT, "mirror " + request.mirrorId() + " is not open");
      return;
    }
    String malformed = FaultChecks.malformed(request.address(), request.pageCount());
    if (malformed == null) {
      malformed = FaultChecks.outside(mirror, request);
    }
    if (malformed != null) {
      reply(session, space.sequence(), request, Errno.EINVAL, malformed);
      return;
    }
    state.changed(space);
    if (space.memory().killed()) {
      String message = space.memory().killedMessage();
      reply(session, space.sequence(), request, Errno.OOM_KILLED, message);
    } else if (!serve(session, mirror, space, request)) {
      if (session.parkedFaults() >= state.config.maxFaultsPerSession()) {
        reply(
            session,
            space.sequence(),
            request,
            Errno.RESOURCE_EXHAUSTED,
            "more than " + state.config.maxFaultsPerSession() + " faults of the session wait");
        return;
      }
      session.parked(1);
      park(
          space,
          new ParkedFault.FromDevice(session, mirror, request, nowNanos, null, Long.MAX_VALUE),
          nowNanos);
      state.emit(new ShardEffect.FaultServed(request.pageCount(), true));
    }
  }

  /** A CPU access that missed its TLB. */
  void cpuFault(ShardInput.CpuFault request, long nowNanos) {
    AddressSpace space = state.space(request.spaceId());
    if (space == null) {
      endCpuFault(request, Errno.ENOENT, "address space " + request.spaceId() + " does not exist");
      return;
    }
    String malformed = FaultChecks.malformed(request.address(), request.pageCount());
    state.changed(space);
    if (malformed != null) {
      endCpuFault(request, Errno.EINVAL, malformed);
    } else if (space.memory().killed()) {
      endCpuFault(request, Errno.OOM_KILLED, space.memory().killedMessage());
    } else if (!serveCpu(space, request)) {
      park(space, new ParkedFault.FromCpu(request, nowNanos, null, Long.MAX_VALUE), nowNanos);
    }
  }

  /** Serves what waited and is not held up any more; the rest goes on waiting. */
  void retryParked(AddressSpace space, long nowNanos) {
    if (space.parked().isEmpty()) {
      return;
    }
    state.changed(space);
    List<ParkedFault> waiting = List.copyOf(space.parked());
    space.parked().clear();
    for (ParkedFault fault : waiting) {
      if (!serveParked(space, fault)) {
        park(space, fault, nowNanos);
      }
    }
  }

  /** The space is gone: nothing is there to fault in (pitfall 9). */
  void failParked(AddressSpace space) {
    List<ParkedFault> waiting = List.copyOf(space.parked());
    space.parked().clear();
    String message = "address space " + space.id() + " was destroyed";
    for (ParkedFault fault : waiting) {
      switch (fault) {
        case ParkedFault.FromDevice device -> {
          device.session().parked(-1);
          reply(device.session(), space.sequence(), device.request(), Errno.EFAULT, message);
        }
        case ParkedFault.FromCpu cpu -> endCpuFault(cpu.request(), Errno.EFAULT, message);
      }
    }
  }

  /** Lets the fault that was just tried wait for what it found in its way. */
  private void park(AddressSpace space, ParkedFault fault, long nowNanos) {
    long since = starves ? Math.min(fault.starvesSinceNanos(), nowNanos) : Long.MAX_VALUE;
    space.parked().add(fault.waitingFor(need, since));
    if (starves) {
      state.reclaimer.starves(space, since, nowNanos);
    }
  }

  /** No frame could be had for those that wait for one since then. */
  void refuseStarving(AddressSpace space, long sinceNanos, Errno errno, String message) {
    refuse(space, fault -> fault.starvesSinceNanos() <= sinceNanos, errno, message);
  }

  /** Nobody waits there any more. */
  void refuseAll(AddressSpace space, Errno errno, String message) {
    refuse(space, fault -> true, errno, message);
  }

  /** What some faults needed done first was refused: so are they. */
  void refuseNeeding(
      AddressSpace space, SpaceOperation.Internal operation, Errno errno, String message) {
    refuse(space, fault -> operation.equals(fault.needs()), errno, message);
  }

  private void refuse(
      AddressSpace space, Predicate<ParkedFault> which, Errno errno, String message) {
    List<ParkedFault> waiting = List.copyOf(space.parked());
    space.parked().clear();
    for (ParkedFault fault : waiting) {
      if (!which.test(fault)) {
        space.parked().add(fault);
        continue;
      }
      switch (fault) {
        case ParkedFault.FromDevice device -> {
          device.session().parked(-1);
          reply(device.session(), space.sequence(), device.request(), errno, message);
        }
        case ParkedFault.FromCpu cpu -> endCpuFault(cpu.request(), errno, message);
      }
    }
  }

  /** The session has gone: nobody waits for the answers. */
  void dropParked(AddressSpace space, ShardSession session) {
    space
        .parked()
        .removeIf(
            fault -> {
              boolean gone =
                  fault instanceof ParkedFault.FromDevice device && device.session() == session;
              if (gone) {
                session.parked(-1);
              }
              return gone;
            });
  }

  /** The mirror has gone: who asked through it may ask through another one (INV-9). */
  void refuseParked(AddressSpace space, ShardSession session, Mirror mirror) {
    List<ParkedFault> waiting = List.copyOf(space.parked());
    space.parked().clear();
    for (ParkedFault fault : waiting) {
      if (fault instanceof ParkedFault.FromDevice device && device.mirror() == mirror) {
        session.parked(-1);
        String message = "mirror " + mirror.mirrorId() + " was removed";
        reply(session, space.sequence(), device.request(), Errno.ENOENT, message);
      } else {
        space.parked().add(fault);
      }
    }
  }

  private boolean serveParked(AddressSpace space, ParkedFault fault) {
    return switch (fault) {
      case ParkedFault.FromDevice device -> {
        boolean served = serve(device.session(), device.mirror(), space, device.request());
        if (served) {
          device.session().parked(-1);
        }
        yield served;
      }
      case ParkedFault.FromCpu cpu -> serveCpu(space, cpu.request());
    };
  }

  /** False if the first page is held up. */
  private boolean serve(
      ShardSession session, Mirror mirror, AddressSpace space, FaultRequest request) {
    need = null;
    starves = false;
    long vpn = Pages.number(request.address());
    long end = LargeTouch.servableEnd(space, mirror.view(), vpn, vpn + request.pageCount());
    if (end == vpn) {
      return false;
    }
    if (request.access() == Access.SNAPSHOT) {
      snapshot(session, mirror.view(), space, request, end);
      return true;
    }
    PageTouch.Refused refused = null;
    large.prepare(space, vpn, end, request.access());
    long page = vpn;
    while (page < end && refused == null) {
      switch (touchFrom(space, mirror.view(), page, request)) {
        case PageTouch.Mapped mapped -> {
          used(mapped.entry(), request.collisions());
          page++;
        }
        case PageTouch.Needs needs -> {
          // Made exclusive while nobody waits for it, the device would never hear of it.
          if (page == vpn || !(needs.operation() instanceof SpaceOperation.MakeExclusive)) {
            want(space, mirror.view().device(), page, needs.operation());
          }
          if (page == vpn) {
            return false;
          }
          end = page;
        }
        case PageTouch.NeedsFrame noneLeft -> {
          if (page == vpn) {
            starves = true;
            return false;
          }
          end = page;
        }
        case PageTouch.Refused no -> refused = no;
      }
    }
    if (page == vpn && refused != null) {
      reply(session, space.sequence(), request, refused.errno(), refused.message());
      return true;
    }
    answer(session, mirror, space, request, page);
    state.emit(new ShardEffect.FaultServed((int) (page - vpn), false));
    return true;
  }

  /** Tells the device of the pages that were served, and of those around that are one with them. */
  private void answer(
      ShardSession session, Mirror mirror, AddressSpace space, FaultRequest request, long vpnEnd) {
    DeviceView view = mirror.view();
    long vpn = Pages.number(request.address());
    Span told =
        large.around(
            space,
            view,
            request.around()
                ? new Span(Pages.number(mirror.start()), Pages.number(mirror.end()))
                : new Span(vpn, vpnEnd),
            new Span(vpn, vpnEnd),
            request.access());
    TranslationRuns runs = new TranslationRuns(state, view.device());
    LargeTouch.tell(space, told, runs);
    view.holders().grant(told.vpnStart(), (int) (told.vpnEnd() - told.vpnStart()));
    state.turns.served(space, view.device(), vpn, vpnEnd, request.collisions());
    state.placement.served(space, mirror, vpn, vpnEnd);
    int pagesBefore = (int) (vpn - told.vpnStart());
    send(
        session,
        new FaultReply(request.faultId(), space.sequence(), runs.build(), pagesBefore, null, ""));
  }

  /** Has something done first, or lets the fault nap: then it needs nothing but time. */
  private void want(AddressSpace space, DeviceId by, long vpn, SpaceOperation.Internal operation) {
    need = state.thrash.admit(space, by, vpn, operation);
    if (need != null) {
      state.wanted.add(need);
    }
  }

  private boolean serveCpu(AddressSpace space, ShardInput.CpuFault request) {
    need = null;
    starves = false;
    long vpn = Pages.number(request.address());
    long end = LargeTouch.servableEnd(space, space.cpu(), vpn, vpn + request.pageCount());
    if (end == vpn) {
      return false;
    }
    large.prepare(space, vpn, end, request.access());
    int count = 0;
    while (vpn + count < end) {
      switch (touch(space, vpn + count, request.access())) {
        case PageTouch.Mapped mapped -> {
          used(mapped.entry(), request.collisions());
          count++;
        }
        case PageTouch.Needs needs -> {
          want(space, DeviceId.CPU, vpn + count, needs.operation());
          if (count == 0) {
            return false;
          }
          end = vpn + count;
        }
        case PageTouch.NeedsFrame noneLeft -> {
          if (count == 0) {
            starves = true;
            return false;
          }
          end = vpn + count;
        }
        case PageTouch.Refused refused -> {
          if (count == 0) {
            endCpuFault(request, refused.errno(), refused.message());
            return true;
          }
          end = vpn + count;
        }
      }
    }
    Span served = new Span(vpn, vpn + count);
    Span told =
        large.around(space, space.cpu(), new Span(0, Pages.PAGE_LIMIT), served, request.access());
    long[] entries = new long[(int) (told.vpnEnd() - told.vpnStart())];
    for (int i = 0; i < entries.length; i++) {
      entries[i] = space.memory().entry(told.vpnStart() + i);
    }
    space.cpu().holders().grant(told.vpnStart(), entries.length);
    state.turns.served(space, DeviceId.CPU, vpn, vpn + count, request.collisions());
    state.emit(
        new ShardEffect.CpuFaultEnded(
            request.requestId(),
            request.spaceId(),
            told.vpnStart(),
            entries,
            devices.peersOf(entries),
            null,
            ""));
    return true;
  }

  /**
   * Whoever asked for the page keeps its frame long enough to use it, the longer the more often it
   * was lost.
   */
  private void used(long entry, int collided) {
    if (Pte.hasFrame(entry)) {
      int frame = Pte.frame(entry);
      state.frameTable.lists().touched(frame);
      long residencyNanos = state.config.turns().residencyNanos(collided);
      state.frameTable.lists().keep(frame, state.nowNanos, residencyNanos);
    }
  }

  /** Resolves one page for a device, which may have it already. */
  private PageTouch touchFrom(AddressSpace space, DeviceView view, long vpn, FaultRequest request) {
    PageTouch own = devices.touch(space, view, vpn, request.access());
    if (own != null) {
      return own;
    }
    PageTouch touched = touch(space, vpn, request.access());
    if (request.access() != Access.EXCLUSIVE || !(touched instanceof PageTouch.Mapped)) {
      return touched;
    }
    return devices.forExclusive(
        space, view, vpn, Pages.number(request.address()) + request.pageCount());
  }

  /** Resolves one page; a zero page that got its frame leaves the CPU's table first. */
  private PageTouch touch(AddressSpace space, long vpn, Access access) {
    boolean wasZero = Pte.isZero(space.memory().entry(vpn));
    return dropZero(space, vpn, wasZero, space.memory().touch(vpn, access));
  }

  /** As {@link #touch}, and the page has a frame of its own afterwards. */
  PageTouch touchForPin(AddressSpace space, long vpn, SpaceOperation.Pin pin) {
    Mapping mapping = space.memory().mappings().mapping(Pages.address(vpn));
    boolean writable = mapping != null && mapping.protection().write();
    large.prepare(space, vpn, vpn + 1, pin.write() || writable ? Access.WRITE : Access.READ);
    boolean wasZero = Pte.isZero(space.memory().entry(vpn));
    return dropZero(
        space,
        vpn,
        wasZero,
        space.memory().touchForPin(vpn, pin.write(), pin.purpose().longTerm()));
  }

  private PageTouch dropZero(AddressSpace space, long vpn, boolean wasZero, PageTouch touch) {
    if (wasZero
        && touch instanceof PageTouch.Mapped mapped
        && Pte.isPresent(mapped.entry())
        && space.cpu().holders().holdsAny(vpn, vpn + 1)) {
      state.emit(new ShardEffect.DropCpuZeroEntries(space.id(), vpn, vpn + 1));
    }
    return touch;
  }

  private void snapshot(
      ShardSession session,
      DeviceView view,
      AddressSpace space,
      FaultRequest request,
      long vpnEnd) {
    SpaceMemory memory = space.memory();
    TranslationRuns runs = new TranslationRuns(state, view.device());
    long vpn = Pages.number(request.address());
    int order = memory.large().order(vpn);
    for (long page = vpn; page < vpnEnd; page++) {
      order = page == Pages.blockStart(page) ? memory.large().order(page) : order;
      long entry = memory.entry(page);
      if (!memory.readable(page)) {
        runs.add(0, false, PageRun.State.ERROR);
      } else if (Pte.isPresent(entry)
          || Pte.isZero(entry)
          || (Pte.type(entry) == PteType.DEVICE_PRIVATE
              && devices.usable(space, view, page, entry))) {
        runs.add(entry, order);
        view.holders().grant(page, 1);
      } else {
        runs.add(Pte.generation(entry), false, PageRun.State.HOLE);
      }
    }
    send(session, new FaultReply(request.faultId(), space.sequence(), runs.build(), 0, null, ""));
  }

  private void reply(
      ShardSession session, long sequence, FaultRequest request, Errno errno, String message) {
    send(session, new FaultReply(request.faultId(), sequence, List.of(), 0, errno, message));
  }

  private void send(ShardSession session, FaultReply reply) {
    state.emit(new ShardEffect.Send(session.sessionId(), reply));
  }

  private void endCpuFault(ShardInput.CpuFault request, Errno errno, String message) {
    state.emit(
        new ShardEffect.CpuFaultEnded(
            request.requestId(),
            request.spaceId(),
            Pages.number(request.address()),
            new long[0],
            new TreeMap<>(),
            errno,
            message));
  }
}
