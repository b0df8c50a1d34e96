package dev.fenceline.host.adapter.grpc;

import dev.fenceline.host.runtime.MessageEncoder;
import dev.fenceline.model.HostMessage;
import dev.fenceline.wire.HostMessageCodec;

/** Encodes what a host says by the wire contract. Stateless. */
public final class WireEncoder implements MessageEncoder {
  @Override
  public byte[] event(HostMessage message) {
    return HostMessageCodec.encodeEvent(message);
  }

  @Override
  public byte[] header(long hostEpoch, long sessionId) {
    return HostMessageCodec.encodeHeader(hostEpoch, sessionId);
  }
}
