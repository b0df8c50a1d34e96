package dev.fenceline.testbed.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Services start from their caches where there are any, and all the same where there are none. */
class StartCachesTest {
  private static final List<String> PORTS =
      List.of(
          "--spring.grpc.server.address=127.0.0.1",
          "--spring.grpc.server.port=0",
          "--server.port=0",
          "--fenceline.agent.agent-id=agent-1");

  @TempDir private Path root = Path.of("");

  @Test
  void cacheThere_isNamedToTheVirtualMachine() throws Exception {
    Installation installation = new Installation(root);
    Path target = Files.createDirectories(root.resolve(ServiceKind.AGENT.module() + "/target"));
    Files.writeString(target.resolve("classpath.txt"), "some.jar");
    assertThat(installation.command(ServiceKind.AGENT))
        .noneMatch(word -> word.startsWith("-XX:AOT"));
    Path cache = Files.createFile(installation.startCache(ServiceKind.AGENT));
    assertThat(installation.command(ServiceKind.AGENT))
        .contains("-XX:AOTCache=" + cache)
        .containsSubsequence("-XX:AOTCache=" + cache, "-cp", ServiceKind.AGENT.mainClass());
  }

  @Test
  void notBuilt_isToldInOneLine() throws Exception {
    ByteArrayOutputStream told = new ByteArrayOutputStream();
    StartCaches.make(new Installation(root), new PrintStream(told, true, StandardCharsets.UTF_8));
    assertThat(told.toString(StandardCharsets.UTF_8).strip())
        .startsWith("fenceline: the services will start slower")
        .contains("is not built")
        .doesNotContain("\n");
  }

  @Test
  @Tag("processes")
  @Timeout(120)
  void damagedCache_isPassedOverWithoutAWord() throws Exception {
    Path cache = Files.writeString(root.resolve("start.aot"), "no cache".repeat(1000));
    List<String> flags = Installation.cacheFlags(cache);
    assertThat(flags).contains("-XX:AOTCache=" + cache);
    List<String> command =
        new ArrayList<>(Installation.current().command(ServiceKind.AGENT, flags));
    command.addAll(PORTS);
    ServiceProcess process = ServiceProcess.start("agent-1", root.resolve("agent.log"), command);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(100);
    try {
      process.awaitReady(deadline);
    } finally {
      process.terminate();
      process.stop(deadline);
    }
    assertThat(Files.readString(process.log())).doesNotContain("[aot").doesNotContain("[cds");
  }
}
