package dev.fenceline.agent.runtime;

import dev.fenceline.agent.engine.AgentInput;
import dev.fenceline.agent.engine.FaultOutcome;
import dev.fenceline.agent.engine.LinkSettings;
import dev.fenceline.agent.engine.LinkState;
import dev.fenceline.agent.engine.memory.LinkMemory;
import dev.fenceline.agent.engine.memory.MigrationPolicy;
import dev.fenceline.agent.runtime.program.Program;
import dev.fenceline.agent.runtime.program.ProgramReport;
import dev.fenceline.concurrent.PeerConnector;
import dev.fenceline.model.Access;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A device agent at run time: its devices and its links to hosts. Thread-safe. */
public final class AgentRuntime implements AutoCloseable {
  /** What the runtime is told at its start; immutable. */
  public record Settings(
      LinkSettings link,
      Delays delays,
      int maxQueuedPrograms,
      long stopTimeoutNanos,
      MigrationPolicy migration) {
    /** Devices that ask for no migrations. */
    public Settings(
        LinkSettings link, Delays delays, int maxQueuedPrograms, long stopTimeoutNanos) {
      this(link, delays, maxQueuedPrograms, stopTimeoutNanos, MigrationPolicy.NEVER);
    }
  }

  /** Longest bound of a program. */
  public static final long MAX_DEADLINE_NANOS = 600_000_000_000L;

  private static final Logger LOG = LoggerFactory.getLogger(AgentRuntime.class);
  private static final ProgramReport STOPPING =
      ProgramReport.refused(Errno.UNAVAILABLE, "the agent stops", null);

  /** How soon a wait notices that its program is cancelled. */
  private static final long CANCEL_NOTICED_NANOS = 20_000_000;

  private static final long DEFAULT_DEADLINE_NANOS = 60_000_000_000L;

  private final Settings settings;
  private final HostConnector.Factory connectors;
  private final LongSupplier clock;
  private final AgentObserver observer;
  private final SplittableRandom random;
  private final ScheduledThreadPoolExecutor executor;
  private final DelayLine delays = new DelayLine();
  private final List<Device> devices;
  private final RoomMaker rooms;
  private final PeerDesk peerDesk;
  private final PeerConnector peerConnector;
  private final Homecoming homecoming;
  private final ConcurrentSkipListMap<String, HostLink> links = new ConcurrentSkipListMap<>();
  private final ProgramDesk programs;
  private final DrainDesk drains;
  private final SyncPeers syncPeers;

  /** True while all devices are drained and the hosts are left; written under the links' lock. */
  private volatile boolean left;

  /** Where this agent serves its devices' memory; known when its server listens. */
  private volatile String peerTarget = "";

  /**
   * @param clock monotonic, nanoseconds
   * @param random for jitter
   */
  public AgentRuntime(
      Settings settings,
      HostConnector.Factory connectors,
      LongSupplier clock,
      AgentObserver observer,
      SplittableRandom random) {
    this(settings, connectors, clock, observer, random, AgentPeers.NONE);
  }

  /**
   * An agent that knows the way to others.
   *
   * @param clock monotonic, nanoseconds
   * @param random for jitter
   */
  public AgentRuntime(
      Settings settings,
      HostConnector.Factory connectors,
      LongSupplier clock,
      AgentObserver observer,
      SplittableRandom random,
      AgentPeers peers) {
    this.syncPeers = peers.syncPoints();
    this.settings = settings;
    this.peerConnector = peers.memory();
    this.homecoming = new Homecoming(settings.stopTimeoutNanos());
    this.connectors = connectors;
    this.clock = clock;
    this.observer = observer;
    this.random = random;
    AtomicInteger threads = new AtomicInteger();
    this.executor =
        new ScheduledThreadPoolExecutor(
            2,
            task ->
                Thread.ofPlatform()
                    .name("agent-timer-" + threads.incrementAndGet())
                    .daemon()
                    .unstarted(task));
    executor.setRemoveOnCancelPolicy(true);
    // What comes when the process ends is nobody's.
    executor.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
    executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    List<Device> all = new ArrayList<>();
    for (DeviceDescription description : settings.link().devices()) {
      all.add(new Device(description, settings.delays(), settings.maxQueuedPrograms()));
    }
    this.devices = List.copyOf(all);
    this.rooms = new RoomMaker(devices);
    this.peerDesk = new PeerDesk(devices, this::link);
    this.programs = new ProgramDesk(this::runOnUnit, clock);
    this.drains = new DrainDesk(devices, new DrainDuties(), executor, clock);
    devices.forEach(Device::start);
  }

