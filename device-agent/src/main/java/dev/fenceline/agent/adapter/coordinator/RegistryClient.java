package dev.fenceline.agent.adapter.coordinator;

import dev.fenceline.agent.runtime.AgentRuntime;
import dev.fenceline.agent.runtime.Device;
import dev.fenceline.agent.runtime.HostLink;
import dev.fenceline.registry.v1.AgentReport;
import dev.fenceline.registry.v1.CoordinatorUpdate;
import dev.fenceline.registry.v1.HostEndpoint;
import dev.fenceline.registry.v1.NodeReport;
import dev.fenceline.registry.v1.RegistryServiceGrpc;
import dev.fenceline.registry.v1.ReportedDevice;
import dev.fenceline.registry.v1.ReportedLink;
import dev.fenceline.security.FailureLine;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Reports the agent to the coordinator and attaches to the hosts that it lists. Thread-safe; its
 * state is guarded by its lock.
 *
 * <p>The data path does not depend on it: while the coordinator is away or {@code recovering}, the
 * agent keeps the hosts it knows, and the redial waits longer and longer, up to a bound.
 */
public final class RegistryClient implements AutoCloseable {
  /** How others reach this agent; immutable. */
  public record Endpoints(String grpc, String http) {}

  private static final Logger LOG = LoggerFactory.getLogger(RegistryClient.class);
  private static final long FIRST_WAIT_MILLIS = 100;

  /**
   * The contract's bound: a coordinator that is back waits three times as long before it answers.
   */
  private static final long LONGEST_WAIT_MILLIS = 1_000;

  private static final long MIN_INTERVAL_MILLIS = 10;

  private final ManagedChannel channel;
  private final AgentRuntime agent;
  private final Endpoints endpoints;
  private final ScheduledExecutorService timer;
  private final SplittableRandom random;
  private final Object lock = new Object();

  // Guarded by the lock.
  private @Nullable Stream current;
  private long waitMillis = FIRST_WAIT_MILLIS;
  private boolean closed;

  /** A coordinator that stays away is told of once, not at every attempt. */
  private String lastReason = "";

  public RegistryClient(
      ManagedChannel channel,
      AgentRuntime agent,
      Endpoints endpoints,
      ScheduledExecutorService timer,
      SplittableRandom random) {
    this.channel = channel;
    this.agent = agent;
    this.endpoints = endpoints;
    this.timer = timer;
    this.random = random;
  }

  /** Dials and reports for the first time. */
  public void start() {
    synchronized (lock) {
      if (closed || current != null) {
        return;
      }
      // The channel's own back-off grows to minutes; this client has one that is bounded.
      channel.enterIdle();
      channel.resetConnectBackoff();
      Stream stream = new Stream();
      current = stream;
      stream.reports = RegistryServiceGrpc.newStub(channel).register(stream);
      stream.report(false);
    }
  }

  /** Says good-bye, if the coordinator listens. */
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      Stream stream = current;
      if (stream != null) {
        stream.report(true);
        stream.complete();
      }
    }
    channel.shutdown();
  }

  private void ended(Stream stream, String reason) {
    synchronized (lock) {
      if (stream != current) {
        return;
      }
      current = null;
      if (!closed) {
        long wait = waitMillis / 2 + random.nextLong(waitMillis / 2 + 1);
        waitMillis = Math.min(LONGEST_WAIT_MILLIS, waitMillis * 2);
        LOG.atLevel(reason.equals(lastReason) ? Level.DEBUG : Level.INFO)
            .log("the coordinator is away ({}); dialing again in {} ms", reason, wait);
        lastReason = reason;
        timer.schedule(this::start, wait, TimeUnit.MILLISECONDS);
      }
    }
  }

  private void updated(Stream stream, CoordinatorUpdate update) {
    synchronized (lock) {
      if (stream != current || closed) {
        return;
      }
      lastReason = "";
      waitMillis = FIRST_WAIT_MILLIS; // it answered: that is useful work
      if (!stream.timed) {
        stream.timed = true;
        long millis =
            Math.max(
                MIN_INTERVAL_MILLIS,
                TimeUnit.NANOSECONDS.toMillis(update.getReportIntervalNanos()));
        timer.schedule(() -> reportAgain(stream), millis, TimeUnit.MILLISECONDS);
      }
    }
    if (!update.getRecovering()) {
      // Hosts are only ever added: one that has gone is left by its own link, which backs off.
      for (HostEndpoint host : update.getHostsList()) {
        agent.addHost(host.getHostId(), host.getEndpoint());
      }
    }
  }

  private void reportAgain(Stream stream) {
    synchronized (lock) {
      stream.timed = false;
      if (stream == current && !closed) {
        stream.report(false);
      }
    }
  }

  private NodeReport report(boolean leaving) {
    AgentReport.Builder report = AgentReport.newBuilder();
    for (Device device : agent.devices()) {
      report.addDevices(
          ReportedDevice.newBuilder()
              .setIndex(device.index())
              .setName(device.description().name())
              .setUnits(device.description().units())
              .setRunningPrograms(device.runningPrograms())
              .setMirrorEntries(device.counters().mirrorEntries.sum())
              .setStanding(
                  agent.drains().standing(device).state().name().toLowerCase(Locale.ROOT)));
    }
    for (HostLink link : agent.links()) {
      report.addLinks(
          ReportedLink.newBuilder()
              .setHostId(link.hostId())
              .setState(link.state().name().toLowerCase(Locale.ROOT))
              .setSessionId(link.sessionId())
              .setLeaseLeftNanos(link.leaseLeftNanos()));
    }
    return NodeReport.newBuilder()
        .setNodeId(agent.agentId())
        .setBootToken(agent.bootToken())
        .setEndpoint(endpoints.grpc())
        .setHttpEndpoint(endpoints.http())
        .setAgent(report)
        .setLeaving(leaving)
        .build();
  }

  /** One stream to the coordinator; dies with it. Fields are guarded by the client's lock. */
  private final class Stream implements StreamObserver<CoordinatorUpdate> {
    @Nullable StreamObserver<NodeReport> reports;
    boolean timed;

    void report(boolean leaving) {
      if (reports != null) {
        reports.onNext(RegistryClient.this.report(leaving));
      }
    }

    void complete() {
      if (reports != null) {
        reports.onCompleted();
      }
    }

    @Override
    public void onNext(CoordinatorUpdate update) {
      updated(this, update);
    }

    @Override
    public void onError(Throwable failure) {
      ended(this, FailureLine.of(failure));
    }

    @Override
    public void onCompleted() {
      ended(this, "it ended the stream");
    }
  }
}
