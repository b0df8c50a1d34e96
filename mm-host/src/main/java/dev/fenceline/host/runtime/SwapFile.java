package dev.fenceline.host.runtime;

import dev.fenceline.host.engine.space.Pte;
import dev.fenceline.model.Pages;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * The pages that are swapped out: a mapped file of 4096-byte slots. Thread-safe: a slot belongs to
 * one shard, which decides who touches it and when.
 *
 * <p>The file is sparse and unnamed: it goes with the process, whatever ends that.
 */
public final class SwapFile {
  private final @Nullable MemorySegment memory;

  /**
   * @param directory where the file is made; empty: the temporary directory of the system
   * @param slots how many pages it holds; 0 makes no file
   * @throws UncheckedIOException if the file cannot be made
   */
  SwapFile(String directory, int slots) {
    memory = slots == 0 ? null : map(directory, Pages.address(slots));
  }

  /** How many pages a file of so many bytes holds. */
  public static int slots(long bytes) {
    return (int) Math.min(Pte.MAX_NUMBER, bytes / Pages.SIZE_BYTES);
  }

  private static MemorySegment map(String directory, long bytes) {
    try {
      Path file =
          directory.isEmpty()
              ? Files.createTempFile("fenceline-swap-", "")
              : Files.createTempFile(Path.of(directory), "fenceline-swap-", "");
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        return channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes, Arena.ofAuto());
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "no swap file of " + bytes + " bytes in '" + directory + "': " + e.getMessage(), e);
    }
  }

  void write(FrameStore frames, int frame, int slot) {
    MemorySegment.copy(frames.page(frame), 0, file(), base(slot), Pages.SIZE_BYTES);
  }

  void read(FrameStore frames, int slot, int frame) {
    MemorySegment.copy(file(), base(slot), frames.page(frame), 0, Pages.SIZE_BYTES);
  }

  private MemorySegment file() {
    if (memory == null) {
      throw new IllegalStateException("there is no swap file");
    }
    return memory;
  }

  private static long base(int slot) {
    return (long) slot * Pages.SIZE_BYTES;
  }
}
