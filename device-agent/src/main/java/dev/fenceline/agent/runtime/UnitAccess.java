package dev.fenceline.agent.runtime;

import dev.fenceline.agent.engine.FaultOutcome;
import dev.fenceline.agent.runtime.program.Dependencies;
import dev.fenceline.agent.runtime.program.ProgramReport;
import dev.fenceline.concurrent.MirrorAccess;
import dev.fenceline.concurrent.MirrorEntry;
import dev.fenceline.concurrent.Transfers;
import dev.fenceline.model.Access;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import dev.fenceline.model.Peer;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * How an execution unit gets at memory. Confined to the unit's thread; one per run of a program.
 *
 * <p>Lease, then announce, then look the translations up, then DMA while the announcement stands,
 * then withdraw. A process that is frozen between the lease check and the DMA does no harm: the
 * host checks (epoch, session, generation) of every request as an IOMMU would.
 *
 * <p>A page in the device's own memory is read and written in place while the announcement stands:
 * whoever takes the page away clears its entry, waits for the withdrawal, and only then copies and
 * frees it (INV-3, INV-7). An access that crosses from one kind of memory into another is done in
 * parts, each an access of its own: words never cross, so they stay whole (INV-13).
 */
public final class UnitAccess {
  private static final int MAX_REQUEST_PAGES = 512;
  private static final int MAX_PAGES = DmaRequest.MAX_LENGTH_BYTES / Pages.SIZE_BYTES + 1;
  private static final long REPEAT_PAUSE_NANOS = 2_000_000;
  private static final long NO_PAGE = -1;

  /**
   * Collisions after which an access is done page by page as they come: the host may never have
   * frames for all of them at once.
   */
  private static final int PARTS_AFTER = 3;

  private static final byte[] NOTHING = {};

  /** How soon a wait notices that its program is cancelled. */
  private static final long CANCEL_NOTICED_NANOS = 20_000_000;

  private final HostLink link;
  private final Device device;
  private final int unit;
  private final long spaceId;
  private final long deadlineNanos;
  private final ProgramProgress progress;
  private final MirrorView view;
  private final long[] entries = new long[MAX_PAGES];

  /** Entries of the pages that the program holds, from the first one on, if it does. */
  private long[] held = {};

  private long heldVpn;
  private HostLink.@Nullable Session heldSession;

  /** The furthest page that the access that is being done faulted for. */
  private long furthestFaultVpn = NO_PAGE;

  /** How often one of its translations was gone before all of them could be used. */
  private int collisions;

  private long faults;
  private long retries;
  private long rewrites;

  /**
   * @param unit the unit that calls, which owns the access slots of this number
   * @param deadlineNanos by the agent's clock
   */
  public UnitAccess(
      HostLink link,
      Device device,
      int unit,
      long spaceId,
      long deadlineNanos,
      ProgramProgress progress) {
    this.progress = progress;
    this.link = link;
    this.device = device;
    this.unit = unit;
    this.spaceId = spaceId;
    this.deadlineNanos = deadlineNanos;
    this.view = link.view(device.index(), spaceId);
  }

  public ProgramProgress progress() {
    return progress;
  }

  /** Faults that this run asked for. */
  public long faults() {
    return faults;
  }

  /** Accesses of this run that had to begin again. */
  public long retries() {
    return retries;
  }

  /** Writes of this run that were repeated because their reply was lost with the session. */
  public long rewrites() {
    return rewrites;
  }

  private void retried() {
    retries++;
    device.counters().faultRetries.increment();
  }

  /** Does the access, with as many attempts as it takes until the deadline. */
  public AccessOutcome perform(AccessRequest request) throws InterruptedException {
    if (request.address() < 0 || request.address() > Pages.ADDRESS_LIMIT - request.length()) {
      return new AccessOutcome.Refused(
          Errno.EFAULT, "the address is outside of [0, 2^47)", request.address());
    }
    furthestFaultVpn = NO_PAGE;
    collisions = 0;
    AccessRequest left = request;
    byte[] gathered = NOTHING;
    while (true) {
      AccessOutcome outcome = attempt(left);
      if (outcome instanceof AccessOutcome.Part part) {
        int done = request.length() - left.length();
        gathered = request.gathered(gathered, part.data(), done);
        left = left.behind(part.length());
      } else if (outcome instanceof AccessOutcome.Done done && gathered.length > 0) {
        System.arraycopy(
            done.data(), 0, gathered, request.length() - left.length(), done.data().length);
        return new AccessOutcome.Done(gathered, done.previous());
      } else if (outcome != null) {
        return outcome;
      }
      if (Thread.interrupted()) {
        throw new InterruptedException("the device stops");
      }
    }
  }

