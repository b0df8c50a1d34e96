package dev.fenceline.testbed.replay;

import dev.fenceline.device.v1.AtomicAdd;
import dev.fenceline.device.v1.Checksum;
import dev.fenceline.device.v1.Copy;
import dev.fenceline.device.v1.Fill;
import dev.fenceline.device.v1.PointerChase;
import dev.fenceline.device.v1.RandomAccess;
import dev.fenceline.device.v1.RunProgramRequest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;

/**
 * Makes the programs of one device worker, and knows what they must find. Confined to the worker's
 * thread.
 */
final class ProgramSupply {
  /** Operations of one RandomAccess or AtomicAdd program: few, so that programs meet each other. */
  static final int OPERATIONS = 24;

  static final int ADDS = 8;
  static final int HOPS = 24;

  private static final int WRITE_PERCENT = 50;
  private static final long FILL_MARK = 0x4649_0000_0000_0000L;
  private static final long DEADLINE_NANOS = 60_000_000_000L;

  private final int deviceIndex;
  private final int writer;
  private final SplittableRandom random;
  private long nextCounter = 1;
  private long nextFill = 1;

  /**
   * @param writer makes written values unique among all writers of a run
   */
  ProgramSupply(int deviceIndex, int writer, SplittableRandom random) {
    this.deviceIndex = deviceIndex;
    this.writer = writer;
    this.random = random;
  }

  private RunProgramRequest.Builder on(LiveSpace space) {
    return RunProgramRequest.newBuilder()
        .setDeviceIndex(deviceIndex)
        .setSpaceId(space.hostId())
        .setDeadlineNanos(DEADLINE_NANOS);
  }

  RunProgramRequest randomAccess(CheckedWindow window) {
    long first = nextCounter;
    nextCounter += OPERATIONS;
    return on(window.space())
        .setRandomAccess(
            RandomAccess.newBuilder()
                .setAddress(window.registers().start())
                .setLength(window.registers().end() - window.registers().start())
                .setOperations(OPERATIONS)
                .setWritePercent(WRITE_PERCENT)
                .setSeed(random.nextLong())
                .setWriter(writer)
                .setFirstCounter(first)
                .setStrideWords(CheckedWindow.STRIDE_WORDS))
        .build();
  }

  RunProgramRequest atomicAdd(LiveSpace space, int counter) {
    return on(space)
        .setAtomicAdd(
            AtomicAdd.newBuilder()
                .setAddress(LiveSpace.counterAddress(counter))
                .setTimes(ADDS)
                .setOperand(1))
        .build();
  }

  /** A word that no other fill writes. */
  long nextFillWord() {
    return FILL_MARK | (long) writer << 24 | nextFill++;
  }

  RunProgramRequest fill(LiveSpace space, PageRange range, long word) {
    return on(space)
        .setFill(
            Fill.newBuilder()
                .setAddress(range.start())
                .setLength(range.end() - range.start())
                .setWord(word))
        .build();
  }

  RunProgramRequest copy(LiveSpace space, PageRange source, PageRange target) {
    return on(space)
        .setCopy(
            Copy.newBuilder()
                .setSource(source.start())
                .setTarget(target.start())
                .setLength(source.end() - source.start()))
        .build();
  }

  RunProgramRequest checksum(LiveSpace space, PageRange range) {
    return on(space)
        .setChecksum(
            Checksum.newBuilder().setAddress(range.start()).setLength(range.end() - range.start()))
        .build();
  }

  /** The CRC-32C of a range filled with a word. */
  static int crcOfFill(PageRange range, long word) {
    int bytes = (int) (range.end() - range.start());
    ByteBuffer buffer = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      buffer.putLong(word);
    }
    CRC32C crc = new CRC32C();
    crc.update(buffer.array());
    return (int) crc.getValue();
  }

  /** The sum of all words of a range filled with a word. */
  static long sumOfFill(PageRange range, long word) {
    return word * ((range.end() - range.start()) / Long.BYTES);
  }

  RunProgramRequest chase(LiveSpace space, Chain chain) {
    return on(space)
        .setPointerChase(PointerChase.newBuilder().setStart(chain.start()).setHops(HOPS))
        .build();
  }

  /**
   * Addresses that lead from one to the next.
   *
   * @param bytes what to write at the range's start
   * @param end where the hops lead to
   */
  record Chain(long start, byte[] bytes, long end) {}

  /** A chain over a range of pages, in random order, each word at most once. */
  Chain chain(PageRange range) {
    int words = (int) ((range.end() - range.start()) / Long.BYTES);
    ByteBuffer buffer = ByteBuffer.allocate(words * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    boolean[] taken = new boolean[words];
    int at = random.nextInt(words);
    final long start = range.start() + (long) at * Long.BYTES;
    for (int hop = 0; hop < HOPS; hop++) {
      taken[at] = true;
      int next = random.nextInt(words);
      while (taken[next]) {
        next = (next + 1) % words;
      }
      buffer.putLong(at * Long.BYTES, range.start() + (long) next * Long.BYTES);
      at = next;
    }
    return new Chain(start, buffer.array(), range.start() + (long) at * Long.BYTES);
  }
}
