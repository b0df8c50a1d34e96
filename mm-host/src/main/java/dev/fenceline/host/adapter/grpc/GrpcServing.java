package dev.fenceline.host.adapter.grpc;

import dev.fenceline.attach.v1.AttachServiceGrpc;
import dev.fenceline.host.runtime.HostRuntime;
import dev.fenceline.transfer.v1.TransferServiceGrpc;
import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallExecutorSupplier;
import io.grpc.ServerInterceptors;
import io.grpc.netty.NettyServerBuilder;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * How a host serves gRPC: which services, on which threads, within which limits. Immutable.
 *
 * <p>Attach and Transfer run on the transport's own threads, since they never block; everything
 * else is for callers that may wait, on virtual threads.
 */
public final class GrpcServing {
  /** Largest message of a transfer stream or a caller; in the process its settings say it. */
  private static final int MAX_MESSAGE_BYTES = 8 << 20;

  private final HostRuntime host;

  public GrpcServing(HostRuntime host) {
    this.host = host;
  }

  public BindableService attach() {
    return new AttachAdapter(host);
  }

  public BindableService transfer() {
    return new TransferAdapter(host);
  }

  public BindableService spaces() {
    return () -> ServerInterceptors.intercept(new SpaceAdapter(host), new TraceParent());
  }

  public BindableService queries() {
    return new QueryAdapter(host);
  }

  public BindableService control() {
    return new ControlAdapter(host);
  }

  /** All of them, for who builds a server by hand. */
  public List<BindableService> services() {
    return List.of(attach(), transfer(), spaces(), queries(), control());
  }

  /** Sets threads and limits, for who builds a server by hand; the services are not added. */
  public static void configure(NettyServerBuilder builder) {
    onThreads(builder);
    builder.maxInboundMessageSize(MAX_MESSAGE_BYTES);
  }

  /** Sets threads alone. */
  public static void onThreads(NettyServerBuilder builder) {
    Executor callers =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("fenceline-call-", 0).factory());
    builder.executor(callers).callExecutor(new ExecutorByService(callers));
  }

  private record ExecutorByService(Executor callers) implements ServerCallExecutorSupplier {
    @Override
    public <Q, P> @Nullable Executor getExecutor(ServerCall<Q, P> call, Metadata metadata) {
      String service =
          MethodDescriptor.extractFullServiceName(call.getMethodDescriptor().getFullMethodName());
      boolean neverBlocks =
          AttachServiceGrpc.SERVICE_NAME.equals(service)
              || TransferServiceGrpc.SERVICE_NAME.equals(service);
      return neverBlocks ? Runnable::run : callers;
    }
  }
}
