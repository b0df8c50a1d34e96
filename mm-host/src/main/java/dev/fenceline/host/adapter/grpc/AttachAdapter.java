package dev.fenceline.host.adapter.grpc;

import dev.fenceline.attach.v1.AgentBatch;
import dev.fenceline.attach.v1.AttachServiceGrpc;
import dev.fenceline.host.runtime.AgentConnection;
import dev.fenceline.host.runtime.HostRuntime;
import dev.fenceline.host.runtime.Outlet;
import dev.fenceline.model.AgentMessage;
import dev.fenceline.model.Errno;
import dev.fenceline.security.Peer;
import dev.fenceline.security.PeerRole;
import dev.fenceline.wire.AgentMessageCodec;
import dev.fenceline.wire.MalformedMessageException;
import io.grpc.BindableService;
import io.grpc.KnownLength;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The attach streams on gRPC. Thread-safe; runs on the transport's own thread and never blocks, so
 * that an acknowledgement crosses no thread on its way to its shard.
 *
 * <p>Inbound messages are pulled one by one, each after the last was processed.
 */
public final class AttachAdapter implements BindableService {
  /** Largest message of an agent; a batch of what is in flight is far below. */
  static final int MAX_MESSAGE_BYTES = 1 << 20;

  private static final MethodDescriptor<Inbound, List<byte[]>> ATTACH =
      AttachServiceGrpc.getAttachMethod().toBuilder(
              new InboundMarshaller(), EncodedParts.MARSHALLER)
          .build();

  private final HostRuntime host;

  public AttachAdapter(HostRuntime host) {
    this.host = host;
  }

  @Override
  public ServerServiceDefinition bindService() {
    ServiceDescriptor service =
        ServiceDescriptor.newBuilder(AttachServiceGrpc.SERVICE_NAME)
            .setSchemaDescriptor(AttachServiceGrpc.getServiceDescriptor().getSchemaDescriptor())
            .addMethod(ATTACH)
            .build();
    return ServerServiceDefinition.builder(service)
        .addMethod(ATTACH, (call, headers) -> attach(call))
        .build();
  }

  private ServerCall.Listener<Inbound> attach(ServerCall<Inbound, List<byte[]>> call) {
    call.sendHeaders(new Metadata());
    AgentConnection connection = host.connect(new CallOutlet(call));
    Peer peer = Peer.current();
    call.request(1);
    return new ServerCall.Listener<>() {
      private boolean introduced;

      @Override
      public void onMessage(Inbound message) {
        AgentMessage.Batch batch = message.batch();
        String objection = introduced || batch == null ? null : objection(peer, batch);
        introduced = true;
        if (batch == null) {
          connection.malformed(message.flaw());
        } else if (objection != null) {
          connection.closed();
          Refusals.Refusal refusal = Refusals.refusal(Errno.EPERM, objection, null);
          call.close(refusal.status(), refusal.trailers());
        } else {
          connection.received(batch);
          call.request(1);
        }
      }

      @Override
      public void onHalfClose() {
        connection.halfClosed();
      }

      @Override
      public void onCancel() {
        connection.closed();
      }

      @Override
      public void onReady() {
        connection.flush();
      }
    };
  }

  /** Why the peer may not say this Hello; null if it may, or if it is none. */
  private static @Nullable String objection(Peer peer, AgentMessage.Batch first) {
    AgentMessage.Hello hello = AgentMessage.helloOf(first);
    return hello == null ? null : peer.objectionTo(PeerRole.AGENT, hello.agentId());
  }

  /** A message of an agent, or what is wrong with it. */
  private record Inbound(AgentMessage.@Nullable Batch batch, String flaw) {}

  /**
   * Decodes on the transport's thread, so that a malformed message ends its stream by our rules.
   */
  private static final class InboundMarshaller implements MethodDescriptor.Marshaller<Inbound> {
    @Override
    public InputStream stream(Inbound value) {
      throw new UnsupportedOperationException("a host does not send what an agent sends");
    }

    @Override
    public Inbound parse(InputStream stream) {
      try {
        int size = stream.available();
        if (size > MAX_MESSAGE_BYTES) {
          return new Inbound(
              null, "a message of " + size + " bytes; at most " + MAX_MESSAGE_BYTES + " are taken");
        }
        // Parsing a stream would take a buffer of 4 KiB for an acknowledgement of 50 bytes.
        byte[] bytes =
            stream instanceof KnownLength ? stream.readNBytes(size) : stream.readAllBytes();
        return new Inbound(AgentMessageCodec.decode(AgentBatch.parseFrom(bytes)), "");
      } catch (MalformedMessageException e) {
        return new Inbound(null, String.valueOf(e.getMessage()));
      } catch (IOException e) {
        return new Inbound(null, "not an AgentBatch: " + e.getMessage());
      }
    }
  }

  /** Writes to one call; the connection sees to it that one thread at a time does. */
  private record CallOutlet(ServerCall<Inbound, List<byte[]>> call) implements Outlet {
    @Override
    public boolean isReady() {
      return call.isReady();
    }

    @Override
    public void write(List<byte[]> parts) {
      if (!call.isCancelled()) {
        call.sendMessage(parts);
      }
    }

    @Override
    public void end() {
      if (!call.isCancelled()) {
        call.close(Status.OK, new Metadata());
      }
    }

    @Override
    public void fail(Errno errno, String reason) {
      if (!call.isCancelled()) {
        Refusals.Refusal refusal = Refusals.refusal(errno, reason, null);
        call.close(refusal.status(), refusal.trailers());
      }
    }
  }
}