  /** The programs of this boot. */
  public ProgramDesk programs() {
    return programs;
  }

  /**
   * Links that are added from now on tell their hosts where the memory of the devices is served.
   */
  public void servesPeersAt(String target) {
    peerTarget = target;
  }

  /** Sees to it that this page leaves a device's memory; false if it holds nothing that could. */
  public boolean forceEviction(Device device, int localPage) {
    return rooms.force(device.index(), localPage);
  }

  /** Sees to it that a device's memory has so many pages to spare. */
  public void makeRoom(Device device, int pages) {
    rooms.makeRoom(device.index(), pages);
  }

  /** The memory of this agent's devices, for peers. */
  public PeerDesk peerDesk() {
    return peerDesk;
  }

  /** Which devices take work. */
  public DrainDesk drains() {
    return drains;
  }

  /** Whether every device is drained and the hosts are left, or about to be. */
  public boolean left() {
    return left;
  }

  public String agentId() {
    return settings.link().agentId();
  }

  public long bootToken() {
    return settings.link().bootToken();
  }

  public List<Device> devices() {
    return devices;
  }

  public List<HostLink> links() {
    return List.copyOf(links.values());
  }

  /** Attaches to the host at {@code host:port}, unless it is attached already or tries to. */
  public HostLink addHost(String target) {
    return dial("", target);
  }

  private HostLink dial(String hostId, String target) {
    String address = target.replaceFirst("^localhost:", "127.0.0.1:");
    synchronized (links) {
      HostLink known = links.get(address);
      if (known != null) {
        return known;
      }
      int keeper = links.size();
      HostLink link =
          new HostLink(
              address,
              connectors.connectorTo(hostId, address),
              new LinkSurroundings(
                  devices, settings.link(), executor, delays, clock, observer, rooms),
              new LinkMemory(new KeptPages(devices, keeper), peerTarget, settings.migration()),
              new PeerMemory(agentId(), peerDesk, peerConnector),
              random.split());
      rooms.keeps(keeper, link);
      links.put(address, link);
      observer.linkAdded(link);
      if (!left) {
        link.start(); // else when a device is returned
      }
      return link;
    }
  }

  /**
   * Attaches to a host by name: not again if a link to another address leads to the same host,
   * since the two would take the session from each other.
   */
  public void addHost(String hostId, String target) {
    HostLink known = link(hostId);
    if (hostId.isEmpty() || known == null || known.state() != LinkState.ATTACHED) {
      dial(hostId, target);
    }
  }

  /**
   * The link to a host, an attached one if there is one.
   *
   * @param hostId as the host names itself; empty means the only one
   * @return null if there is none, or if the name is empty and there are several
   */
  public @Nullable HostLink link(String hostId) {
    List<HostLink> named = new ArrayList<>(links.values());
    named.removeIf(link -> !hostId.isEmpty() && !link.hostId().equals(hostId));
    if (named.size() == 1) {
      return named.getFirst();
    }
    named.removeIf(link -> link.state() != LinkState.ATTACHED);
    return named.size() == 1 || (!named.isEmpty() && !hostId.isEmpty()) ? named.getFirst() : null;
  }

  /**
   * Queues a program for a unit of the device; completes when it has ended.
   *
   * @param deadlineNanos bound of the whole run from now on; 0 is 60 s
   */
  public CompletableFuture<ProgramReport> run(
      HostLink link, Device device, long spaceId, Program program, long deadlineNanos) {
    return run(new ProgramDesk.Order(link, device, spaceId, program), deadlineNanos);
  }

