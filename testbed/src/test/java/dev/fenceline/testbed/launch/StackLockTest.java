package dev.fenceline.testbed.launch;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two launchers that want the same directory. */
class StackLockTest {
  @Test
  void directoryInUse_isRefusedWithWhatToDo(@TempDir Path directory) throws Exception {
    Path run = directory.resolve("run");
    StackLock first = StackLock.take(run);
    assertThatThrownBy(() -> StackLock.take(run))
        .isInstanceOf(LaunchFailure.class)
        .hasMessageContaining(run.toString())
        .hasMessageContaining("./fenceline down")
        .hasMessageContaining("--instance");
    first.close();
    StackLock.take(run).close();
  }
}
