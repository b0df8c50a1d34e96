package dev.fenceline.testbed.replay;

import dev.fenceline.common.v1.Protection;
import dev.fenceline.testbed.trace.LinuxFlags;

/** PROT_* bits in their several forms. Stateless. */
final class Protections {
  static final int READ_WRITE = LinuxFlags.PROT_READ | LinuxFlags.PROT_WRITE;

  private Protections() {}

  static boolean readWrite(int protection) {
    return (protection & READ_WRITE) == READ_WRITE;
  }

  static dev.fenceline.model.Protection of(int protection) {
    return new dev.fenceline.model.Protection(
        (protection & LinuxFlags.PROT_READ) != 0,
        (protection & LinuxFlags.PROT_WRITE) != 0,
        (protection & LinuxFlags.PROT_EXEC) != 0);
  }

  static int bits(Protection message) {
    return (message.getRead() ? LinuxFlags.PROT_READ : 0)
        | (message.getWrite() ? LinuxFlags.PROT_WRITE : 0)
        | (message.getExecute() ? LinuxFlags.PROT_EXEC : 0);
  }
}
