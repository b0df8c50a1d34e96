package dev.fenceline.agent.runtime;

import dev.fenceline.agent.engine.FaultOutcome;
import dev.fenceline.agent.runtime.HostLink.MirrorOutcome;
import dev.fenceline.model.Errno;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** Who waits for what at a link, by ticket. Thread-safe; each is answered once. */
final class PendingAnswers {
  private final AtomicLong lastTicket = new AtomicLong();
  private final ConcurrentHashMap<Long, CompletableFuture<FaultOutcome>> faults =
      new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Long, CompletableFuture<MirrorOutcome>> mirrors =
      new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Long, CompletableFuture<Integer>> closings =
      new ConcurrentHashMap<>();

  long ticket() {
    return lastTicket.incrementAndGet();
  }

  CompletableFuture<FaultOutcome> fault(long ticket) {
    return faults.computeIfAbsent(ticket, key -> new CompletableFuture<>());
  }

  CompletableFuture<MirrorOutcome> mirror(long ticket) {
    return mirrors.computeIfAbsent(ticket, key -> new CompletableFuture<>());
  }

  CompletableFuture<Integer> closing(long ticket) {
    return closings.computeIfAbsent(ticket, key -> new CompletableFuture<>());
  }

  /** Nobody waits for the fault any more. */
  void forgetFault(long ticket) {
    faults.remove(ticket);
  }

  void faultDone(long ticket, FaultOutcome outcome) {
    CompletableFuture<FaultOutcome> waiting = faults.remove(ticket);
    if (waiting != null) {
      waiting.complete(outcome);
    }
  }

  void mirrorDone(long ticket, MirrorOutcome outcome) {
    CompletableFuture<MirrorOutcome> waiting = mirrors.remove(ticket);
    if (waiting != null) {
      waiting.complete(outcome);
    }
  }

  void closed(long ticket, int remainingPages) {
    CompletableFuture<Integer> waiting = closings.remove(ticket);
    if (waiting != null) {
      waiting.complete(remainingPages);
    }
  }

  /** The link is broken: everybody hears it, now. */
  void refuseAll(String why, int remainingPages) {
    for (CompletableFuture<FaultOutcome> waiting : faults.values()) {
      waiting.complete(new FaultOutcome.Refused(Errno.UNAVAILABLE, why, 0));
    }
    for (CompletableFuture<MirrorOutcome> waiting : mirrors.values()) {
      waiting.complete(new MirrorOutcome.Refused(Errno.UNAVAILABLE, why));
    }
    closings.values().forEach(waiting -> waiting.complete(remainingPages));
  }
}