  /**
   * Queues a program for a unit of its device; completes when it has ended.
   *
   * @param deadlineNanos bound of the whole run from now on; 0 is 60 s
   */
  public CompletableFuture<ProgramReport> run(ProgramDesk.Order order, long deadlineNanos) {
    return switch (submit(order, deadlineNanos)) {
      case ProgramDesk.Submitted.Accepted accepted -> accepted.report();
      case ProgramDesk.Submitted.Refused refused ->
          CompletableFuture.completedFuture(
              ProgramReport.refused(refused.errno(), refused.message(), null));
    };
  }

  /**
   * Queues a program for a unit of the device.
   *
   * @param deadlineNanos bound of the whole run from now on; 0 is 60 s
   */
  public ProgramDesk.Submitted submit(ProgramDesk.Order order, long deadlineNanos) {
    if (deadlineNanos < 0 || deadlineNanos > MAX_DEADLINE_NANOS) {
      return new ProgramDesk.Submitted.Refused(Errno.EINVAL, "the deadline is beyond 600 s");
    }
    String objection = order.dependencies().objection(order.program(), agentId());
    if (objection != null) {
      return new ProgramDesk.Submitted.Refused(Errno.EINVAL, objection);
    }
    order.device().announceOffer();
    try {
      String refusal = noWorkFor(order.device());
      if (refusal != null) {
        return new ProgramDesk.Submitted.Refused(Errno.EAGAIN, refusal);
      }
      long end = clock.getAsLong() + (deadlineNanos == 0 ? DEFAULT_DEADLINE_NANOS : deadlineNanos);
      return programs.submit(order, end);
    } finally {
      order.device().offerMade();
    }
  }

  /** Why the device takes no programs and mirrors; null if it does. */
  public @Nullable String noWorkFor(Device device) {
    return drains.takesWork(device)
        ? null
        : "device %d is %s; return it first"
            .formatted(
                device.index(), drains.standing(device).state().name().toLowerCase(Locale.ROOT));
  }

  private ProgramReport runOnUnit(
      ProgramDesk.Order order, int unit, long deadlineNanos, ProgramProgress progress)
      throws InterruptedException {
    Device device = order.device();
    Program program = order.program();
    try {
      ProgramReport refusal =
          mirrorOrRefusal(order.link(), device, order.spaceId(), deadlineNanos, progress);
      if (refusal != null) {
        return refusal;
      }
      return new DependentRun(
              order,
              () ->
                  new UnitAccess(
                      order.link(), device, unit, order.spaceId(), deadlineNanos, progress),
              (point, timeoutNanos) ->
                  point.isOf(agentId())
                      ? programs.await(point, timeoutNanos)
                      : syncPeers.await(point, timeoutNanos),
              clock,
              deadlineNanos,
              progress)
          .run();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return STOPPING;
    } catch (RuntimeException | Error e) {
      LOG.error("{} failed on {}", program, device.description().name(), e);
      return ProgramReport.refused(
          Errno.UNAVAILABLE, "the program broke off, see the agent's log: " + e, null);
    }
  }

  /** Subscribes the device to the whole space unless it has a mirror on it. */
  private @Nullable ProgramReport mirrorOrRefusal(
      HostLink link, Device device, long spaceId, long deadlineNanos, ProgramProgress progress)
      throws InterruptedException {
    CompletableFuture<HostLink.MirrorOutcome> asked =
        link.openMirror(device.index(), spaceId, 0, Pages.ADDRESS_LIMIT, true);
    HostLink.MirrorOutcome outcome = null;
    while (outcome == null && clock.getAsLong() < deadlineNanos) {
      String cancelled = progress.cancelled();
      if (cancelled != null) {
        return ProgramReport.refused(Errno.EAGAIN, cancelled, null);
      }
      outcome = await(asked, Math.min(deadlineNanos, clock.getAsLong() + CANCEL_NOTICED_NANOS));
    }
    return switch (outcome) {
      case HostLink.MirrorOutcome.Opened opened -> null;
      case HostLink.MirrorOutcome.Closed closed -> null;
      case HostLink.MirrorOutcome.Refused refused ->
          ProgramReport.refused(refused.errno(), refused.message(), null);
      case null ->
          ProgramReport.refused(Errno.ETIME, "no mirror before the program's deadline", null);
    };
  }

