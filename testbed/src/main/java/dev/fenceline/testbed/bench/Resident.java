package dev.fenceline.testbed.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** How much memory of a process is resident, as the kernel tells. Stateless. */
final class Resident {
  private Resident() {}

  static long kibibytes(long pid) throws IOException {
    return Arrays.stream(
            Files.readString(Path.of("/proc", Long.toString(pid), "status")).split("\n"))
        .filter(line -> line.startsWith("VmRSS:"))
        .map(line -> line.replaceAll("\\D", ""))
        .mapToLong(Long::parseLong)
        .findFirst()
        .orElse(0);
  }
}