  /** Null means: again. A part means: go on behind it. */
  private @Nullable AccessOutcome attempt(AccessRequest request) throws InterruptedException {
    long now = link.clock().getAsLong();
    if (now >= deadlineNanos) {
      return late(request.address());
    }
    String stopped = progress.stopped();
    if (stopped != null) {
      return new AccessOutcome.Refused(Errno.EAGAIN, stopped, request.address());
    }
    HostLink.Session session = link.session();
    if (session == null || !link.leaseHolds()) {
      link.awaitSession(null, Math.min(deadlineNanos, now + CANCEL_NOTICED_NANOS));
      return null;
    }
    long vpn = Pages.number(request.address());
    int pages = Pages.touched(request.address(), request.length());
    long needed = LocalTranslation.neededFor(accessFor(request.operation().writes()));
    boolean byHold = heldGrants(session, vpn, pages, needed);
    long opened = byHold ? unit : view.access.openAt(unit, vpn, pages, needed, entries);
    if (!MirrorAccess.isOpen(opened)) {
      int there = (int) (MirrorAccess.missedVpn(opened) - vpn);
      if (there == 0 || collisions < PARTS_AFTER) {
        return fault(request, vpn + there);
      }
      AccessRequest part = request.onFirst(there);
      return partOf(request, part, attempt(part));
    }
    return opened(request, session, pages, byHold);
  }

  private Access accessFor(boolean writes) {
    boolean exclusive = progress.dependencies().exclusive();
    return exclusive ? Access.EXCLUSIVE : writes ? Access.WRITE : Access.READ;
  }

  /** The access is open: does as much of it as lies in one kind of memory. */
  private @Nullable AccessOutcome opened(
      AccessRequest request, HostLink.Session session, int pages, boolean byHold)
      throws InterruptedException {
    int alike = 1;
    while (alike < pages && LocalTranslation.sameWay(entries[0], entries[alike])) {
      alike++;
    }
    AccessRequest now = request.onFirst(alike);
    int place = MirrorEntry.frame(entries[0]);
    AccessOutcome outcome;
    if (LocalTranslation.isLocal(place)) {
      try {
        outcome = local(now);
      } finally {
        closeUnless(byHold);
      }
    } else {
      Transfers.Result result;
      try {
        result = remote(now, session, alike, place);
      } finally {
        closeUnless(byHold);
      }
      outcome =
          switch (result) {
            case Transfers.Result.Answered answered ->
                answered(now, session, alike, answered.reply());
            case Transfers.Result.Lost lost -> lost(now);
          };
    }
    return partOf(request, now, outcome);
  }

  private static @Nullable AccessOutcome partOf(
      AccessRequest whole, AccessRequest part, @Nullable AccessOutcome outcome) {
    return outcome instanceof AccessOutcome.Done done && part.length() < whole.length()
        ? new AccessOutcome.Part(done.data(), part.length())
        : outcome;
  }

  /** What a hold announces stays announced. */
  private void closeUnless(boolean byHold) {
    if (!byHold) {
      view.access.close(unit);
    }
  }

  /** Bytes in the device's own memory; the announcement keeps them where they are. */
  private AccessOutcome local(AccessRequest request) {
    device.counters().localBytes.add(request.length());
    LocalBytes bytes = new LocalBytes(device.memory(), entries);
    return switch (request.operation()) {
      case READ -> new AccessOutcome.Done(bytes.read(request.address(), request.length()), 0);
      case WRITE -> {
        bytes.write(request.address(), request.data());
        yield new AccessOutcome.Done(NOTHING, 0);
      }
      case FETCH_ADD ->
          new AccessOutcome.Done(NOTHING, bytes.getAndAdd(request.address(), request.operand()));
      case COMPARE_AND_SET ->
          new AccessOutcome.Done(
              NOTHING, bytes.compareAndExchange(request.address(), 0, request.operand()));
    };
  }

