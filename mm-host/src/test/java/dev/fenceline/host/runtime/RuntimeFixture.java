package dev.fenceline.host.runtime;

import dev.fenceline.concurrent.PeerConnector;
import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.session.LeasePolicy;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.DeviceDescription;
import dev.fenceline.model.NotificationMode;
import dev.fenceline.model.Protection;
import dev.fenceline.model.WaitPolicy;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A host without a transport, with one address space. Thread-safe. */
final class RuntimeFixture implements AutoCloseable {
  static final long BASE = 0x7000_0000L;
  static final int PAGE = 4096;
  static final long BOUND = TimeUnit.SECONDS.toNanos(60);

  final FakeAgentStream.NumberingEncoder encoder = new FakeAgentStream.NumberingEncoder();
  final HostRuntime host;
  final long space;

  RuntimeFixture(long arenaPages) {
    this(arenaPages, PeerConnector.NONE);
  }

  /**
   * @param devices the way to the memory of coherent devices
   */
  RuntimeFixture(long arenaPages, PeerConnector devices) {
    LeasePolicy leases =
        new LeasePolicy(TimeUnit.MINUTES.toNanos(10), 500, 0, 0, TimeUnit.MINUTES.toNanos(5));
    host =
        new HostRuntime(
            RuntimeSettings.of("fixture", 5, 1, arenaPages * PAGE, leases),
            encoder,
            HostObserver.NONE,
            devices);
    space = done(new SpaceOperation.Create("fixture", NotificationMode.SPLIT)).value();
  }

  void map(long address, int pages, Protection protection) {
    done(
        new SpaceOperation.Map(
            space,
            address,
            (long) pages * PAGE,
            SpaceOperation.Placement.FIXED,
            new SpaceOperation.Region(protection, false, "", 0)));
  }

  OperationOutcome.Done done(SpaceOperation operation) {
    return (OperationOutcome.Done) submit(operation, WaitPolicy.BLOCK).join();
  }

  CompletableFuture<OperationOutcome> submit(SpaceOperation operation, WaitPolicy policy) {
    CompletableFuture<OperationOutcome> ended = new CompletableFuture<>();
    host.submit(operation, policy, ended::complete);
    return ended;
  }

  FakeAgentStream agent(String agentId) {
    return agent(agentId, new DeviceDescription(0, agentId + "-0", 1));
  }

  FakeAgentStream agent(String agentId, DeviceDescription device) {
    return new FakeAgentStream(host, encoder, agentId, device);
  }

  SpaceOperation unmap(int pages) {
    return new SpaceOperation.Unmap(space, BASE, (long) pages * PAGE);
  }

  @Override
  public void close() {
    host.close();
  }
}
