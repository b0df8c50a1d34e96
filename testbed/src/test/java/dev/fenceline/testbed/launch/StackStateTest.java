package dev.fenceline.testbed.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StackStateTest {
  @TempDir private Path directory = Path.of("");

  private static long startMillis(ProcessHandle handle) {
    return handle.info().startInstant().orElseThrow().toEpochMilli();
  }

  @Test
  void directoryWithoutAStack_hasNoState() throws Exception {
    assertThat(StackState.read(directory)).isEmpty();
    StackState.requireFree(directory);
  }

  @Test
  void runningProcess_keepsTheDirectoryTaken() throws Exception {
    ProcessHandle self = ProcessHandle.current();
    Files.writeString(
        directory.resolve("stack.state"), self.pid() + " " + startMillis(self) + " host\n");
    assertThatThrownBy(() -> StackState.requireFree(directory))
        .isInstanceOf(LaunchFailure.class)
        .hasMessageContaining("pid " + self.pid());
  }

  @Test
  void anotherProcessWithTheSamePid_isLeftAlone() throws Exception {
    ProcessHandle self = ProcessHandle.current();
    StackState state = new StackState(List.of(new StackState.Entry(self.pid(), 1, "host")));
    assertThat(state.stop(Duration.ofSeconds(1))).isZero();
  }

  @Test
  void stop_endsExactlyTheNamedProcess() throws Exception {
    Process sleeper = new ProcessBuilder("sleep", "60").start();
    StackState state =
        new StackState(
            List.of(new StackState.Entry(sleeper.pid(), startMillis(sleeper.toHandle()), "host")));
    assertThat(state.stop(Duration.ofSeconds(60))).isEqualTo(1);
    assertThat(sleeper.isAlive()).isFalse();
  }

  @Test
  void unreadableState_isNamed() throws Exception {
    Files.writeString(directory.resolve("stack.state"), "rubbish\n");
    assertThatThrownBy(() -> StackState.read(directory))
        .isInstanceOf(LaunchFailure.class)
        .hasMessageContaining("stack.state");
  }
}
