package dev.fenceline.security.boot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.query.v1.GetHostRequest;
import dev.fenceline.query.v1.HostInfo;
import dev.fenceline.query.v1.HostQueryServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PendingConnectionsTest {
  private static final int LIMIT = 4;

  @Test
  void silentConnections_loseTheirPlaceToNewOnes_andLockNobodyOut() throws Exception {
    try (PendingConnections bound = new PendingConnections(LIMIT)) {
      NettyServerBuilder builder =
          NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      bound.apply(builder);
      Server server = builder.addService(new Queries()).build().start();
      List<Socket> silent = new ArrayList<>();
      try {
        for (int i = 0; i < 3 * LIMIT; i++) {
          silent.add(new Socket(InetAddress.getLoopbackAddress(), server.getPort()));
        }
        for (Socket first : silent.subList(0, 2 * LIMIT)) {
          first.setSoTimeout((int) TimeUnit.SECONDS.toMillis(60));
          // The server's settings come first, then the end.
          assertThat(first.getInputStream().readAllBytes().length).isLessThan(1024);
        }
        assertThat(bound.count()).isLessThanOrEqualTo(LIMIT);
        assertThat(answer(server)).isEqualTo("here");
        await(() -> bound.count() < LIMIT, "the place of the caller, who has shaken hands");
      } finally {
        for (Socket socket : silent) {
          socket.close();
        }
        await(() -> bound.count() == 0, "no connection that waits");
        server.shutdownNow();
      }
    }
  }

  private static String answer(Server server) {
    ManagedChannel channel =
        NettyChannelBuilder.forTarget("localhost:" + server.getPort()).usePlaintext().build();
    try {
      return HostQueryServiceGrpc.newBlockingStub(channel)
          .withDeadlineAfter(60, TimeUnit.SECONDS)
          .getHost(GetHostRequest.getDefaultInstance())
          .getHostId();
    } finally {
      channel.shutdownNow();
    }
  }

  private static void await(java.util.function.BooleanSupplier condition, String what)
      throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("within 60 s: " + what).isLessThan(deadline);
      Thread.sleep(10);
    }
  }

  private static final class Queries extends HostQueryServiceGrpc.HostQueryServiceImplBase {
    @Override
    public void getHost(GetHostRequest request, StreamObserver<HostInfo> answers) {
      answers.onNext(HostInfo.newBuilder().setHostId("here").build());
      answers.onCompleted();
    }
  }
}
