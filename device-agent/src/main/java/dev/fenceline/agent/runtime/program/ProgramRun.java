package dev.fenceline.agent.runtime.program;

import dev.fenceline.agent.runtime.AccessOutcome;
import dev.fenceline.agent.runtime.AccessRequest;
import dev.fenceline.agent.runtime.UnitAccess;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** One run of one program. Confined to the execution unit's thread. */
public final class ProgramRun {
  private static final VarHandle WORD =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int CHUNK_BYTES = DmaRequest.MAX_LENGTH_BYTES;
  private static final int WRITER_SHIFT = 40;

  private final UnitAccess access;
  private final LongSupplier clock;
  private final List<ProgramReport.HistoryEntry> history = new ArrayList<>();
  private ProgramReport.@Nullable Failure failure;
  private long operations;
  private long sum;
  private int crc32c;
  private long value;
  private byte[] data = {};

  public ProgramRun(UnitAccess access, LongSupplier clock) {
    this.access = access;
    this.clock = clock;
  }

  /** Runs the program to its end, which may be its deadline. */
  public ProgramReport run(Program program) throws InterruptedException {
    long began = clock.getAsLong();
    failure = ProgramCheck.of(program);
    if (failure == null) {
      switch (program) {
        case Program.Fill fill -> fill(fill);
        case Program.Copy copy -> copy(copy);
        case Program.Add add -> add(add);
        case Program.Checksum checksum -> checksum(checksum);
        case Program.PointerChase chase -> chase(chase);
        case Program.RandomAccess random -> randomAccess(random);
        case Program.AtomicAdd add -> atomicAdd(add);
        case Program.SingleAccess single -> single(single);
        case Program.AccessBatch batch -> batch(batch);
      }
    }
    return new ProgramReport(
        failure,
        clock.getAsLong() - began,
        operations,
        access.faults(),
        access.retries(),
        access.rewrites(),
        sum,
        crc32c,
        value,
        data,
        history);
  }

  private void fill(Program.Fill fill) throws InterruptedException {
    byte[] pattern = new byte[CHUNK_BYTES];
    for (int i = 0; i < pattern.length; i += Long.BYTES) {
      WORD.set(pattern, i, fill.word());
    }
    for (long done = 0; done < fill.length(); ) {
      int length = chunk(fill.address() + done, fill.length() - done);
      byte[] bytes = Arrays.copyOf(pattern, length); // chunks are whole words, but for the last
      if (!write(fill.address() + done, bytes, fill.address() + fill.length())) {
        return;
      }
      done += length;
    }
  }

  private void copy(Program.Copy copy) throws InterruptedException {
    for (long done = 0; done < copy.length(); ) {
      int length = chunk(copy.source() + done, copy.length() - done);
      byte[] bytes = read(copy.source() + done, length, copy.source() + copy.length());
      if (bytes == null || !write(copy.target() + done, bytes, copy.target() + copy.length())) {
        return;
      }
      done += length;
    }
  }

  private void add(Program.Add add) throws InterruptedException {
    for (long done = 0; done < add.length(); ) {
      int length = chunk(add.target() + done, add.length() - done);
      byte[] a = read(add.a() + done, length, add.a() + add.length());
      byte[] b = a == null ? null : read(add.b() + done, length, add.b() + add.length());
      if (a == null || b == null) {
        return;
      }
      for (int i = 0; i < length; i += Long.BYTES) {
        WORD.set(a, i, (long) WORD.get(a, i) + (long) WORD.get(b, i));
      }
      if (!write(add.target() + done, a, add.target() + add.length())) {
        return;
      }
      done += length;
    }
  }

  private void checksum(Program.Checksum checksum) throws InterruptedException {
    CRC32C crc = new CRC32C();
    long end = checksum.address() + checksum.length();
    for (long done = 0; done < checksum.length(); ) {
      int length = (int) Math.min(CHUNK_BYTES, checksum.length() - done);
      byte[] bytes = read(checksum.address() + done, length, end);
      if (bytes == null) {
        return;
      }
      crc.update(bytes);
      byte[] padded = Arrays.copyOf(bytes, (length + 7) & -Long.BYTES);
      for (int i = 0; i < padded.length; i += Long.BYTES) {
        sum += (long) WORD.get(padded, i);
      }
      done += length;
    }
    crc32c = (int) crc.getValue();
  }

  private void chase(Program.PointerChase chase) throws InterruptedException {
    value = chase.start();
    for (int hop = 0; hop < chase.hops(); hop++) {
      if (value < 0 || value > Pages.ADDRESS_LIMIT - Long.BYTES) {
        failure =
            new ProgramReport.Failure(
                Errno.EFAULT, "hop " + hop + " leads outside of [0, 2^47)", value);
        return;
      }
      byte[] word = read(value, Long.BYTES, value + Long.BYTES);
      if (word == null) {
        return;
      }
      value = (long) WORD.get(word, 0);
    }
  }

