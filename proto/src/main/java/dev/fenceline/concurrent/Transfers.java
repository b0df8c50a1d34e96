package dev.fenceline.concurrent;

import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Requests for bytes that are out to one place, and the transfer stream that carries them: opened
 * when it is first needed, and anew after it broke. Thread-safe.
 */
public final class Transfers {
  /** What became of a request; immutable. */
  public sealed interface Result {
    /** The other side answered, or never saw the request. */
    record Answered(DmaReply reply) implements Result {}

    /** Nobody will ever know whether it was done. */
    record Lost(String reason) implements Result {}
  }

  /** Requests that may be out at a time. */
  static final int MAX_OUTSTANDING = 256;

  private static final Result CLOSED = new Result.Lost("the session is over");

  private static final Result LATE = new Result.Lost("no answer in time");

  /** Nothing was sent: the host would only have refused it. */
  private static final Result NOT_SENT =
      new Result.Answered(
          new DmaReply(0, DmaReply.Outcome.STALE_SESSION, new byte[0], 0, "the session is over"));

  private final Function<TransferStream.Listener, TransferStream> connector;
  private final Semaphore room = new Semaphore(MAX_OUTSTANDING);
  private final AtomicLong lastId = new AtomicLong();
  private final Object lock = new Object();

  /** Guarded by the lock. */
  private @Nullable Carrier carrier;

  /** The session whose requests may go out; guarded by the lock. */
  private long sessionId;

  /**
   * @param connector opens a stream; never blocks
   */
  public Transfers(Function<TransferStream.Listener, TransferStream> connector) {
    this.connector = connector;
  }

  public long nextId() {
    return lastId.incrementAndGet();
  }

  /** Sends the request when there is room and waits until its fate is known. */
  public Result perform(DmaRequest request) throws InterruptedException {
    return perform(request, Long.MAX_VALUE);
  }

  /** As {@link #perform(DmaRequest)}; what has no answer in time is lost. */
  public Result perform(DmaRequest request, long timeoutNanos) throws InterruptedException {
    room.acquire();
    try {
      return begin(request).get(timeoutNanos, TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return LATE;
    } catch (ExecutionException e) {
      throw new IllegalStateException("a request's future never fails", e);
    } finally {
      room.release();
    }
  }

  /** Sends the request at once; the caller bounds how many are out. Never fails. */
  public CompletableFuture<Result> begin(DmaRequest request) {
    Carrier current = carrierFor(request.sessionId());
    return current == null ? CompletableFuture.completedFuture(NOT_SENT) : current.begin(request);
  }

  public int outstanding() {
    return MAX_OUTSTANDING - room.availablePermits();
  }

  public void beginSession(long id) {
    synchronized (lock) {
      sessionId = id;
    }
  }

  /**
   * The session is over: what is out is lost, and nothing of it is sent any more. Otherwise one
   * that waited for room could ask a host that never answers, inside an access that has to drain.
   */
  public void endSession() {
    Carrier ended;
    synchronized (lock) {
      sessionId = 0;
      ended = carrier;
      carrier = null;
    }
    if (ended != null) {
      ended.end(CLOSED);
      ended.closeStream();
    }
  }

  private @Nullable Carrier carrierFor(long id) {
    synchronized (lock) {
      if (id != sessionId) {
        return null;
      }
      Carrier current = carrier;
      if (current == null || current.isOver()) {
        current = new Carrier();
        carrier = current;
        current.stream = connector.apply(current);
      }
      return current;
    }
  }

  /** One stream with what it carries. Thread-safe; once over, it stays over. */
  private static final class Carrier implements TransferStream.Listener {
    private final ConcurrentHashMap<Long, CompletableFuture<Result>> out =
        new ConcurrentHashMap<>();
    private volatile @Nullable Result end;
    volatile @Nullable TransferStream stream;

    boolean isOver() {
      return end != null;
    }

    CompletableFuture<Result> begin(DmaRequest request) {
      CompletableFuture<Result> result = new CompletableFuture<>();
      out.put(request.requestId(), result);
      TransferStream current = stream;
      if (end == null && current != null) {
        current.send(request);
      }
      Result over = end; // read again behind the put: whoever ends sees the entry, or is seen here
      if (over != null && out.remove(request.requestId()) != null) {
        result.complete(over);
      }
      return result;
    }

    @Override
    public void replied(DmaReply reply) {
      CompletableFuture<Result> waiting = out.remove(reply.requestId());
      if (waiting != null) {
        waiting.complete(new Result.Answered(reply));
      }
    }

    @Override
    public void ended(String reason) {
      end(new Result.Lost(reason));
    }

    void end(Result result) {
      if (end == null) {
        end = result;
      }
      List<Long> ids = new ArrayList<>(out.keySet());
      for (long id : ids) {
        CompletableFuture<Result> waiting = out.remove(id);
        if (waiting != null) {
          waiting.complete(result);
        }
      }
    }

    void closeStream() {
      TransferStream current = stream;
      if (current != null) {
        current.close("the session is over");
      }
    }
  }
}
