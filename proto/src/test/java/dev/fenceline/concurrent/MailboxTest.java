package dev.fenceline.concurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.fenceline.concurrent.Mailbox.Draining;
import dev.fenceline.concurrent.Mailbox.Offer;
import dev.fenceline.concurrent.Mailbox.Settings;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class MailboxTest {
  private final List<String> handled = new ArrayList<>();
  private final List<String> failed = new ArrayList<>();
  private final ArrayDeque<Runnable> executor = new ArrayDeque<>();

  private Mailbox<String> mailbox(Settings settings, Consumer<String> handler) {
    return mailbox(settings, executor::add, handler);
  }

  private Mailbox<String> mailbox(Settings settings, Executor executor, Consumer<String> handler) {
    return new Mailbox<>(
        settings,
        executor,
        handler,
        (input, failure) -> failed.add(input + ":" + failure.getMessage()));
  }

  private static Settings byCaller(int capacity, int inputsPerTurn) {
    return new Settings(capacity, inputsPerTurn, Draining.BY_CALLER);
  }

  private static Settings byExecutor(int capacity, int inputsPerTurn) {
    return new Settings(capacity, inputsPerTurn, Draining.BY_EXECUTOR);
  }

  private void runExecutor() {
    while (!executor.isEmpty()) {
      executor.remove().run();
    }
  }

  /** A handler that, while it handles "first", does something to the mailbox it belongs to. */
  private final class Reentrant implements Consumer<String> {
    private final Consumer<Mailbox<String>> duringFirst;
    private Mailbox<String> mailbox = mailbox(byCaller(1, 1), handled::add);

    Reentrant(Consumer<Mailbox<String>> duringFirst) {
      this.duringFirst = duringFirst;
    }

    Mailbox<String> in(Settings settings) {
      return in(settings, executor::add);
    }

    Mailbox<String> in(Settings settings, Executor executor) {
      mailbox = mailbox(settings, executor, this);
      return mailbox;
    }

    @Override
    public void accept(String input) {
      if (Objects.equals(input, "first")) {
        duringFirst.accept(mailbox);
      }
      handled.add(input);
    }
  }

  @Test
  void idle_offerIsHandledInPlace() {
    Mailbox<String> mailbox = mailbox(byCaller(4, 4), handled::add);

    assertThat(mailbox.offer("a")).isEqualTo(Offer.ACCEPTED);

    assertThat(handled).containsExactly("a");
    assertThat(executor).isEmpty();
    assertThat(mailbox.depth()).isZero();
  }

  @Test
  void offerFromInsideTheHandler_isQueuedBehindTheRunningInput() {
    Mailbox<String> mailbox =
        new Reentrant(
                m -> {
                  assertThat(m.offer("second")).isEqualTo(Offer.ACCEPTED);
                  assertThat(m.offer("third")).isEqualTo(Offer.ACCEPTED);
                  assertThat(m.depth()).isEqualTo(3);
                  assertThat(handled).isEmpty();
                })
            .in(byCaller(8, 8));

    mailbox.offer("first");

    assertThat(handled).containsExactly("first", "second", "third");
    assertThat(mailbox.depth()).isZero();
  }

  @Test
  void full_offerIsRefusedAndSubmitIsNot() {
    Mailbox<String> mailbox =
        new Reentrant(
                m -> {
                  assertThat(m.offer("second")).isEqualTo(Offer.ACCEPTED);
                  assertThat(m.offer("refused")).isEqualTo(Offer.FULL);
                  assertThat(m.submit("must")).isEqualTo(Offer.ACCEPTED);
                  assertThat(m.offer("refused")).isEqualTo(Offer.FULL);
                })
            .in(byCaller(2, 8));

    mailbox.offer("first");
    assertThat(mailbox.offer("later")).isEqualTo(Offer.ACCEPTED);

    assertThat(handled).containsExactly("first", "second", "must", "later");
  }

  @Test
  void full_capacityIsRegainedInputByInput() {
    List<Offer> offers = new ArrayList<>();
    Mailbox<String> mailbox = mailbox(byExecutor(3, 1), handled::add);
    for (String input : List.of("a", "b", "c", "refused")) {
      offers.add(mailbox.offer(input));
    }
    assertThat(offers).containsExactly(Offer.ACCEPTED, Offer.ACCEPTED, Offer.ACCEPTED, Offer.FULL);

    executor.remove().run();

    assertThat(mailbox.depth()).isEqualTo(2);
    assertThat(mailbox.offer("d")).isEqualTo(Offer.ACCEPTED);
    assertThat(mailbox.offer("refused")).isEqualTo(Offer.FULL);
    runExecutor();
    assertThat(handled).containsExactly("a", "b", "c", "d");
  }

  @Test
  void turnIsOver_executorGetsTheRest() {
    Mailbox<String> mailbox =
        new Reentrant(m -> List.of("2", "3", "4", "5").forEach(m::offer)).in(byCaller(8, 2));

    mailbox.offer("first");

    assertThat(handled).containsExactly("first", "2");
    assertThat(executor).hasSize(1);
    assertThat(mailbox.offer("6")).isEqualTo(Offer.ACCEPTED);
    assertThat(handled).containsExactly("first", "2");
    executor.remove().run();
    assertThat(handled).containsExactly("first", "2", "3", "4");
    runExecutor();
    assertThat(handled).containsExactly("first", "2", "3", "4", "5", "6");
  }

  @Test
  void turnIsOverAndExecutorRefuses_callerGoesOn() {
    Mailbox<String> mailbox =
        new Reentrant(m -> List.of("2", "3", "4").forEach(m::offer))
            .in(byCaller(8, 1), MailboxTest::refuse);

    mailbox.offer("first");

    assertThat(handled).containsExactly("first", "2", "3", "4");
    assertThat(failed).isEmpty();
    assertThat(mailbox.depth()).isZero();
  }

  @Test
  void byExecutor_callerNeverHandles() {
    Mailbox<String> mailbox = mailbox(byExecutor(8, 8), handled::add);

    mailbox.offer("a");
    mailbox.offer("b");

    assertThat(handled).isEmpty();
    assertThat(executor).hasSize(1);
    runExecutor();
    assertThat(handled).containsExactly("a", "b");
    mailbox.offer("c");
    runExecutor();
    assertThat(handled).containsExactly("a", "b", "c");
  }

  @Test
  void byExecutorAndExecutorRefuses_mailboxStopsAndInputIsReported() {
    Mailbox<String> mailbox = mailbox(byExecutor(8, 8), MailboxTest::refuse, handled::add);

    assertThat(mailbox.offer("a")).isEqualTo(Offer.ACCEPTED);

    assertThat(failed).containsExactly("a:shut down");
    assertThat(handled).isEmpty();
    assertThat(mailbox.offer("b")).isEqualTo(Offer.STOPPED);
  }

  @Test
  void handlerThrowsException_isReportedAndNextInputIsHandled() {
    Mailbox<String> mailbox =
        mailbox(
            byCaller(8, 8),
            input -> {
              if (input.startsWith("bad")) {
                throw new IllegalStateException("no");
              }
              handled.add(input);
            });

    assertThat(mailbox.offer("bad")).isEqualTo(Offer.ACCEPTED);
    assertThat(mailbox.offer("good")).isEqualTo(Offer.ACCEPTED);

    assertThat(failed).containsExactly("bad:no");
    assertThat(handled).containsExactly("good");
    assertThat(mailbox.isStopped()).isFalse();
  }

  @Test
  void handlerThrowsError_mailboxStopsAndEachUnfinishedInputIsReported() {
    Mailbox<String> mailbox =
        new Reentrant(
                m -> {
                  m.offer("second");
                  m.offer("third");
                  throw new AssertionError("broken");
                })
            .in(byCaller(8, 8));

    assertThat(mailbox.offer("first")).isEqualTo(Offer.ACCEPTED);

    assertThat(failed).containsExactly("first:broken", "second:broken", "third:broken");
    assertThat(handled).isEmpty();
    assertThat(mailbox.isStopped()).isTrue();
    assertThat(mailbox.offer("later")).isEqualTo(Offer.STOPPED);
    assertThat(mailbox.submit("later")).isEqualTo(Offer.STOPPED);
  }

  @Test
  void errorInTheMiddleOfABatch_restOfTheBatchAndTheQueueAreReported() {
    List<Mailbox<String>> self = new ArrayList<>();
    Mailbox<String> mailbox =
        mailbox(
            byExecutor(8, 8),
            input -> {
              if (input.equals("b")) {
                self.getFirst().offer("d");
                throw new AssertionError("broken");
              }
              handled.add(input);
            });
    self.add(mailbox);
    List.of("a", "b", "c").forEach(mailbox::offer);

    runExecutor();

    assertThat(handled).containsExactly("a");
    assertThat(failed).containsExactly("b:broken", "c:broken", "d:broken");
  }

  @Test
  void uncaughtThrows_mailboxStops() {
    Mailbox<String> mailbox =
        new Mailbox<>(
            byCaller(8, 8),
            executor::add,
            input -> {
              throw new IllegalStateException("handler");
            },
            (input, failure) -> {
              throw new IllegalStateException("uncaught");
            });

    assertThat(mailbox.offer("a")).isEqualTo(Offer.ACCEPTED);

    assertThat(mailbox.offer("b")).isEqualTo(Offer.STOPPED);
  }

  @Test
  void stopOfAnIdleMailbox_refusesLaterInputs() {
    Mailbox<String> mailbox = mailbox(byCaller(8, 8), handled::add);

    mailbox.stop();
    mailbox.stop();

    assertThat(mailbox.isStopped()).isTrue();
    assertThat(mailbox.offer("a")).isEqualTo(Offer.STOPPED);
    assertThat(handled).isEmpty();
  }

  @Test
  void stopWhileInputsAreQueued_theseAreStillHandled() {
    Mailbox<String> mailbox =
        new Reentrant(
                m -> {
                  m.offer("second");
                  m.stop();
                  m.stop();
                  assertThat(m.isStopped()).isTrue();
                  assertThat(m.offer("refused")).isEqualTo(Offer.STOPPED);
                })
            .in(byCaller(8, 1));

    mailbox.offer("first");
    assertThat(mailbox.isStopped()).isTrue();
    assertThat(mailbox.offer("refused")).isEqualTo(Offer.STOPPED);
    runExecutor();

    assertThat(handled).containsExactly("first", "second");
    assertThat(failed).isEmpty();
    assertThat(mailbox.depth()).isZero();
    assertThat(mailbox.offer("refused")).isEqualTo(Offer.STOPPED);
  }

  @Test
  void settingsWithoutRoom_areRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> byCaller(0, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> byCaller(1, 0));
  }

  private static void refuse(Runnable task) {
    throw new RejectedExecutionException("shut down");
  }
}
