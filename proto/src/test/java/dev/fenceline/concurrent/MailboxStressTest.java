package dev.fenceline.concurrent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fenceline.concurrent.Mailbox.Draining;
import dev.fenceline.concurrent.Mailbox.Offer;
import dev.fenceline.concurrent.Mailbox.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MailboxStressTest {
  private static final int PRODUCERS = 3;
  private static final int CAPACITY = 16;

  private record Input(int producer, long number) {}

  /** Its fields are plain on purpose: the mailbox must order the runs of the handler. */
  private static final class Ledger {
    private final long[] next = new long[PRODUCERS];
    private boolean inside;
    private long handled;
    private long failed;
    private String violation = "";

    void handle(Input input) {
      if (inside) {
        violation = "two inputs at a time";
      }
      inside = true;
      if (next[input.producer()]++ != input.number()) {
        violation = "out of order: " + input;
      }
      handled++;
      inside = false;
    }
  }

  @ParameterizedTest
  @EnumSource(Draining.class)
  void manyProducers_everyAcceptedInputIsHandledOnceAndInOrder(Draining draining) throws Exception {
    Ledger ledger = new Ledger();
    AtomicLong accepted = new AtomicLong();
    try (ExecutorService executor = Executors.newFixedThreadPool(2)) {
      Mailbox<Input> mailbox =
          new Mailbox<>(
              new Settings(CAPACITY, 5, draining),
              executor,
              ledger::handle,
              (input, failure) -> ledger.failed++);
      long startNanos = System.nanoTime();
      List<Crew.Task> tasks = new ArrayList<>();
      for (int producer = 0; producer < PRODUCERS; producer++) {
        int self = producer;
        tasks.add(() -> accepted.addAndGet(produce(mailbox, self, startNanos)));
      }
      Crew.run(tasks);
      awaitIdle(mailbox);
      executor.shutdown();
      assertThat(executor.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(ledger.violation).isEmpty();
    assertThat(ledger.failed).isZero();
    assertThat(ledger.handled).isEqualTo(accepted.get()).isPositive();
  }

  private static long produce(Mailbox<Input> mailbox, int producer, long startNanos) {
    long number = 0;
    do {
      switch (mailbox.offer(new Input(producer, number))) {
        case ACCEPTED -> number++;
        case FULL -> Thread.yield();
        case STOPPED -> throw new AssertionError("stopped by nobody");
      }
      assertThat(mailbox.depth()).isBetween(0, CAPACITY);
    } while (number == 0 || Crew.goOn(startNanos));
    return number;
  }

  private static void awaitIdle(Mailbox<Input> mailbox) {
    long startNanos = System.nanoTime();
    while (mailbox.depth() > 0) {
      assertThat(System.nanoTime() - startNanos).as("stranded").isLessThan(60_000_000_000L);
      Thread.yield();
    }
  }

  private enum End {
    STOP,
    ERROR
  }

  @ParameterizedTest
  @EnumSource(End.class)
  void endAmidOffers_everyAcceptedInputIsHandledOrReported(End end) throws Exception {
    long startNanos = System.nanoTime();
    long rounds = 0;
    while (Crew.goOn(startNanos)) {
      Ledger ledger = new Ledger();
      AtomicLong accepted = new AtomicLong();
      Mailbox<Input> mailbox =
          new Mailbox<>(
              new Settings(CAPACITY, Integer.MAX_VALUE, Draining.BY_CALLER),
              task -> {
                throw new AssertionError("no turn ends");
              },
              input -> {
                if (end == End.ERROR && input.number() == 20) {
                  throw new AssertionError("broken");
                }
                ledger.handle(input);
              },
              (input, failure) -> ledger.failed++);
      Crew.run(
          List.of(
              () -> accepted.addAndGet(untilStopped(mailbox, 0, end == End.STOP ? 20 : -1)),
              () -> accepted.addAndGet(untilStopped(mailbox, 1, -1))));
      assertThat(ledger.handled + ledger.failed).isEqualTo(accepted.get());
      assertThat(ledger.failed > 0).isEqualTo(end == End.ERROR);
      assertThat(ledger.violation).isEmpty();
      assertThat(mailbox.depth()).isZero();
      rounds++;
    }
    assertThat(rounds).isPositive();
  }

  private static long untilStopped(Mailbox<Input> mailbox, int producer, long stopAt) {
    long number = 0;
    while (true) {
      Offer offer = mailbox.offer(new Input(producer, number));
      if (offer == Offer.STOPPED) {
        return number;
      }
      if (offer == Offer.ACCEPTED) {
        number++;
      }
      if (number == stopAt) {
        mailbox.stop();
      }
    }
  }
}
