package dev.fenceline.coordinator.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.coordinator.engine.RegistryInput.ReportReceived;
import dev.fenceline.coordinator.engine.RegistryInput.StreamOpened;
import dev.fenceline.coordinator.engine.RegistryInput.Tick;
import org.junit.jupiter.api.Test;

class RecoveryTest {
  private static final long MS = 1_000_000L;

  @Test
  void nobodyDialled_staysRecoveringUntilTheLimit() {
    RegistryEngine engine = engine(1, 3000 * MS);
    tick(engine, 300);
    assertThat(engine.isRecovering()).isTrue();
    assertThat(engine.nextDeadlineNanos()).isEqualTo(400 * MS);
    for (long at = 400; at < 3000; at += 100) {
      tick(engine, at);
      assertThat(engine.isRecovering()).as("at %d ms", at).isTrue();
    }
    tick(engine, 3000);
    assertThat(engine.isRecovering()).isFalse();
  }

  @Test
  void hostDialsBehindTheWindow_endsIt() {
    RegistryEngine engine = engine(1, 3000 * MS);
    tick(engine, 300);
    host(engine, 1, "host-1", 350);
    tick(engine, 400);
    assertThat(engine.isRecovering()).isFalse();
  }

  @Test
  void fewerHostsThanExpected_waitsForAllHoweverLong() {
    RegistryEngine engine = engine(2, RegistrySettings.UNLIMITED_NANOS);
    host(engine, 1, "host-1", 10);
    tick(engine, 300);
    assertThat(engine.isRecovering()).isTrue();
    host(engine, 1, "host-1", 390);
    tick(engine, 400);
    assertThat(engine.isRecovering()).isTrue();
    host(engine, 2, "host-2", 450);
    tick(engine, 500);
    assertThat(engine.isRecovering()).isFalse();
  }

  private static RegistryEngine engine(int expectedHosts, long limitNanos) {
    return new RegistryEngine(
        new RegistrySettings(500 * MS, 100 * MS, 300 * MS, 2000 * MS, expectedHosts, limitNanos),
        0xB007,
        0);
  }

  private static void tick(RegistryEngine engine, long atMillis) {
    engine.step(atMillis * MS, new Tick());
  }

  private static void host(RegistryEngine engine, long stream, String id, long atMillis) {
    engine.step(atMillis * MS, new StreamOpened(stream));
    engine.step(
        atMillis * MS,
        new ReportReceived(
            stream, new NodeReport(id, 7, "h:1", "", new NodeLoad.HostLoad(1, 0, 0, 1, 1), false)));
  }
}
