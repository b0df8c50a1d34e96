package dev.fenceline.testbed.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServiceProcessTest {
  @TempDir private Path directory = Path.of("");

  private ServiceProcess start(String script) throws Exception {
    Path log = directory.resolve("service.log");
    return ServiceProcess.start("host", log, List.of("/bin/sh", "-c", script));
  }

  private static long in(Duration time) {
    return System.nanoTime() + time.toNanos();
  }

  @Test
  void readyLine_tellsThePorts() throws Exception {
    ServiceProcess process = start("echo 'fenceline-mm-host ready grpc=12 http=34'; sleep 60");
    process.awaitReady(in(Duration.ofSeconds(60)));
    assertThat(process.grpcAddress()).isEqualTo("127.0.0.1:12");
    assertThat(process.httpAddress()).isEqualTo("127.0.0.1:34");
    process.terminate();
    process.stop(in(Duration.ofSeconds(60)));
    assertThat(process.alive()).isFalse();
  }

  @Test
  void serviceThatEnds_isNamedWithItsExitCodeAndLastWords() throws Exception {
    ServiceProcess process = start("echo 'the port is taken'; exit 3");
    assertThatThrownBy(() -> process.awaitReady(in(Duration.ofSeconds(60))))
        .isInstanceOf(LaunchFailure.class)
        .hasMessageContaining("host ended with exit code 3")
        .hasMessageContaining("the port is taken");
    process.stop(in(Duration.ofSeconds(1)));
  }

  @Test
  void silentService_isGivenUp() throws Exception {
    ServiceProcess process = start("sleep 60");
    assertThatThrownBy(() -> process.awaitReady(in(Duration.ofMillis(100))))
        .isInstanceOf(LaunchFailure.class)
        .hasMessageContaining("host was not ready in time");
    process.terminate();
    process.stop(in(Duration.ofSeconds(60)));
    assertThat(process.alive()).isFalse();
  }

  @Test
  void serviceThatIgnoresTheSignal_isEndedByForce() throws Exception {
    ServiceProcess process = start("trap '' TERM; echo up; sleep 60 & wait; sleep 60");
    process.terminate();
    process.stop(in(Duration.ofMillis(200)));
    long deadline = in(Duration.ofSeconds(60));
    while (process.alive() && System.nanoTime() < deadline) {
      Thread.sleep(5);
    }
    assertThat(process.alive()).isFalse();
  }
}