  /**
   * What is mapped in a range of pages, without faulting: one answer, for a prefix of it.
   *
   * @return null if the time is over first
   */
  public @Nullable FaultOutcome snapshot(
      HostLink link, Device device, long spaceId, long vpn, int pageCount)
      throws InterruptedException {
    long deadline = clock.getAsLong() + DEFAULT_DEADLINE_NANOS / 6;
    ProgramReport refusal = mirrorOrRefusal(link, device, spaceId, deadline, new ProgramProgress());
    if (refusal != null && refusal.failure() != null) {
      return new FaultOutcome.Refused(
          refusal.failure().errno(), refusal.failure().message(), Pages.address(vpn));
    }
    HostLink.PendingFault pending =
        link.fault(device.index(), spaceId, vpn, pageCount, Access.SNAPSHOT, 0);
    FaultOutcome outcome = await(pending.outcome(), deadline);
    if (outcome == null) {
      link.abandon(pending);
    }
    return outcome;
  }

  private <T> @Nullable T await(CompletableFuture<T> future, long deadlineNanos)
      throws InterruptedException {
    try {
      return future.get(Math.max(0, deadlineNanos - clock.getAsLong()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return null;
    } catch (ExecutionException e) {
      throw new IllegalStateException("an answer's future never fails", e);
    }
  }

  /**
   * Drains every device and leaves the hosts; waits until that is so, or the time is over.
   *
   * @param boundNanos after this time programs that still run are preempted
   */
  public void drainAndLeave(String reason, long boundNanos) throws InterruptedException {
    drains.drain(devices, reason, boundNanos);
    long giveUpNanos = clock.getAsLong() + boundNanos + settings.stopTimeoutNanos();
    while (!left && clock.getAsLong() < giveUpNanos) {
      TimeUnit.NANOSECONDS.sleep(CANCEL_NOTICED_NANOS / 4);
    }
  }

  /** What a drain asks of the agent. */
  private final class DrainDuties implements DrainDesk.Duties {
    @Override
    public void cancelPrograms(Device device, String why) {
      programs.cancelAll(device.index(), why);
    }

    @Override
    public void closeMirrors(Device device, Runnable onClosed) {
      device.memory().close(); // first, or what comes home would be replaced (pitfall 30)
      CompletableFuture<?>[] closing =
          links.values().stream()
              .map(
                  link ->
                      homecoming
                          .of(link, device)
                          .thenCompose(remaining -> link.closeDevice(device.index())))
              .toArray(CompletableFuture<?>[]::new);
      CompletableFuture.allOf(closing).thenRunAsync(onClosed, executor);
    }

    @Override
    public void allDrained() {
      synchronized (links) {
        if (drains.drained() == devices.size() && !left) {
          left = true;
          LOG.info("every device is drained: leaving {} hosts", links.size());
          links.values().forEach(HostLink::stop);
        }
      }
    }

    /** A link that is still leaving dials again when it has left. */
    @Override
    public void someReturned() {
      for (Device device : devices) {
        if (drains.takesWork(device) && device.memory().open()) {
          links.values().forEach(link -> link.tell(new AgentInput.OpenMemory(device.index())));
        }
      }
      synchronized (links) {
        if (left) {
          left = false;
          LOG.info("a device is returned: attaching to {} hosts", links.size());
          links.values().forEach(HostLink::startAgain);
        }
      }
    }
  }

  /** Stops programs, drains, leaves every host. Waits a bounded time. */
  @Override
  public void close() {
    try {
      for (Device device : devices) {
        device.stop();
      }
      homecoming.ofAll(links.values(), devices).get();
      CompletableFuture<?>[] leaving =
          links.values().stream().map(HostLink::stop).toArray(CompletableFuture<?>[]::new);
      CompletableFuture.allOf(leaving).get(settings.stopTimeoutNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("left without a word to every host: {}", e.toString());
    }
    syncPeers.close();
    links.values().forEach(HostLink::close);
    delays.close();
    executor.shutdown();
  }
}
