package dev.fenceline.host.runtime;

import dev.fenceline.host.engine.object.ObjectTable;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files that address spaces may map: those below one directory of the host. Thread-safe: which
 * shard reads and writes a page, and when, is for the shards to agree on.
 */
public final class MappedFiles {
  /** Why a file cannot be mapped; immutable. */
  public record Unmappable(Errno errno, String message) {}

  private static final Logger LOG = LoggerFactory.getLogger(MappedFiles.class);

  private final @Nullable Path root;

  /**
   * @param directory empty: no file can be mapped
   */
  MappedFiles(String directory) {
    root = directory.isEmpty() ? null : Path.of(directory).toAbsolutePath().normalize();
  }

  /** Null if the backing can be mapped so, or is not a file. */
  public @Nullable Unmappable check(String backing, boolean written) {
    if (!backing.startsWith(ObjectTable.FILE_PREFIX)) {
      return null;
    }
    if (root == null) {
      return new Unmappable(Errno.EPERM, "this host maps no files");
    }
    String name = backing.substring(ObjectTable.FILE_PREFIX.length());
    try {
      Path file = resolve(name);
      if (file == null || !file.toRealPath().startsWith(root.toRealPath())) {
        return new Unmappable(Errno.EPERM, "file '" + name + "' is not below the files' directory");
      }
      if (!Files.isRegularFile(file)) {
        return new Unmappable(Errno.EINVAL, "'" + name + "' is not a regular file");
      }
      if (!Files.isReadable(file) || (written && !Files.isWritable(file))) {
        return new Unmappable(
            Errno.EPERM, "file '" + name + "' may not be " + (written ? "written" : "read"));
      }
      return null;
    } catch (InvalidPathException e) {
      return new Unmappable(Errno.EINVAL, "'" + name + "' is no path: " + e.getReason());
    } catch (IOException e) {
      return new Unmappable(Errno.ENOENT, "there is no file '" + name + "'");
    }
  }

  private @Nullable Path resolve(String name) {
    if (root == null || name.isEmpty()) {
      return null;
    }
    Path file = root.resolve(name).normalize();
    return file.startsWith(root) && !file.equals(root) ? file : null;
  }

  /** Fills the frame with a page of the file; zeros where the file has ended or cannot be read. */
  void read(String name, long page, MemorySegment frame) {
    frame.fill((byte) 0);
    Path file = resolve(name);
    if (file == null) {
      return;
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer bytes = frame.asByteBuffer();
      long position = Pages.address(page);
      while (bytes.hasRemaining() && channel.read(bytes, position + bytes.position()) > 0) {
        continue;
      }
    } catch (IOException e) {
      LOG.error("page {} of file '{}' cannot be read and is taken for zeros", page, name, e);
    }
  }

  /** Writes the frame to a page of the file, up to where the file ends. */
  void write(String name, long page, MemorySegment frame) {
    Path file = resolve(name);
    if (file == null) {
      return;
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      long position = Pages.address(page);
      long length = Math.min(Pages.SIZE_BYTES, channel.size() - position);
      if (length <= 0) {
        return;
      }
      ByteBuffer bytes = frame.asSlice(0, length).asByteBuffer();
      while (bytes.hasRemaining()) {
        channel.write(bytes, position + bytes.position());
      }
    } catch (IOException e) {
      LOG.error("page {} of file '{}' cannot be written: its change is lost", page, name, e);
    }
  }
}
