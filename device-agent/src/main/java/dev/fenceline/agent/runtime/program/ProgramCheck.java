package dev.fenceline.agent.runtime.program;

import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import org.jspecify.annotations.Nullable;

/** Whether a program makes sense before it is run. Stateless. */
final class ProgramCheck {
  /** Bound of the history that one run answers with. */
  static final int MAX_HISTORY = 65_536;

  static final int MAX_HOPS = 10_000_000;
  private static final int MAX_WRITER = (1 << 23) - 1;

  private ProgramCheck() {}

  /** Null if it does. */
  static ProgramReport.@Nullable Failure of(Program program) {
    return switch (program) {
      case Program.Fill fill -> range("fill", fill.address(), fill.length());
      case Program.Copy copy -> copy(copy);
      case Program.Add add -> add(add);
      case Program.Checksum checksum -> range("checksum", checksum.address(), checksum.length());
      case Program.PointerChase chase ->
          chase.hops() >= 1 && chase.hops() <= MAX_HOPS
              ? null
              : invalid(chase.hops() + " hops; it must be 1 to " + MAX_HOPS, null);
      case Program.RandomAccess random -> random(random);
      case Program.AtomicAdd add -> atomicAdd(add);
      case Program.SingleAccess access -> access(access);
      case Program.AccessBatch batch -> batch(batch);
    };
  }

  private static ProgramReport.@Nullable Failure copy(Program.Copy copy) {
    ProgramReport.Failure failure = range("source", copy.source(), copy.length());
    if (failure == null) {
      failure = range("target", copy.target(), copy.length());
    }
    if (failure == null
        && copy.source() < copy.target() + copy.length()
        && copy.target() < copy.source() + copy.length()) {
      failure = invalid("source and target overlap", copy.target());
    }
    return failure;
  }

  private static ProgramReport.@Nullable Failure add(Program.Add add) {
    if (((add.a() | add.b() | add.target() | add.length()) & (Long.BYTES - 1)) != 0) {
      return invalid("addresses and length of add must be multiples of 8", null);
    }
    ProgramReport.Failure failure = range("a", add.a(), add.length());
    if (failure == null) {
      failure = range("b", add.b(), add.length());
    }
    return failure == null ? range("target", add.target(), add.length()) : failure;
  }

  private static ProgramReport.@Nullable Failure random(Program.RandomAccess random) {
    if (((random.address() | random.length()) & (Long.BYTES - 1)) != 0) {
      return invalid("address and length of random access must be multiples of 8", null);
    }
    if (random.operations() < 1 || random.operations() > MAX_HISTORY) {
      return invalid(random.operations() + " operations; it must be 1 to " + MAX_HISTORY, null);
    }
    if (random.writePercent() < 0 || random.writePercent() > 100) {
      return invalid(random.writePercent() + " % writes; it must be 0 to 100", null);
    }
    if (random.writer() < 0 || random.writer() > MAX_WRITER || random.strideWords() < 0) {
      return invalid("writer must be 1 to 2^23 - 1, stride_words below 2^31", null);
    }
    return range("random access", random.address(), random.length());
  }

  private static ProgramReport.@Nullable Failure atomicAdd(Program.AtomicAdd add) {
    if ((add.address() & (Long.BYTES - 1)) != 0) {
      return invalid("the address of an atomic must be a multiple of 8", add.address());
    }
    return add.times() >= 1 && add.times() <= MAX_HISTORY
        ? range("atomic add", add.address(), Long.BYTES)
        : invalid(add.times() + " times; it must be 1 to " + MAX_HISTORY, null);
  }

  private static ProgramReport.@Nullable Failure access(Program.SingleAccess access) {
    if (access.length() < 1 || access.length() > DmaRequest.MAX_LENGTH_BYTES) {
      return invalid(access.length() + " bytes; it must be 1 to 65536", null);
    }
    if (access.data().length != (access.write() ? access.length() : 0)) {
      return invalid("a store carries exactly length bytes, a load none", null);
    }
    return range("access", access.address(), access.length());
  }

  private static ProgramReport.@Nullable Failure batch(Program.AccessBatch batch) {
    int count = batch.accesses().length;
    if (count < 1 || count > MAX_HISTORY) {
      return invalid(count + " accesses; it must be 1 to " + MAX_HISTORY, null);
    }
    if (batch.writer() < 0 || batch.writer() > MAX_WRITER) {
      return invalid("writer must be 1 to 2^23 - 1", null);
    }
    for (long access : batch.accesses()) {
      long kind = access & Program.AccessBatch.KIND_MASK;
      if (access < 0 || access >= Pages.ADDRESS_LIMIT || kind > Program.AccessBatch.MODIFY) {
        return invalid("access 0x" + Long.toHexString(access) + " is no access", access);
      }
    }
    return null;
  }

  private static ProgramReport.@Nullable Failure range(String name, long address, long length) {
    if (length < 1) {
      return invalid(name + " is empty", address);
    }
    if (address < 0 || length > Pages.ADDRESS_LIMIT || address > Pages.ADDRESS_LIMIT - length) {
      return new ProgramReport.Failure(
          Errno.EFAULT, name + " reaches outside of [0, 2^47)", address);
    }
    return null;
  }

  private static ProgramReport.Failure invalid(String message, @Nullable Long address) {
    return new ProgramReport.Failure(Errno.EINVAL, message, address);
  }
}
