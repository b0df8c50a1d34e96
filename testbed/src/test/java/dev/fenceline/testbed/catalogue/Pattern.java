package dev.fenceline.testbed.catalogue;

import dev.fenceline.client.SpaceClient;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** The catalogue's patterns of 32-bit words, and how a process reads and writes them. Stateless. */
final class Pattern {
  private static final int CHUNK_BYTES = 64 << 10;

  private Pattern() {}

  /** Word k holds k + first. */
  static byte[] rising(long length, int first) {
    ByteBuffer words = ByteBuffer.allocate((int) length).order(ByteOrder.LITTLE_ENDIAN);
    for (int k = first; words.hasRemaining(); k++) {
      words.putInt(k);
    }
    return words.array();
  }

  /** Word k holds k ("pattern i"). */
  static byte[] rising(long length) {
    return rising(length, 0);
  }

  /** Word k holds -k ("pattern -i"). */
  static byte[] falling(long length) {
    ByteBuffer words = ByteBuffer.allocate((int) length).order(ByteOrder.LITTLE_ENDIAN);
    for (int k = 0; words.hasRemaining(); k++) {
      words.putInt(-k);
    }
    return words.array();
  }

  /** The CPU writes. */
  static void write(SpaceClient space, long address, byte[] bytes) {
    for (int at = 0; at < bytes.length; at += CHUNK_BYTES) {
      space.write(
          address + at, Arrays.copyOfRange(bytes, at, Math.min(at + CHUNK_BYTES, bytes.length)));
    }
  }

  /** The CPU reads. */
  static byte[] read(SpaceClient space, long address, long length) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (long at = 0; at < length; at += CHUNK_BYTES) {
      bytes.writeBytes(space.read(address + at, (int) Math.min(CHUNK_BYTES, length - at)));
    }
    return bytes.toByteArray();
  }
}
