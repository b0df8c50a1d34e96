package dev.fenceline.agent.runtime.program;

import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Pages;

/** What can be said of a program before it runs. Stateless. */
public final class ProgramFacts {
  private ProgramFacts() {}

  /** What it is called. */
  public static String kind(Program program) {
    return switch (program) {
      case Program.Fill fill -> "fill";
      case Program.Copy copy -> "copy";
      case Program.Add add -> "add";
      case Program.Checksum checksum -> "checksum";
      case Program.PointerChase chase -> "pointer-chase";
      case Program.RandomAccess random -> "random-access";
      case Program.AtomicAdd add -> "atomic-add";
      case Program.SingleAccess access -> "access";
      case Program.AccessBatch batch -> "access-batch";
    };
  }

  /** Operations that it does if nothing fails; 0 if that is not known. */
  public static long operations(Program program) {
    return switch (program) {
      case Program.Fill fill -> chunks(fill.address(), fill.length());
      case Program.Copy copy -> 2 * chunks(copy.source(), copy.length());
      case Program.Add add -> 3 * chunks(add.target(), add.length());
      case Program.Checksum checksum ->
          Math.ceilDiv(Math.max(0, checksum.length()), (long) DmaRequest.MAX_LENGTH_BYTES);
      case Program.PointerChase chase -> chase.hops();
      case Program.RandomAccess random -> random.operations();
      case Program.AtomicAdd add -> add.times();
      case Program.SingleAccess access -> 1;
      case Program.AccessBatch batch -> accesses(batch);
    };
  }

  private static long accesses(Program.AccessBatch batch) {
    long count = 0;
    for (long access : batch.accesses()) {
      count += (access & Program.AccessBatch.KIND_MASK) == Program.AccessBatch.MODIFY ? 2 : 1;
    }
    return count;
  }

  /** The first chunk ends at a page's end, the rest are whole. */
  private static long chunks(long address, long length) {
    if (length <= 0 || (address & (Long.BYTES - 1)) != 0) {
      return 0;
    }
    long first = DmaRequest.MAX_LENGTH_BYTES - (address & (Pages.SIZE_BYTES - 1));
    return length <= first
        ? 1
        : 1 + Math.ceilDiv(length - first, (long) DmaRequest.MAX_LENGTH_BYTES);
  }
}
