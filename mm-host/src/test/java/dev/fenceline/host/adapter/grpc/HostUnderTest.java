package dev.fenceline.host.adapter.grpc;

import dev.fenceline.common.v1.ErrorDetail;
import dev.fenceline.common.v1.Protection;
import dev.fenceline.common.v1.WaitPolicy;
import dev.fenceline.host.engine.session.LeasePolicy;
import dev.fenceline.host.engine.shard.OomConfig;
import dev.fenceline.host.engine.shard.ReclaimConfig;
import dev.fenceline.host.runtime.HandClock;
import dev.fenceline.host.runtime.HostObserver;
import dev.fenceline.host.runtime.HostRuntime;
import dev.fenceline.host.runtime.RuntimeSettings;
import dev.fenceline.query.v1.HostQueryServiceGrpc;
import dev.fenceline.security.PeerIdentity;
import dev.fenceline.security.PeerRole;
import dev.fenceline.security.TransportSecurity;
import dev.fenceline.space.v1.AddressSpaceServiceGrpc;
import dev.fenceline.space.v1.CreateSpaceRequest;
import dev.fenceline.space.v1.MapRequest;
import dev.fenceline.space.v1.OperationReply;
import dev.fenceline.space.v1.ReadRequest;
import dev.fenceline.space.v1.UnmapRequest;
import dev.fenceline.space.v1.WriteRequest;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** A host that serves gRPC on loopback, and what callers do with it. Thread-safe. */
final class HostUnderTest implements AutoCloseable {
  static final long EPOCH = 4711;
  static final long BASE = 0x10_0000_0000L;
  static final int PAGE = 4096;

  /** A lease that no test outlives, however slow the machine is. */
  static final Duration LONG_LEASE = Duration.ofMinutes(10);

  private static final long CALL_SECONDS = 60;
  private static final long PATIENCE_SECONDS = 60;
  private static final long REST_NANOS = 500_000;

  private final HandClock clock = new HandClock();
  private final HostRuntime runtime;
  private final Server server;
  private final ManagedChannel channel;

