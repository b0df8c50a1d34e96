package dev.fenceline.testbed.bench;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;

/**
 * What a migration's bandwidth is compared with: one stream of messages of the same size in one
 * direction. Bare gRPC-Java, direct executors, no protobuf; a message is written only if the stream
 * is ready. Confined to the measuring thread, but for its callbacks.
 */
final class ByteStream implements AutoCloseable {
  private static final MethodDescriptor<byte[], byte[]> SEND =
      MethodDescriptor.<byte[], byte[]>newBuilder()
          .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
          .setFullMethodName("fenceline.bench/Send")
          .setRequestMarshaller(new EchoBroadcast.Bytes())
          .setResponseMarshaller(new EchoBroadcast.Bytes())
          .build();

  private final Server server;
  private final ManagedChannel channel;
  private final Signal signal;
  private final byte[] payload;
  private final Sender sender = new Sender();

  ByteStream(Loops loops, int payloadBytes, Signal signal) throws IOException {
    this.signal = signal;
    this.payload = new byte[payloadBytes];
    server =
        loops
            .server()
            .directExecutor()
            .addService(
                ServerServiceDefinition.builder("fenceline.bench")
                    .addMethod(SEND, ServerCalls.asyncBidiStreamingCall(replies -> new Receiver()))
                    .build())
            .build()
            .start();
    channel = loops.dial(server.getPort());
    ClientCalls.asyncBidiStreamingCall(channel.newCall(SEND, CallOptions.DEFAULT), sender);
  }

  /** Sends so many messages and waits until the last one has arrived. */
  void run(int messages) {
    signal.expect(messages);
    sender.send(messages);
    signal.await();
  }

  @Override
  public void close() {
    channel.shutdownNow();
    server.shutdownNow();
  }

  /** Writes from whichever thread finds the stream ready; guarded by its lock. */
  private final class Sender implements ClientResponseObserver<byte[], byte[]> {
    @SuppressWarnings("NullAway.Init") // set before the call starts
    private volatile ClientCallStreamObserver<byte[]> stream;

    private int left;

    @Override
    public void beforeStart(ClientCallStreamObserver<byte[]> requests) {
      stream = requests;
      requests.setOnReadyHandler(this::write);
    }

    synchronized void send(int messages) {
      left = messages;
      write();
    }

    private synchronized void write() {
      while (left > 0 && stream.isReady()) {
        left--;
        stream.onNext(payload);
      }
    }

    @Override
    public void onNext(byte[] reply) {}

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {}
  }

  private final class Receiver implements StreamObserver<byte[]> {
    @Override
    public void onNext(byte[] message) {
      signal.countDown();
    }

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {}
  }
}
