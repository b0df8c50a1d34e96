package dev.fenceline.testbed.bench;

import dev.fenceline.host.adapter.grpc.GrpcServing;
import dev.fenceline.host.adapter.grpc.WireEncoder;
import dev.fenceline.host.adapter.metrics.HostMeters;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.session.LeasePolicy;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.host.runtime.HostRuntime;
import dev.fenceline.host.runtime.RuntimeSettings;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The real host, its runtime, meters and gRPC services, with agents that mirror one space of it,
 * all in this process. Confined to the measuring thread, but for its callbacks.
 */
final class LoopbackHost implements AutoCloseable {
  static final long PAGE_BYTES = 4096;

  static final long BASE = 0x10_0000_0000L;
  private static final long EPOCH = 1;
  private static final long ARENA_BYTES = 16L << 20;

  /** No heartbeat is due within a run. */
  private static final long LEASE_NANOS = TimeUnit.HOURS.toNanos(1);

  private static final int DRIFT_PPM = 500;
  private static final long SLACK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private final HostRuntime runtime;
  private final Server server;
  private final Signal signal;
  private final List<AttachClient> agents = new ArrayList<>();
  private final int pages;
  private final long spaceId;
  private int expectedFences;
  private volatile OperationOutcome last =
      new OperationOutcome.BackedOff(OperationOutcome.Timing.NONE);

  /** Starts a host with a space of so many mapped pages. */
  LoopbackHost(Loops loops, int pages, Signal signal) throws IOException {
    this(loops, pages, signal, settings(ARENA_BYTES));
  }

  /** One shard, and no end of a lease within a run. */
  static RuntimeSettings settings(long arenaBytes) {
    LeasePolicy leases =
        new LeasePolicy(LEASE_NANOS, DRIFT_PPM, SLACK_NANOS, SLACK_NANOS, LEASE_NANOS / 2);
    return RuntimeSettings.of("bench", EPOCH, 1, arenaBytes, leases);
  }

  LoopbackHost(Loops loops, int pages, Signal signal, RuntimeSettings settings) throws IOException {
    this.signal = signal;
    this.pages = pages;
    HostMeters meters = new HostMeters(new PrometheusMeterRegistry(PrometheusConfig.DEFAULT));
    runtime = new HostRuntime(settings, new WireEncoder(), meters);
    meters.observe(runtime);
    NettyServerBuilder builder = loops.server();
    GrpcServing.configure(builder);
    for (BindableService service : new GrpcServing(runtime).services()) {
      builder.addService(service);
    }
    server = builder.build().start();
    spaceId = createSpace(pages);
  }

  /** A space with so many pages of private memory at {@link #BASE}. */
  long createSpace(int mappedPages) {
    long created = perform(new SpaceOperation.Create("bench", NotificationMode.SPLIT)).value();
    perform(
        new SpaceOperation.Map(
            created,
            BASE,
            mappedPages * PAGE_BYTES,
            SpaceOperation.Placement.FIXED,
            new SpaceOperation.Region(Protection.READ_WRITE, false, "", 0)));
    return created;
  }

  HostRuntime runtime() {
    return runtime;
  }

  /** Agents that hold nothing back; each mirrors the space. */
  void attach(Loops loops, int agentCount) {
    for (int i = 1; i <= agentCount; i++) {
      AttachClient agent = new AttachClient(loops.dial(server.getPort()), "agent-" + i, signal);
      agents.add(agent);
      signal.expect(1);
      agent.mirror(spaceId, BASE, BASE + pages * PAGE_BYTES);
      signal.await();
    }
    expectFences(agentCount);
  }

  /** From now on, an invalidation that waits for another number of fences is an error. */
  void expectFences(int fences) {
    expectedFences = fences;
  }

  long spaceId() {
    return spaceId;
  }

  /** Where agents find it. */
  String target() {
    return "127.0.0.1:" + server.getPort();
  }

  void mode(NotificationMode mode) {
    perform(new SpaceOperation.SetMode(spaceId, mode));
  }

  /** Every attached agent faults every page in. */
  void grantAll() {
    signal.expect(agents.size() * pages);
    agents.forEach(agent -> agent.grant(BASE, pages));
    signal.await();
  }

  /** Invalidates one granted page and waits for the end. */
  void invalidate(int page) {
    requireAllWaited(perform(new SpaceOperation.Invalidate(spaceId, address(page), PAGE_BYTES)));
  }

  /** Invalidates every page, each by an operation of its own, and waits for the last end. */
  void invalidateAllAtOnce() {
    signal.expect(pages);
    for (int page = 0; page < pages; page++) {
      submit(new SpaceOperation.Invalidate(spaceId, address(page), PAGE_BYTES));
    }
    signal.await();
    requireAllWaited(done());
  }

  /** All at once; waits until the last one has ended well. */
  void performAll(List<SpaceOperation> operations) {
    signal.expect(operations.size());
    operations.forEach(this::submit);
    signal.await();
    done();
  }

  /** Invalidates everything that is granted, however many fences it takes. */
  void invalidateAllQuietly() {
    perform(new SpaceOperation.Invalidate(spaceId, BASE, pages * PAGE_BYTES));
  }

  /** Every attached agent faults the first pages in, one fault after the other. */
  void grantInFaultsOf(int pagesPerFault, int pageCount) {
    for (int page = 0; page < pageCount; page += pagesPerFault) {
      signal.expect(agents.size() * pagesPerFault);
      long start = address(page);
      agents.forEach(agent -> agent.grant(start, pagesPerFault));
      signal.await();
    }
  }

  /** Size of an invalidation on the wire. */
  int invalidateBytes() {
    return agents.getFirst().invalidateBytes();
  }

  @Override
  public void close() {
    agents.forEach(AttachClient::close);
    server.shutdownNow();
    runtime.close();
  }

  private static long address(int page) {
    return BASE + page * PAGE_BYTES;
  }

  OperationOutcome.Done perform(SpaceOperation operation) {
    signal.expect(1);
    submit(operation);
    signal.await();
    return done();
  }

  private void submit(SpaceOperation operation) {
    runtime.submit(
        operation,
        WaitPolicy.BLOCK,
        outcome -> {
          last = outcome;
          signal.countDown();
        });
  }

  private OperationOutcome.Done done() {
    if (last instanceof OperationOutcome.Done done) {
      return done;
    }
    throw new IllegalStateException("the operation has not ended well: " + last);
  }

  private void requireAllWaited(OperationOutcome.Done done) {
    if (done.timing().fencesWaited() != expectedFences) {
      throw new IllegalStateException(
          done.timing().fencesWaited() + " fences were pending, not " + expectedFences);
    }
  }
}
