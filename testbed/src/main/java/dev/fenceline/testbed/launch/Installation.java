package dev.fenceline.testbed.launch;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A built source tree: where the class path and the Java executable of each service are. Immutable.
 *
 * @param root the top directory of the source tree
 */
public record Installation(Path root) {
  private static final String ROOT_PROPERTY = "fenceline.rootDirectory";

  /** The tree that the command line was started from. */
  public static Installation current() {
    String root = System.getProperty(ROOT_PROPERTY, "");
    return new Installation(Path.of(root).toAbsolutePath().normalize());
  }

  /** Where logs and state of running stacks go. */
  public Path runDirectory() {
    return root.resolve("target").resolve("run");
  }

  /** The virtual machine that runs this very process. */
  static String javaExecutable() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /** Where {@link StartCaches} leaves what the service starts faster from. */
  Path startCache(ServiceKind kind) {
    return root.resolve(kind.module()).resolve("target").resolve("start.aot");
  }

  /**
   * The command that starts a service, without its own options.
   *
   * @throws LaunchFailure if the module has not been built
   */
  List<String> command(ServiceKind kind) throws LaunchFailure {
    return command(kind, cacheFlags(startCache(kind)));
  }

  /** The same with these flags for the virtual machine in place of those of the cache. */
  List<String> command(ServiceKind kind, List<String> flags) throws LaunchFailure {
    List<String> command = new ArrayList<>();
    command.add(javaExecutable());
    command.addAll(kind.jvmFlags());
    command.addAll(flags);
    command.add("-cp");
    command.add(classPath(kind));
    command.add(kind.mainClass());
    return command;
  }

  /** What tells a virtual machine of a cache, if there is one. */
  static List<String> cacheFlags(Path cache) {
    if (!Files.isRegularFile(cache)) {
      return List.of();
    }
    // A cache of other jars, or a damaged one, is passed over, which is nobody's business.
    return List.of("-XX:AOTCache=" + cache, "-Xlog:aot*=off", "-Xlog:cds*=off");
  }

  private String classPath(ServiceKind kind) throws LaunchFailure {
    Path target = root.resolve(kind.module()).resolve("target");
    Path dependencies = target.resolve("classpath.txt");
    try {
      return own(kind, target) + File.pathSeparator + Files.readString(dependencies).strip();
    } catch (IOException | UncheckedIOException e) {
      throw new LaunchFailure(
          "module " + kind.module() + " is not built below " + root + ": run ./fenceline build", e);
    }
  }

  /** The module's jar, else its classes, which is what a build without packaging leaves. */
  private static Path own(ServiceKind kind, Path target) throws IOException {
    String pattern = "fenceline-" + kind.module() + "-*SNAPSHOT.jar";
    try (DirectoryStream<Path> jars = Files.newDirectoryStream(target, pattern)) {
      for (Path jar : jars) {
        return jar;
      }
    }
    return target.resolve("classes");
  }
}
