package dev.fenceline.testbed.bench;

import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * What Fenceline's fences are compared with: a server that sends the same bytes down a number of
 * bidirectional streams and waits until each client has sent them back. Bare gRPC-Java, direct
 * executors, no protobuf. Confined to the measuring thread, but for its callbacks.
 */
final class EchoBroadcast implements AutoCloseable {
  private static final MethodDescriptor<byte[], byte[]> ECHO =
      MethodDescriptor.<byte[], byte[]>newBuilder()
          .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
          .setFullMethodName("fenceline.bench/Echo")
          .setRequestMarshaller(new Bytes())
          .setResponseMarshaller(new Bytes())
          .build();

  private final Server server;
  private final List<ManagedChannel> channels = new ArrayList<>();
  private final List<StreamObserver<byte[]>> streams = new CopyOnWriteArrayList<>();
  private final Signal signal;
  private final byte[] payload;

  EchoBroadcast(Loops loops, int clients, int payloadBytes, Signal signal) throws IOException {
    this.signal = signal;
    this.payload = new byte[payloadBytes];
    BindableService service =
        () ->
            ServerServiceDefinition.builder("fenceline.bench")
                .addMethod(ECHO, ServerCalls.asyncBidiStreamingCall(this::opened))
                .build();
    server = loops.server().directExecutor().addService(service).build().start();
    signal.expect(clients);
    for (int i = 0; i < clients; i++) {
      ManagedChannel channel = loops.dial(server.getPort());
      channels.add(channel);
      Echo echo = new Echo();
      echo.back =
          ClientCalls.asyncBidiStreamingCall(channel.newCall(ECHO, CallOptions.DEFAULT), echo);
    }
    signal.await();
  }

  /** Sends to everyone, so often, and waits for all echoes. */
  void run(int times) {
    signal.expect(times * streams.size());
    for (int i = 0; i < times; i++) {
      for (StreamObserver<byte[]> stream : streams) {
        stream.onNext(payload);
      }
    }
    signal.await();
  }

  @Override
  public void close() {
    channels.forEach(ManagedChannel::shutdownNow);
    server.shutdownNow();
  }

  private StreamObserver<byte[]> opened(StreamObserver<byte[]> client) {
    streams.add(client);
    signal.countDown();
    return new StreamObserver<>() {
      @Override
      public void onNext(byte[] echo) {
        signal.countDown();
      }

      @Override
      public void onError(Throwable failure) {}

      @Override
      public void onCompleted() {}
    };
  }

  /** The client's side of a stream; confined to the transport's thread once the stream is open. */
  private static final class Echo implements StreamObserver<byte[]> {
    private volatile @Nullable StreamObserver<byte[]> back;

    @Override
    public void onNext(byte[] bytes) {
      StreamObserver<byte[]> open = back;
      if (open != null) {
        open.onNext(bytes);
      }
    }

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {}
  }

  /** Bytes as they are, written to the transport in one go. */
  static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new Draining(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readNBytes(stream.available()); // gRPC knows the length of a message
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Read once, by the transport. */
  private static final class Draining extends ByteArrayInputStream
      implements Drainable, KnownLength {
    Draining(byte[] bytes) {
      super(bytes);
    }

    @Override
    public int drainTo(OutputStream target) throws IOException {
      int length = available();
      target.write(buf, pos, length);
      pos = count;
      return length;
    }
  }
}
