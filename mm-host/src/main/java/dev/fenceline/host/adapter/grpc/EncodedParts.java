package dev.fenceline.host.adapter.grpc;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;

/**
 * One outbound message made of parts that are encoded already; goes out without another encoding.
 * Read once, by the transport.
 */
final class EncodedParts extends InputStream implements Drainable, KnownLength {
  /** Hands the parts to the transport as they are. */
  static final MethodDescriptor.Marshaller<List<byte[]>> MARSHALLER =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(List<byte[]> parts) {
          return new EncodedParts(parts);
        }

        @Override
        public List<byte[]> parse(InputStream stream) {
          throw new UnsupportedOperationException("a host does not receive what a host sends");
        }
      };

  private final List<byte[]> parts;
  private int part;
  private int offset;

  private EncodedParts(List<byte[]> parts) {
    this.parts = parts;
  }

  @Override
  public int drainTo(OutputStream target) throws IOException {
    int written = 0;
    for (; part < parts.size(); part++) {
      byte[] bytes = parts.get(part);
      target.write(bytes, offset, bytes.length - offset);
      written += bytes.length - offset;
      offset = 0;
    }
    return written;
  }

  @Override
  public int available() {
    int left = -offset;
    for (int i = part; i < parts.size(); i++) {
      left += parts.get(i).length;
    }
    return left;
  }

  @Override
  public int read() {
    while (part < parts.size()) {
      byte[] bytes = parts.get(part);
      if (offset < bytes.length) {
        return bytes[offset++] & 0xff;
      }
      part++;
      offset = 0;
    }
    return -1;
  }
}