  private HostUnderTest(
      RuntimeSettings settings,
      HostObserver observer,
      TransportSecurity serverSide,
      TransportSecurity callerSide)
      throws IOException {
    runtime = clock.host(settings, new WireEncoder(), observer);
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            serverSide.serverCredentials());
    serverSide.guard(builder);
    GrpcServing.configure(builder);
    new GrpcServing(runtime).services().forEach(builder::addService);
    server = builder.build().start();
    channel = dial(callerSide);
  }

  /** A host whose time passes, with leases that no test outlives. */
  static HostUnderTest start(long arenaPages) throws IOException {
    return start(arenaPages, HostObserver.NONE);
  }

  static HostUnderTest start(long arenaPages, HostObserver observer) throws IOException {
    HostUnderTest host = startStanding(LONG_LEASE, arenaPages, observer);
    host.letTimePass();
    return host;
  }

  static HostUnderTest start(Duration leaseTtl, long arenaPages) throws IOException {
    HostUnderTest host = startStanding(leaseTtl, arenaPages, HostObserver.NONE);
    host.letTimePass();
    return host;
  }

  /** A host that can swap out as many pages as said. */
  static HostUnderTest startSwapping(long arenaPages, long swapPages) throws IOException {
    TransportSecurity plaintext = TransportSecurity.plaintext();
    HostUnderTest host =
        new HostUnderTest(
            RuntimeSettings.of("host-under-test", EPOCH, 1, arenaPages * PAGE, leases(LONG_LEASE))
                .withReclaim(ReclaimConfig.withSwap((int) swapPages)),
            HostObserver.NONE,
            plaintext,
            plaintext);
    host.letTimePass();
    return host;
  }

  /** A host that kills when it is out of memory, and swaps nothing; frame 0 is nobody's. */
  static HostUnderTest startKilling(int shards, long frames) throws IOException {
    TransportSecurity plaintext = TransportSecurity.plaintext();
    HostUnderTest host =
        new HostUnderTest(
            RuntimeSettings.of(
                    "host-under-test", EPOCH, shards, (frames + 1) * PAGE, leases(LONG_LEASE))
                .withOom(OomConfig.Policy.KILL),
            HostObserver.NONE,
            plaintext,
            plaintext);
    host.letTimePass();
    return host;
  }

  /** A host whose clock stands: no lease ends before the test says so. */
  static HostUnderTest startStanding(Duration leaseTtl, long arenaPages) throws IOException {
    return startStanding(leaseTtl, arenaPages, HostObserver.NONE);
  }

  static HostUnderTest startStanding(Duration leaseTtl, long arenaPages, HostObserver observer)
      throws IOException {
    TransportSecurity plaintext = TransportSecurity.plaintext();
    return start(leaseTtl, arenaPages, observer, plaintext, plaintext);
  }

  /** A host that asks for certificates, and a caller of its address spaces that has one. */
  static HostUnderTest startSecured(TransportSecurity serverSide, TransportSecurity callerSide)
      throws IOException {
    HostUnderTest host = start(LONG_LEASE, 1024, HostObserver.NONE, serverSide, callerSide);
    host.letTimePass();
    return host;
  }

  /** A host that waits for so long for the Hello of an attach stream. */
  static HostUnderTest startWithHelloTimeout(Duration helloTimeout) throws IOException {
    RuntimeSettings usual =
        RuntimeSettings.of("host-under-test", EPOCH, 2, 64 * PAGE, leases(LONG_LEASE));
    TransportSecurity plaintext = TransportSecurity.plaintext();
    return new HostUnderTest(
        new RuntimeSettings(
            usual.hostId(),
            usual.hostEpoch(),
            usual.shards(),
            usual.arenaBytes(),
            usual.leases(),
            usual.faultCredit(),
            usual.shardCapacity(),
            usual.dedicatedThreads(),
            usual.cpuAccessNanos(),
            helloTimeout.toNanos(),
            ReclaimConfig.NONE,
            usual.thrash(),
            usual.oom(),
            "",
            ""),
        HostObserver.NONE,
        plaintext,
        plaintext);
  }

  private static LeasePolicy leases(Duration leaseTtl) {
    return new LeasePolicy(leaseTtl.toNanos(), 500, 10_000_000, 10_000_000, leaseTtl.toNanos() / 2);
  }

  private static HostUnderTest start(
      Duration leaseTtl,
      long arenaPages,
      HostObserver observer,
      TransportSecurity serverSide,
      TransportSecurity callerSide)
      throws IOException {
    return new HostUnderTest(
        RuntimeSettings.of("host-under-test", EPOCH, 2, arenaPages * PAGE, leases(leaseTtl)),
        observer,
        serverSide,
        callerSide);
  }

  HostRuntime runtime() {
    return runtime;
  }

  /** From now on the host's time passes as time does. */
  void letTimePass() {
    clock.go();
  }

  /** Sets the host's clock, which must stand, forward. */
  void advance(long nanos) {
    clock.advance(runtime, nanos);
  }

  /** Sets the host's clock, which must stand, forward past the end of every lease. */
  void outliveLeases() {
    clock.outliveLeases(runtime);
  }

  ManagedChannel dial() {
    return dial(TransportSecurity.plaintext());
  }

  ManagedChannel dial(TransportSecurity caller) {
    return caller
        .dial("localhost:" + server.getPort(), PeerIdentity.any(PeerRole.HOST))
        .flowControlWindow(65_535) // fixed and small, so that a slow reader is felt soon
        .build();
  }

  AddressSpaceServiceGrpc.AddressSpaceServiceBlockingStub spaces() {
    return AddressSpaceServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS);
  }

  AddressSpaceServiceGrpc.AddressSpaceServiceFutureStub spacesLater() {
    return AddressSpaceServiceGrpc.newFutureStub(channel)
        .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS);
  }

  HostQueryServiceGrpc.HostQueryServiceBlockingStub queries() {
    return HostQueryServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS);
  }

  long createSpace() {
    return spaces()
        .createSpace(CreateSpaceRequest.newBuilder().setName("test").build())
        .getSpaceId();
  }

  /** Maps private read-write memory at {@link #BASE}. */
  void map(long space, int pages) {
    map(space, BASE, pages);
  }

  OperationReply map(long space, long address, int pages) {
    return spaces()
        .map(
            MapRequest.newBuilder()
                .setSpaceId(space)
                .setAddress(address)
                .setLength((long) pages * PAGE)
                .setPlacement(MapRequest.Placement.PLACEMENT_FIXED)
                .setProtection(Protection.newBuilder().setRead(true).setWrite(true))
                .build());
  }

  static UnmapRequest unmap(long space, int pages, WaitPolicy.Mode mode) {
    return UnmapRequest.newBuilder()
        .setSpaceId(space)
        .setAddress(BASE)
        .setLength((long) pages * PAGE)
        .setWait(WaitPolicy.newBuilder().setMode(mode))
        .build();
  }

  void write(long space, long address, byte[] data) {
    spaces()
        .write(
            WriteRequest.newBuilder()
                .setSpaceId(space)
                .setAddress(address)
                .setData(com.google.protobuf.ByteString.copyFrom(data))
                .build());
  }

  byte[] read(long space, long address, int length) {
    return spaces()
        .read(
            ReadRequest.newBuilder()
                .setSpaceId(space)
                .setAddress(address)
                .setLength(length)
                .build())
        .getData()
        .toByteArray();
  }

  /** The detail of a refused call. */
  static ErrorDetail detail(StatusRuntimeException refused) {
    ErrorDetail detail = Status.trailersFromThrowable(refused).get(Refusals.DETAIL);
    if (detail == null) {
      throw new AssertionError("no detail in the trailers", refused);
    }
    return detail;
  }

  /** Polls until the condition holds; fails with its name after a minute. */
  static void await(String what, BooleanSupplier condition) {
    await(() -> what, condition);
  }

  static void await(Supplier<String> what, BooleanSupplier condition) {
    long began = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - began > TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS)) {
        throw new AssertionError("not within " + PATIENCE_SECONDS + " s: " + what.get());
      }
      LockSupport.parkNanos(REST_NANOS); // what is waited for may need this very core
    }
  }

  @Override
  public void close() {
    channel.shutdownNow();
    server.shutdownNow();
    runtime.close();
  }
}
