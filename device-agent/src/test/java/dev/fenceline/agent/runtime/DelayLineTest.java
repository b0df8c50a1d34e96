package dev.fenceline.agent.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.model.DeviceDescription;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DelayLineTest {
  private static final long MILLI = 1_000_000;

  private record Ended(List<Long> drainIds, long atNanos) {}

  private final DelayLine line = new DelayLine();
  private final BlockingQueue<Ended> heard = new LinkedBlockingQueue<>();
  private final ImitatedDrain.Listener listener = this::hear;

  @AfterEach
  void close() {
    line.close();
  }

  private void hear(List<ImitatedDrain> drains) {
    heard.add(new Ended(drains.stream().map(ImitatedDrain::drainId).toList(), System.nanoTime()));
  }

  private static Device device(int index, long drainNanos) {
    return new Device(
        new DeviceDescription(index, "device-" + index, 1), new Delays(drainNanos, 0, 0), 1);
  }

  private ImitatedDrain drain(long id, long drainNanos) {
    return new ImitatedDrain(device((int) id, drainNanos), id, 0, listener);
  }

  private Ended next() throws InterruptedException {
    Ended ended = heard.poll(30, TimeUnit.SECONDS);
    assertThat(ended).isNotNull();
    return ended;
  }

  @Test
  void drainsThatBeginTogether_endInOneCallAndNeverEarly() throws InterruptedException {
    for (int round = 0; round < 20; round++) {
      long began = System.nanoTime();
      line.begin(List.of(drain(1, MILLI), drain(2, MILLI), drain(3, MILLI), drain(4, MILLI)));
      Ended ended = next();
      assertThat(ended.drainIds()).containsExactlyInAnyOrder(1L, 2L, 3L, 4L);
      assertThat(ended.atNanos() - began).isGreaterThanOrEqualTo(MILLI);
    }
    assertThat(heard).isEmpty();
  }

  @Test
  void noDelay_endsInPlace() {
    line.begin(List.of(drain(1, 0), drain(2, 0)));

    assertThat(heard.remove().drainIds()).containsExactly(1L, 2L);
  }

  @Test
  void shorterDelayThatBeginsLater_endsFirst() throws InterruptedException {
    line.begin(List.of(drain(1, 10_000 * MILLI)));
    line.begin(List.of(drain(2, MILLI)));

    assertThat(next().drainIds()).containsExactly(2L);
    assertThat(heard).isEmpty();
  }

  @Test
  void listenerThatFails_holdsUpNobodyElse() throws InterruptedException {
    ImitatedDrain.Listener failing =
        drains -> {
          throw new IllegalStateException("told to fail");
        };
    line.begin(List.of(new ImitatedDrain(device(1, MILLI), 1, 0, failing), drain(2, MILLI)));
    line.begin(List.of(drain(3, 2 * MILLI)));

    List<Long> ended = new ArrayList<>(next().drainIds());
    while (ended.size() < 2) { // where the machine stalls, both are due at once
      ended.addAll(next().drainIds());
    }
    assertThat(ended).containsExactly(2L, 3L);
  }

  @Test
  void delayOfADrain_beginsWithTheLastOfTurnAndAccesses() {
    ImitatedDrain drain = drain(1, MILLI);

    assertThat(drain.oneCame()).isFalse();
    assertThat(drain.oneCame()).isTrue();
  }
}
