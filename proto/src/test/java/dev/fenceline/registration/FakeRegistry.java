package dev.fenceline.registration;

import dev.fenceline.registry.v1.CoordinatorUpdate;
import dev.fenceline.registry.v1.NodeReport;
import dev.fenceline.registry.v1.RegistryServiceGrpc.RegistryServiceImplBase;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A coordinator in this process, reached under one or more addresses, that asks for reports every
 * 10 ms and, as the real one, keeps one stream of a node. Thread-safe.
 */
final class FakeRegistry extends RegistryServiceImplBase implements AutoCloseable {
  private final long bootToken;
  private final List<Server> servers = new ArrayList<>();
  private final List<NodeReport> reports = new CopyOnWriteArrayList<>();
  private StreamObserver<CoordinatorUpdate> stream;
  private int streams;

  FakeRegistry(long bootToken, String... addresses) throws IOException {
    this.bootToken = bootToken;
    for (String address : addresses) {
      servers.add(InProcessServerBuilder.forName(address).addService(this).build().start());
    }
  }

  List<NodeReport> reports() {
    return reports;
  }

  synchronized int streams() {
    return streams;
  }

  boolean saidGoodbye() {
    return !reports.isEmpty() && reports.getLast().getLeaving();
  }

  @Override
  public synchronized StreamObserver<NodeReport> register(
      StreamObserver<CoordinatorUpdate> updates) {
    if (stream != null) {
      stream.onError(Status.ABORTED.withDescription("superseded").asRuntimeException());
    }
    stream = updates;
    streams++;
    return new Reports(updates);
  }

  private synchronized void answer(StreamObserver<CoordinatorUpdate> updates) {
    if (stream == updates) {
      updates.onNext(
          CoordinatorUpdate.newBuilder()
              .setCoordinatorBootToken(bootToken)
              .setReportIntervalNanos(10_000_000)
              .build());
    }
  }

  private synchronized void ended(StreamObserver<CoordinatorUpdate> updates, boolean complete) {
    if (stream == updates) {
      stream = null;
      if (complete) {
        updates.onCompleted();
      }
    }
  }

  private final class Reports implements StreamObserver<NodeReport> {
    private final StreamObserver<CoordinatorUpdate> updates;

    Reports(StreamObserver<CoordinatorUpdate> updates) {
      this.updates = updates;
    }

    @Override
    public void onNext(NodeReport report) {
      reports.add(report);
      answer(updates);
    }

    @Override
    public void onError(Throwable failure) {
      ended(updates, false);
    }

    @Override
    public void onCompleted() {
      ended(updates, true);
    }
  }

  @Override
  public void close() {
    servers.forEach(Server::shutdownNow);
  }
}
