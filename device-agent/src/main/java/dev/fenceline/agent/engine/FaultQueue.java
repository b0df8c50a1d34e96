package dev.fenceline.agent.engine;

import dev.fenceline.model.Access;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.Errno;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.PageRun;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The faults of one link: those that wait to be asked for, those that were asked for, and the
 * commit of the answers. Confined to its engine; what waits outlives sessions.
 *
 * <p>Tickets of the same first page are asked for once, with the strongest access of read and
 * write; neighbouring pages are asked for in one request of up to {@link #MAX_REQUEST_PAGES} pages.
 * A ticket that comes while a request for its page is out joins it if that request asks for enough;
 * a permission upgrade is a new request.
 */
final class FaultQueue {
  static final int MAX_REQUEST_PAGES = 512;

  /** Requests in one batch on the wire. */
  static final int MAX_BATCH_REQUESTS = 256;

  private record InFlight(Mirror mirror, long vpn, int pageCount, Access access, List<Want> wants) {
    long end() {
      return vpn + pageCount;
    }
  }

  private final LinkSettings settings;
  private final MirrorBook mirrors;
  private final SplittableRandom random;
  private final LinkCounters counters;
  private final List<AgentEffect> effects;
  private final FaultCommit commit;
  private final DrainBook drains;
  private final MigrationWishes wishes;
  private final TreeMap<Long, Want.Ticket> tickets = new TreeMap<>();
  private final TreeMap<DeviceSpace, TreeMap<Long, Want>> waiting = new TreeMap<>();

  /** Never joined nor merged: each is a question of its own. */
  private final List<Want> waitingAlone = new ArrayList<>();

  private final TreeMap<Long, InFlight> inFlight = new TreeMap<>();
  private int credit;
  private long lastFaultId;
  private @Nullable DeviceSpace lastServedView;
  private long earliestRetryNanos = Long.MAX_VALUE;

  FaultQueue(LinkParts parts, FaultCommit commit, MigrationWishes wishes, SplittableRandom random) {
    this.settings = parts.settings();
    this.mirrors = parts.mirrors();
    this.random = random;
    this.counters = parts.counters();
    this.effects = parts.effects();
    this.commit = commit;
    this.drains = parts.drains();
    this.wishes = wishes;
  }

  int tickets() {
    return tickets.size();
  }

  int requestsInFlight() {
    return inFlight.size();
  }

  /** When a fault that waits for its retry may be asked for again. */
  long earliestRetryNanos() {
    return earliestRetryNanos;
  }

  /** False, and nothing is asked for, if no mirror of the device covers the address. */
  boolean wantCovered(AgentInput.FaultWanted wanted) {
    DeviceSpace view = new DeviceSpace(wanted.spaceId(), wanted.deviceIndex());
    boolean covered = mirrors.covering(view, Pages.address(wanted.vpn())) != null;
    if (covered) {
      want(wanted);
    }
    return covered;
  }

  void want(AgentInput.FaultWanted wanted) {
    counters.add(LinkCounter.FAULTS, 1);
    DeviceSpace view = new DeviceSpace(wanted.spaceId(), wanted.deviceIndex());
    Want.Ticket ticket = new Want.Ticket(wanted.ticket(), view, wanted.vpn(), wanted.access());
    if (tickets.size() >= settings.maxWaitingFaults()) {
      counters.add(LinkCounter.QUEUE_REFUSALS, 1);
      String message = tickets.size() + " faults wait already";
      refuse(ticket, Errno.RESOURCE_EXHAUSTED, message);
      return;
    }
    if (wanted.pageCount() < 1
        || wanted.pageCount() > MAX_REQUEST_PAGES
        || wanted.vpn() < 0
        || wanted.vpn() + wanted.pageCount() > Pages.PAGE_LIMIT) {
      refuse(ticket, Errno.EINVAL, wanted.pageCount() + " pages cannot be asked for");
      return;
    }
    if (mirrors.covering(view, Pages.address(wanted.vpn())) == null) {
      refuse(ticket, Errno.EFAULT, "no mirror of the device covers the address");
      return;
    }
    tickets.put(ticket.id, ticket);
    Want want = new Want(view, wanted.vpn(), wanted.pageCount(), wanted.access());
    want.collisions = wanted.collisions();
    want.tickets.add(ticket);
    if (!joinedRequest(want)) {
      enqueue(want);
    }
  }

  void abandon(long ticketId) {
    Want.Ticket ticket = tickets.remove(ticketId);
    if (ticket != null) {
      ticket.over = true;
    }
  }

  /** A request that is out and asks for enough answers this one too. */
  private boolean joinedRequest(Want want) {
    if (want.access == Access.SNAPSHOT) {
      return false;
    }
    boolean exclusive = want.access == Access.EXCLUSIVE;
    for (InFlight request : inFlight.values()) {
      if (request.mirror.view.equals(want.view)
          && request.vpn <= want.vpn
          && want.vpn < request.end()
          && (request.access == Access.EXCLUSIVE) == exclusive
          && request.access.covers(want.access)) {
        request.wants.add(want);
        return true;
      }
    }
    return false;
  }

  /**
   * A page for oneself has to be drained by everybody who uses it. Whoever needs less must not wait
   * for that: it may be waited for by the very program that uses the page (DESIGN 3.6).
   */
  private static boolean asksAlone(Access access) {
    return access == Access.SNAPSHOT || access == Access.EXCLUSIVE;
  }

  private void enqueue(Want want) {
    if (want.isDesertedNow()) {
      return;
    }
    if (want.notBeforeNanos != Long.MIN_VALUE) {
      earliestRetryNanos = Math.min(earliestRetryNanos, want.notBeforeNanos);
    }
    if (asksAlone(want.access)) {
      waitingAlone.add(want);
      return;
    }
    Want before = waiting.computeIfAbsent(want.view, key -> new TreeMap<>()).get(want.vpn);
    if (before != null) {
      before.absorb(want);
    } else {
      waiting.get(want.view).put(want.vpn, want);
    }
  }

  void sessionOpened(int faultCredit) {
    credit = faultCredit;
    earliestRetryNanos = Long.MAX_VALUE;
  }

  /** What was asked for in the session is asked for again in the next one (INV-9). */
  void sessionEnded() {
    credit = 0;
    List<InFlight> unanswered = new ArrayList<>(inFlight.values());
    inFlight.clear();
    commit.forgetInvalidations();
    for (InFlight request : unanswered) {
      counters.add(LinkCounter.FAULT_RETRIES, request.wants.size());
      request.wants.forEach(this::enqueue);
    }
  }

  void invalidated(HostMessage.Invalidate invalidate) {
    commit.invalidated(
        invalidate.spaceId(), invalidate.sequence(), invalidate.start(), invalidate.end());
    wishes.invalidated(invalidate);
  }

  /** Puts requests into the outbox, as many as the session's credit and one batch allow. */
  void dispatch(long nowNanos, Outbox outbox) {
    int room = Math.min(MAX_BATCH_REQUESTS, credit - inFlight.size());
    earliestRetryNanos = Long.MAX_VALUE;
    if (room <= 0 || (waiting.isEmpty() && waitingAlone.isEmpty())) {
      return; // an answer makes room and comes with a flush of its own
    }
    room = dispatchAlone(nowNanos, outbox, room);
    for (DeviceSpace view : viewsInTurn()) {
      if (room > 0) {
        room = dispatchView(view, nowNanos, outbox, room);
        lastServedView = view;
      }
    }
  }

  /** Beginning behind the one that was served last, so that no device starves another. */
  private List<DeviceSpace> viewsInTurn() {
    DeviceSpace last = lastServedView;
    if (last == null) {
      return new ArrayList<>(waiting.keySet());
    }
    List<DeviceSpace> views = new ArrayList<>(waiting.tailMap(last, false).keySet());
    views.addAll(waiting.headMap(last, true).keySet());
    return views;
  }

  private int dispatchAlone(long nowNanos, Outbox outbox, int room) {
    int left = room;
    List<Want> ready = new ArrayList<>(waitingAlone);
    waitingAlone.clear();
    for (Want want : ready) {
      Mirror mirror = askable(want, nowNanos);
      if (mirror == null || left == 0) {
        keepUnlessLost(want);
      } else {
        send(mirror, List.of(want), outbox);
        left--;
      }
    }
    return left;
  }

  private int dispatchView(DeviceSpace view, long nowNanos, Outbox outbox, int room) {
    int left = room;
    TreeMap<Long, Want> queued = waiting.remove(view);
    List<Want> range = new ArrayList<>();
    @Nullable Mirror rangeMirror = null;
    for (Want want : queued == null ? List.<Want>of() : List.copyOf(queued.values())) {
      Mirror mirror = askable(want, nowNanos);
      if (mirror == null) {
        keepUnlessLost(want);
        continue;
      }
      if (rangeMirror != null && (mirror != rangeMirror || !WantRange.continues(range, want))) {
        left = sendOrKeep(rangeMirror, range, outbox, left);
        range = new ArrayList<>();
      }
      rangeMirror = mirror;
      range.add(want);
    }
    return rangeMirror == null ? left : sendOrKeep(rangeMirror, range, outbox, left);
  }

  private int sendOrKeep(Mirror mirror, List<Want> range, Outbox outbox, int room) {
    if (room == 0) {
      range.forEach(this::enqueue);
      return 0;
    }
    send(mirror, range, outbox);
    return room - 1;
  }

  /** The open mirror to ask through, or null if the want cannot be asked for now. */
  private @Nullable Mirror askable(Want want, long nowNanos) {
    if (want.isDesertedNow() || want.notBeforeNanos > nowNanos) {
      return null;
    }
    want.notBeforeNanos = Long.MIN_VALUE; // it waits for something else now, not for a time
    Mirror mirror = mirrors.covering(want.view, Pages.address(want.vpn));
    return mirror != null && mirror.state == Mirror.State.OPEN ? mirror : null;
  }

  private void keepUnlessLost(Want want) {
    if (mirrors.covering(want.view, Pages.address(want.vpn)) == null) {
      for (Want.Ticket ticket : want.tickets) {
        refuse(ticket, Errno.EFAULT, "the mirror that covered the address has ended");
      }
    }
    enqueue(want);
  }

  private void send(Mirror mirror, List<Want> range, Outbox outbox) {
    long vpn = range.getFirst().vpn;
    int pageCount = (int) (Math.min(WantRange.endOf(range), Pages.number(mirror.end)) - vpn);
    Access access = range.getFirst().access;
    lastFaultId++;
    inFlight.put(lastFaultId, new InFlight(mirror, vpn, pageCount, access, new ArrayList<>(range)));
    counters.add(LinkCounter.FAULT_REQUESTS, 1);
    outbox.add(
        new AgentMessage.FaultRequest(
            lastFaultId,
            mirror.id,
            Pages.address(vpn),
            pageCount,
            access,
            WantRange.collisionsOf(range),
            access != Access.SNAPSHOT));
  }

  /** Whether the reply did something useful. */
  boolean reply(HostMessage.FaultReply reply, long nowNanos) {
    InFlight request = inFlight.remove(reply.faultId());
    if (request == null) {
      counters.add(LinkCounter.LATE_MESSAGES, 1);
      return false;
    }
    if (!request.mirror.isUsable()) {
      dropOlder(request, reply);
      // Another mirror may serve them; else the next dispatch refuses them.
      request.wants.forEach(this::enqueue);
      return false;
    }
    Errno errno = reply.errno();
    if (errno != null) {
      refused(request, errno, reply.message(), nowNanos);
      return true;
    }
    if (commit.collides(
        request.mirror.view.spaceId(), reply.sequence(), request.vpn, request.end())) {
      counters.add(LinkCounter.COLLISIONS, 1);
      dropOlder(request, reply);
      request.wants.forEach(want -> want.collisions++);
      retryLater(request.wants, nowNanos);
      return false;
    }
    served(request, reply, nowNanos);
    return true;
  }

  /** Only the answer tells of exclusive pages' new generation: what it finds of them is old. */
  private void dropOlder(InFlight request, HostMessage.FaultReply reply) {
    long start = Pages.address(request.vpn - reply.pagesBefore());
    for (PageRun run : reply.runs()) {
      long end = start + Pages.address(run.pageCount());
      if (run.state() == PageRun.State.EXCLUSIVE) {
        drains.drop(request.mirror.view, start, end, new DrainBook.NoDuty());
      }
      start = end;
    }
  }

  private void served(InFlight request, HostMessage.FaultReply reply, long nowNanos) {
    if (request.access == Access.SNAPSHOT) {
      for (Want want : request.wants) {
        want.tickets.forEach(ticket -> done(ticket, new FaultOutcome.Reported(reply.runs())));
      }
      return;
    }
    FaultCommit.Installed installed =
        commit.install(request.mirror, request.vpn, request.pageCount, reply);
    List<PageRun> runs = installed.runs();
    if (runs.isEmpty()) {
      retryLater(request.wants, nowNanos);
      return;
    }
    wishes.served(request.mirror, installed.vpn(), runs, nowNanos);
    serveWaiting(request.mirror.view, installed);
    List<Want> unserved = new ArrayList<>();
    for (Want want : request.wants) {
      int offset = (int) (want.vpn - installed.vpn());
      Want stronger = new Want(want.view, want.vpn, want.pageCount, want.access);
      for (Want.Ticket ticket : want.tickets) {
        if (FaultCommit.grants(runs, offset, ticket.access)) {
          done(ticket, new FaultOutcome.Served());
        } else {
          stronger.tickets.add(ticket);
        }
      }
      stronger.attempts = want.attempts;
      stronger.collisions = want.collisions;
      if (!stronger.isDesertedNow()) {
        unserved.add(stronger);
      }
    }
    // Behind the prefix: ask on at once. Inside it, without the permission: not in a tight loop.
    long prefixEnd = installed.vpn() + FaultCommit.pages(runs);
    unserved.stream().filter(want -> want.vpn >= prefixEnd).forEach(this::enqueue);
    retryLater(unserved.stream().filter(want -> want.vpn < prefixEnd).toList(), nowNanos);
  }

  /** Who waits for a page that came along need not ask for it. */
  private void serveWaiting(DeviceSpace view, FaultCommit.Installed installed) {
    TreeMap<Long, Want> queued = waiting.get(view);
    if (queued == null) {
      return;
    }
    long end = installed.vpn() + FaultCommit.pages(installed.runs());
    for (Want want : List.copyOf(queued.subMap(installed.vpn(), end).values())) {
      int offset = (int) (want.vpn - installed.vpn());
      for (Want.Ticket ticket : want.tickets) {
        if (FaultCommit.grants(installed.runs(), offset, ticket.access)) {
          done(ticket, new FaultOutcome.Served());
        }
      }
      if (want.isDesertedNow()) {
        queued.remove(want.vpn);
      }
    }
  }

  /** A refusal is about the first page: others are asked for by themselves. */
  private void refused(InFlight request, Errno errno, String message, long nowNanos) {
    if (isTransient(errno)) {
      retryLater(request.wants, nowNanos);
      return;
    }
    for (Want want : request.wants) {
      if (want.vpn == request.vpn) {
        refuseFirst(request, want, errno, message);
      } else {
        enqueue(want);
      }
    }
  }

  /** Who asked for less than what was refused (a read, with a write) is asked for by itself. */
  private void refuseFirst(InFlight request, Want want, Errno errno, String message) {
    Want weaker = new Want(want.view, want.vpn, want.pageCount, Access.READ);
    for (Want.Ticket ticket : want.tickets) {
      if (ticket.access == request.access) {
        refuse(ticket, errno, message);
      } else {
        weaker.tickets.add(ticket);
        weaker.access = ticket.access.covers(weaker.access) ? ticket.access : weaker.access;
      }
    }
    enqueue(weaker);
  }

  private static boolean isTransient(Errno errno) {
    return switch (errno) {
      case EAGAIN, EBUSY, STALE, UNAVAILABLE, ETIME -> true;
      case EFAULT, EPERM, EINVAL, ENOMEM, EEXIST, ENOENT -> false;
      case RESOURCE_EXHAUSTED, DATA_LOSS, OOM_KILLED -> false;
    };
  }

  /** The first retry is at once, later ones wait longer and longer, with jitter, up to a bound. */
  private void retryLater(List<Want> wants, long nowNanos) {
    for (Want want : wants) {
      want.attempts++;
      counters.add(LinkCounter.FAULT_RETRIES, 1);
      want.notBeforeNanos =
          want.attempts == 1 ? Long.MIN_VALUE : nowNanos + retryDelayNanos(want.attempts);
      enqueue(want);
    }
  }

  private long retryDelayNanos(int attempts) {
    int doublings = Math.min(attempts - 2, 30);
    long bound =
        Math.min(settings.faultRetryMaxNanos(), settings.faultRetryInitialNanos() << doublings);
    return bound / 2 + random.nextLong(bound / 2 + 1);
  }

  /** The space is gone: nothing that is asked of it can be had. */
  void spaceReleased(long spaceId) {
    inFlight.values().removeIf(request -> request.mirror.view.spaceId() == spaceId);
    waiting.keySet().removeIf(view -> view.spaceId() == spaceId);
    waitingAlone.removeIf(want -> want.view.spaceId() == spaceId);
    commit.spaceReleased(spaceId);
    wishes.spaceReleased(spaceId);
    for (Want.Ticket ticket : List.copyOf(tickets.values())) {
      if (ticket.view.spaceId() == spaceId) {
        refuse(ticket, Errno.EFAULT, "address space " + spaceId + " is gone");
      }
    }
  }

  /** The link is stopped for good. */
  void refuseAll() {
    inFlight.clear();
    waiting.clear();
    waitingAlone.clear();
    for (Want.Ticket ticket : List.copyOf(tickets.values())) {
      refuse(ticket, Errno.UNAVAILABLE, "the agent leaves the host");
    }
  }

  private void refuse(Want.Ticket ticket, Errno errno, String message) {
    done(ticket, new FaultOutcome.Refused(errno, message, Pages.address(ticket.vpn)));
  }

  private void done(Want.Ticket ticket, FaultOutcome outcome) {
    if (!ticket.over) {
      ticket.over = true;
      tickets.remove(ticket.id);
      effects.add(new AgentEffect.FaultDone(ticket.id, outcome));
    }
  }
}
