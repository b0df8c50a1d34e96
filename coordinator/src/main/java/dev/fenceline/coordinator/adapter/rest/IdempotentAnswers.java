package dev.fenceline.coordinator.adapter.rest;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Component;

/**
 * Carries a request with an idempotency key out once, and gives its answer to each repetition.
 * Thread-safe. A repetition that comes while the first is still under way waits for it. What is
 * known not to have happened (no connection, no room) is not remembered: a repetition tries again.
 */
@Component
class IdempotentAnswers {
  static final String HEADER = "Idempotency-Key";
  static final String REPLAYED = "Idempotent-Replayed";

  private static final Pattern FORM = Pattern.compile("[\\x20-\\x7e]{1,128}");
  private static final int CAPACITY = 4096;
  private static final long KEPT_NANOS = TimeUnit.MINUTES.toNanos(10);
  private static final long PATIENCE_SECONDS = 60;

  /** The first request with a key and what came of it. */
  private record Entry(
      String request, long untilNanos, CompletableFuture<ResponseEntity<?>> answer) {}

  private final LongSupplier nanoClock;
  private final LinkedHashMap<String, Entry> entries = new LinkedHashMap<>();

  @Autowired
  IdempotentAnswers() {
    this(System::nanoTime);
  }

  IdempotentAnswers(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
  }

  /** Does it, unless it was done before under the same key by the same caller. */
  <T> ResponseEntity<T> once(
      HttpServletRequest request, Object body, Supplier<ResponseEntity<T>> action) {
    String key = request.getHeader(HEADER);
    if (key == null) {
      return action.get();
    }
    if (!FORM.matcher(key).matches()) {
      throw ProblemException.invalidParameter(HEADER, key, "1 to 128 printable characters");
    }
    String scope = request.getRemoteUser() + "\n" + key;
    String asked = request.getMethod() + " " + request.getRequestURI() + "\n" + body;
    Entry mine = new Entry(asked, nanoClock.getAsLong() + KEPT_NANOS, new CompletableFuture<>());
    Entry first = claim(scope, mine);
    return first == null ? carryOut(scope, mine, action) : repeated(first, asked, key);
  }

  /** Null if the key is free and now taken; else who has it. */
  private synchronized @Nullable Entry claim(String scope, Entry mine) {
    long now = nanoClock.getAsLong();
    Iterator<Map.Entry<String, Entry>> oldest = entries.entrySet().iterator();
    while (oldest.hasNext()) {
      Entry entry = oldest.next().getValue();
      if (entry.untilNanos() - now > 0) {
        break;
      }
      oldest.remove();
    }
    Entry first = entries.get(scope);
    if (first != null) {
      return first;
    }
    if (entries.size() >= CAPACITY) {
      // Forgetting a key early would carry a repetition out twice.
      throw new ProblemException(
              ProblemType.OVERLOADED,
              CAPACITY + " idempotency keys were used within ten minutes: no room for another")
          .with(ProblemAdvice.RETRY_AFTER_SECONDS, 60);
    }
    entries.put(scope, mine);
    return null;
  }

  private synchronized void forget(String scope, Entry entry) {
    entries.remove(scope, entry);
  }

  private <T> ResponseEntity<T> carryOut(
      String scope, Entry mine, Supplier<ResponseEntity<T>> action) {
    try {
      ResponseEntity<T> answer = action.get();
      mine.answer().complete(answer);
      return answer;
    } catch (ProblemException refused) {
      if (refused.type().status() == 502 || refused.type().status() == 503) {
        forget(scope, mine);
      }
      mine.answer().completeExceptionally(refused);
      throw refused;
    } catch (RuntimeException failed) {
      mine.answer().completeExceptionally(failed);
      throw failed;
    }
  }

  /** The first caller's answer; its type is that of the same path and method. */
  @SuppressWarnings("unchecked")
  private static <T> ResponseEntity<T> repeated(Entry first, String asked, String key) {
    if (!first.request().equals(asked)) {
      throw new ProblemException(
          ProblemType.IDEMPOTENCY_CONFLICT,
          "the key '" + Printable.of(key) + "' was used for another request");
    }
    try {
      ResponseEntity<?> answer = first.answer().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      return (ResponseEntity<T>)
          ResponseEntity.status(answer.getStatusCode())
              .headers(answer.getHeaders())
              .header(REPLAYED, "true")
              .body(answer.getBody());
    } catch (ExecutionException failure) {
      if (failure.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException(failure);
    } catch (TimeoutException stillUnderWay) {
      throw new ProblemException(
          ProblemType.REQUEST_UNDER_WAY, "the first request with this key is still under way");
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(stopped);
    }
  }
}
