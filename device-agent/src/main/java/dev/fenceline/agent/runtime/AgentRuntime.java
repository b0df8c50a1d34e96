package dev.fenceline.agent.runtime;

import dev.fenceline.agent.engine.FaultOutcome;
import dev.fenceline.agent.engine.LinkSettings;
import dev.fenceline.agent.engine.LinkState;
import dev.fenceline.agent.runtime.program.Program;
import dev.fenceline.agent.runtime.program.ProgramReport;
import dev.fenceline.agent.runtime.program.ProgramRun;
import dev.fenceline.model.Access;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import java.util.ArrayList;
import java.util.List;
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
      LinkSettings link, Delays delays, int maxQueuedPrograms, long stopTimeoutNanos) {}

  /** Longest bound of a program. */
  public static final long MAX_DEADLINE_NANOS = 600_000_000_000L;

  private static final Logger LOG = LoggerFactory.getLogger(AgentRuntime.class);
  private static final ProgramReport STOPPING =
      ProgramReport.refused(Errno.UNAVAILABLE, "the agent stops", null);
  private static final long DEFAULT_DEADLINE_NANOS = 60_000_000_000L;

  private final Settings settings;
  private final HostConnector.Factory connectors;
  private final LongSupplier clock;
  private final AgentObserver observer;
  private final SplittableRandom random;
  private final ScheduledThreadPoolExecutor executor;
  private final DelayLine delays = new DelayLine();
  private final List<Device> devices;
  private final ConcurrentSkipListMap<String, HostLink> links = new ConcurrentSkipListMap<>();

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
    this.settings = settings;
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
    devices.forEach(Device::start);
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
      HostLink link =
          new HostLink(
              address,
              connectors.connectorTo(hostId, address),
              new HostLink.Surroundings(
                  devices, settings.link(), executor, delays, clock, observer),
              random.split());
      links.put(address, link);
      observer.linkAdded(link);
      link.start();
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
    CompletableFuture<ProgramReport> answer = new CompletableFuture<>();
    if (deadlineNanos < 0 || deadlineNanos > MAX_DEADLINE_NANOS) {
      answer.complete(ProgramReport.refused(Errno.EINVAL, "the deadline is beyond 600 s", null));
      return answer;
    }
    long end = clock.getAsLong() + (deadlineNanos == 0 ? DEFAULT_DEADLINE_NANOS : deadlineNanos);
    boolean accepted =
        device.offer(
            unit -> answer.complete(runOnUnit(link, device, unit, spaceId, program, end)),
            () -> answer.complete(STOPPING));
    if (!accepted) {
      answer.complete(
          ProgramReport.refused(
              Errno.RESOURCE_EXHAUSTED,
              settings.maxQueuedPrograms() + " programs wait for the device already",
              null));
    }
    return answer;
  }

  private ProgramReport runOnUnit(
      HostLink link, Device device, int unit, long spaceId, Program program, long deadlineNanos)
      throws InterruptedException {
    try {
      ProgramReport refusal = mirrorOrRefusal(link, device, spaceId, deadlineNanos);
      if (refusal != null) {
        return refusal;
      }
      return new ProgramRun(new UnitAccess(link, device, unit, spaceId, deadlineNanos), clock)
          .run(program);
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
      HostLink link, Device device, long spaceId, long deadlineNanos) throws InterruptedException {
    CompletableFuture<HostLink.MirrorOutcome> asked =
        link.openMirror(device.index(), spaceId, 0, Pages.ADDRESS_LIMIT, true);
    HostLink.MirrorOutcome outcome = await(asked, deadlineNanos);
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
    ProgramReport refusal = mirrorOrRefusal(link, device, spaceId, deadline);
    if (refusal != null && refusal.failure() != null) {
      return new FaultOutcome.Refused(
          refusal.failure().errno(), refusal.failure().message(), Pages.address(vpn));
    }
    HostLink.PendingFault pending =
        link.fault(device.index(), spaceId, vpn, pageCount, Access.SNAPSHOT);
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

  /** Stops programs, drains, leaves every host. Waits a bounded time. */
  @Override
  public void close() {
    try {
      for (Device device : devices) {
        device.stop();
      }
      CompletableFuture<?>[] leaving =
          links.values().stream().map(HostLink::stop).toArray(CompletableFuture<?>[]::new);
      CompletableFuture.allOf(leaving).get(settings.stopTimeoutNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("left without a word to every host: {}", e.toString());
    }
    links.values().forEach(HostLink::close);
    delays.close();
    executor.shutdown();
  }
}
