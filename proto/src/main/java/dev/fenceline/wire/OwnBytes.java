package dev.fenceline.wire;

import com.google.protobuf.ByteOutput;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Takes the array out of bytes that were decoded for one reader, without a copy where they are an
 * array as a whole. Confined to one decoding; the message is not used any more.
 */
final class OwnBytes extends ByteOutput {
  private byte @Nullable [] whole;
  private boolean inParts;

  private OwnBytes() {}

  static byte[] of(ByteString bytes) {
    OwnBytes own = new OwnBytes();
    try {
      UnsafeByteOperations.unsafeWriteTo(bytes, own);
    } catch (IOException e) {
      throw new UncheckedIOException("nothing is written here", e);
    }
    byte[] taken = own.whole;
    return taken == null || own.inParts ? bytes.toByteArray() : taken;
  }

  @Override
  public void writeLazy(byte[] value, int offset, int length) {
    inParts |= whole != null || offset != 0 || length != value.length;
    whole = value;
  }

  @Override
  public void write(byte value) {
    inParts = true;
  }

  @Override
  public void write(byte[] value, int offset, int length) {
    inParts = true;
  }

  @Override
  public void write(ByteBuffer value) {
    inParts = true;
  }

  @Override
  public void writeLazy(ByteBuffer value) {
    inParts = true;
  }
}