  /** Bytes in the host's frames, or in the memory of a peer. */
  private Transfers.Result remote(
      AccessRequest request, HostLink.Session session, int pages, int place)
      throws InterruptedException {
    pause(device.delays().dmaNanos());
    if (LocalTranslation.isPeer(place)) {
      Peer peer = link.peers().peer(LocalTranslation.peerNumber(place));
      device.counters().peerBytes.add(request.length());
      return link.peerMemory()
          .access(peer, dma(request, session, pages, peer.device().deviceIndex()));
    }
    long began = link.clock().getAsLong();
    Transfers.Result result =
        link.transfers().perform(dma(request, session, pages, device.index()));
    device.counters().dmaRequests.increment();
    boolean writes = request.operation().writes();
    (writes ? device.counters().dmaWrittenBytes : device.counters().dmaReadBytes)
        .add(request.length());
    link.observer().dmaDone(device, writes, request.length(), link.clock().getAsLong() - began);
    return result;
  }

  private DmaRequest dma(
      AccessRequest request, HostLink.Session session, int pages, int deviceIndex) {
    int[] generations = new int[pages];
    Arrays.setAll(generations, i -> MirrorEntry.generation(entries[i]));
    return new DmaRequest(
        link.transfers().nextId(),
        session.hostEpoch(),
        session.sessionId(),
        spaceId,
        deviceIndex,
        request.address(),
        request.length(),
        request.operation(),
        generations,
        request.data(),
        request.operand(),
        0);
  }

  private @Nullable AccessOutcome answered(
      AccessRequest request, HostLink.Session session, int pages, DmaReply reply)
      throws InterruptedException {
    return switch (reply.outcome()) {
      case DONE -> done(request, reply);
      case STALE_PAGE, READ_ONLY -> {
        device.counters().staleRefusals.increment();
        retried();
        letGo(); // what the host refuses is held in vain
        long vpn = Pages.number(request.address());
        for (int i = 0; i < pages; i++) {
          link.entryStale(device.index(), spaceId, vpn + i, MirrorEntry.generation(entries[i]));
        }
        yield null;
      }
      case STALE_SESSION -> {
        device.counters().staleRefusals.increment();
        retried();
        // The break of the attach stream is on its way to us, or the host has declared us dead.
        link.awaitSession(
            session, Math.min(deadlineNanos, link.clock().getAsLong() + CANCEL_NOTICED_NANOS));
        yield null;
      }
      case MALFORMED -> new AccessOutcome.Refused(Errno.EINVAL, reply.message(), request.address());
    };
  }

  private static AccessOutcome done(AccessRequest request, DmaReply reply) {
    boolean reads = request.operation() == DmaRequest.Operation.READ;
    if (reads && reply.data().length != request.length()) {
      return new AccessOutcome.Refused(
          Errno.EINVAL,
          "the host answered " + reply.data().length + " of " + request.length() + " bytes",
          request.address());
    }
    return new AccessOutcome.Done(reply.data(), reply.previous());
  }

  /** Nobody knows whether the host did it: a read or a repeatable write is simply done again. */
  private @Nullable AccessOutcome lost(AccessRequest request) {
    if (request.operation().writes()) {
      if (!request.repeatable()) {
        return new AccessOutcome.InDoubt();
      }
      rewrites++;
    }
    retried();
    LockSupport.parkNanos(REPEAT_PAUSE_NANOS);
    return null;
  }

  /** Null if the first page can be tried again. */
  private @Nullable AccessOutcome fault(AccessRequest request, long vpn)
      throws InterruptedException {
    long end = Math.max(request.address() + request.length(), request.aheadEnd());
    long pagesAhead = Pages.number(Pages.roundUp(end)) - vpn;
    Access access = accessFor(request.operation().writes());
    if (vpn <= furthestFaultVpn) {
      retried(); // the translation that came was gone again before it could be used
      collisions++;
    } else {
      furthestFaultVpn = vpn;
    }
    pause(device.delays().faultNanos());
    faults++;
    device.counters().faults.increment();
    long began = link.clock().getAsLong();
    HostLink.PendingFault pending =
        link.fault(
            device.index(),
            spaceId,
            vpn,
            (int) Math.min(MAX_REQUEST_PAGES, pagesAhead),
            access,
            collisions);
    progress.waits(Pages.address(vpn), began);
    FaultOutcome outcome;
    try {
      outcome = outcomeOf(pending);
    } finally {
      progress.goesOn();
    }
    if (outcome == null) {
      return null; // the next attempt says why
    }
    link.observer().faultDone(device, link.clock().getAsLong() - began);
    return switch (outcome) {
      case FaultOutcome.Served() -> null;
      case FaultOutcome.Reported reported -> null;
      case FaultOutcome.Refused refused ->
          new AccessOutcome.Refused(
              refused.errno(), refused.message(), Math.max(request.address(), refused.address()));
    };
  }

