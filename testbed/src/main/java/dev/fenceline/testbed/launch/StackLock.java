package dev.fenceline.testbed.launch;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * That one launcher at a time uses a directory, from before its first process starts. The kernel
 * lets go of it however the launcher ends. Confined to one thread.
 */
final class StackLock implements AutoCloseable {
  private static final String FILE = "stack.lock";

  private final FileChannel channel;

  private StackLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * @throws LaunchFailure if another launcher has it, or there is no such place
   */
  static StackLock take(Path directory) throws LaunchFailure {
    try {
      Files.createDirectories(directory);
      FileChannel channel =
          FileChannel.open(
              directory.resolve(FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (isLocked(channel)) {
        return new StackLock(channel);
      }
      channel.close();
    } catch (IOException e) {
      throw new LaunchFailure("cannot lock directory " + directory, e);
    }
    throw new LaunchFailure(
        "another stack runs or starts in "
            + directory
            + "; stop it by `./fenceline down`, or name another by --instance");
  }

  private static boolean isLocked(FileChannel channel) throws IOException {
    try {
      @Nullable FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false; // this process has it
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // The end of the process lets go of it.
    }
  }
}