  private void randomAccess(Program.RandomAccess program) throws InterruptedException {
    SplittableRandom random = new SplittableRandom(program.seed());
    long stride = Math.max(1, program.strideWords()) * (long) Long.BYTES;
    long words = (program.length() + stride - 1) / stride;
    long counter = program.firstCounter();
    for (int i = 0; i < program.operations(); i++) {
      long address = program.address() + random.nextLong(words) * stride;
      boolean writes = random.nextInt(100) < program.writePercent();
      boolean ok;
      if (writes) {
        ok = writeWord(address, ((long) program.writer() << WRITER_SHIFT) + counter++);
      } else {
        ok = readWord(address);
      }
      if (!ok) {
        return;
      }
    }
  }

  private void batch(Program.AccessBatch batch) throws InterruptedException {
    long counter = batch.firstCounter();
    for (long access : batch.accesses()) {
      long address = access & ~Program.AccessBatch.KIND_MASK;
      int kind = (int) access & Program.AccessBatch.KIND_MASK;
      boolean ok = kind == Program.AccessBatch.STORE || readWord(address);
      if (ok && kind != Program.AccessBatch.LOAD) {
        ok = writeWord(address, ((long) batch.writer() << WRITER_SHIFT) + counter++);
      }
      if (!ok) {
        return;
      }
    }
  }

  private boolean readWord(long address) throws InterruptedException {
    long invoked = clock.getAsLong();
    byte[] word = read(address, Long.BYTES, address + Long.BYTES);
    if (word == null) {
      return false;
    }
    record(ProgramReport.Kind.READ, address, (long) WORD.get(word, 0), invoked, false);
    return true;
  }

  private boolean writeWord(long address, long written) throws InterruptedException {
    byte[] word = new byte[Long.BYTES];
    WORD.set(word, 0, written);
    long invoked = clock.getAsLong();
    AccessOutcome outcome =
        access.perform(AccessRequest.write(address, word, address + Long.BYTES, false));
    if (isRefused(outcome)) {
      return false;
    }
    boolean inDoubt = outcome instanceof AccessOutcome.InDoubt;
    record(ProgramReport.Kind.WRITE, address, written, invoked, inDoubt);
    return true;
  }

  private void atomicAdd(Program.AtomicAdd add) throws InterruptedException {
    for (int i = 0; i < add.times(); i++) {
      long invoked = clock.getAsLong();
      AccessOutcome outcome = access.perform(AccessRequest.fetchAdd(add.address(), add.operand()));
      if (isRefused(outcome)) {
        return;
      }
      long previous = outcome instanceof AccessOutcome.Done done ? done.previous() : 0;
      boolean inDoubt = outcome instanceof AccessOutcome.InDoubt;
      if (history.isEmpty()) {
        value = previous;
      }
      record(ProgramReport.Kind.ADD, add.address(), previous, invoked, inDoubt);
    }
  }

  private void single(Program.SingleAccess single) throws InterruptedException {
    long end = single.address() + single.length();
    if (single.write()) {
      write(single.address(), single.data(), end);
      return;
    }
    byte[] bytes = read(single.address(), single.length(), end);
    if (bytes != null) {
      data = bytes;
    }
  }

  /** So that chunks end at page boundaries and one never touches more pages than it has to. */
  private static int chunk(long address, long left) {
    int toBoundary = CHUNK_BYTES - (int) (address & (Pages.SIZE_BYTES - 1));
    return (int) Math.min(toBoundary & -Long.BYTES, left);
  }

  /** Null if the run has failed. */
  private byte @Nullable [] read(long address, int length, long end) throws InterruptedException {
    AccessOutcome outcome = access.perform(AccessRequest.read(address, length, end));
    access.progress().operations(++operations);
    return !isRefused(outcome) && outcome instanceof AccessOutcome.Done done ? done.data() : null;
  }

  /** False if the run has failed. */
  private boolean write(long address, byte[] bytes, long end) throws InterruptedException {
    AccessOutcome outcome = access.perform(AccessRequest.write(address, bytes, end, true));
    access.progress().operations(++operations);
    return !isRefused(outcome);
  }

  private boolean isRefused(AccessOutcome outcome) {
    if (outcome instanceof AccessOutcome.Refused refused) {
      failure = new ProgramReport.Failure(refused.errno(), refused.message(), refused.address());
      return true;
    }
    return false;
  }

  private void record(
      ProgramReport.Kind kind, long address, long seen, long invoked, boolean inDoubt) {
    if (kind != ProgramReport.Kind.READ) {
      access.progress().operations(++operations);
    }
    history.add(
        new ProgramReport.HistoryEntry(kind, address, seen, invoked, clock.getAsLong(), inDoubt));
  }
}