  /** Null if the time is over first or the program is cancelled; then nobody waits any more. */
  private @Nullable FaultOutcome outcomeOf(HostLink.PendingFault pending)
      throws InterruptedException {
    while (progress.stopped() == null) {
      long left = deadlineNanos - link.clock().getAsLong();
      if (left <= 0) {
        break;
      }
      try {
        return pending.outcome().get(Math.min(left, CANCEL_NOTICED_NANOS), TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        // Looks whether the program is cancelled, and waits on.
      } catch (ExecutionException e) {
        throw new IllegalStateException("a fault's future never fails", e);
      }
    }
    link.abandon(pending);
    return null;
  }

  /**
   * Takes the translations of the pages that the program holds, faulting until it has them all at
   * once, and keeps them in use until {@link #letGo}.
   *
   * @return null if it has them
   */
  ProgramReport.@Nullable Failure hold(Dependencies wanted) throws InterruptedException {
    long start = wanted.holdStart();
    boolean writes = wanted.holdsForWriting();
    AccessRequest request =
        writes
            ? AccessRequest.write(start, new byte[Long.BYTES], wanted.holdEnd(), true)
            : AccessRequest.read(start, Long.BYTES, wanted.holdEnd());
    long[] found = new long[wanted.heldPages()];
    furthestFaultVpn = NO_PAGE;
    collisions = 0;
    while (true) {
      long now = link.clock().getAsLong();
      String stopped =
          now >= deadlineNanos ? "the program's deadline has passed" : progress.stopped();
      if (stopped != null) {
        Errno errno = now >= deadlineNanos ? Errno.ETIME : Errno.EAGAIN;
        return new ProgramReport.Failure(errno, stopped, start);
      }
      HostLink.Session session = link.session();
      if (session == null || !link.leaseHolds()) {
        link.awaitSession(null, Math.min(deadlineNanos, now + CANCEL_NOTICED_NANOS));
        continue;
      }
      long opened =
          view.access.openAt(
              holdSlot(),
              Pages.number(start),
              found.length,
              LocalTranslation.neededFor(accessFor(writes)),
              found);
      if (MirrorAccess.isOpen(opened)) {
        held = found;
        heldVpn = Pages.number(start);
        heldSession = session;
        progress.holds(true);
        return null;
      }
      if (fault(request, MirrorAccess.missedVpn(opened)) instanceof AccessOutcome.Refused refused) {
        return new ProgramReport.Failure(refused.errno(), refused.message(), refused.address());
      }
    }
  }

  /** Whether the session is over under which the pages were taken: nothing of them may be used. */
  boolean holdLost() {
    return held.length > 0 && (link.session() != heldSession || !link.leaseHolds());
  }

  /** Ends the use of what the program holds, if it does. */
  void letGo() {
    if (held.length > 0) {
      held = new long[0];
      progress.holds(false);
      view.access.close(holdSlot());
    }
  }

  private int holdSlot() {
    return device.description().units() + unit;
  }

  /** Fills the entries from what is held if it grants all of them. */
  private boolean heldGrants(HostLink.Session session, long vpn, int pages, long needed) {
    long first = vpn - heldVpn;
    if (held.length == 0 || session != heldSession || first < 0 || first + pages > held.length) {
      return false;
    }
    for (int i = 0; i < pages; i++) {
      entries[i] = held[(int) first + i];
      if (!MirrorEntry.grants(entries[i], needed)) {
        return false;
      }
    }
    return true;
  }

  private static AccessOutcome late(long address) {
    return new AccessOutcome.Refused(Errno.ETIME, "the program's deadline has passed", address);
  }

  /** Sleeps, however often it is woken; slow hardware is not in a hurry. */
  private void pause(long nanos) throws InterruptedException {
    if (nanos > 0) {
      TimeUnit.NANOSECONDS.sleep(nanos);
    }
  }
}
