package dev.fenceline.security.boot;

import dev.fenceline.security.RefusalObserver;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts calls that were turned away, and writes of one per second at most. Thread-safe. */
final class CallRefusals implements RefusalObserver {
  private static final Logger LOG = LoggerFactory.getLogger(CallRefusals.class);
  private static final int MAX_LENGTH = 300;

  private final Counter refusals;
  private final AtomicLong lastLineNanos =
      new AtomicLong(System.nanoTime() - TimeUnit.SECONDS.toNanos(1));

  CallRefusals(MeterRegistry registry) {
    refusals =
        Counter.builder("fenceline.security.refusals")
            .description("Calls turned away for the identity of the caller")
            .register(registry);
  }

  @Override
  public void refused(String service, String why) {
    refusals.increment();
    long last = lastLineNanos.get();
    long now = System.nanoTime();
    if (now - last >= TimeUnit.SECONDS.toNanos(1) && lastLineNanos.compareAndSet(last, now)) {
      // Parts of it come from the peer's certificate.
      String line = why.replaceAll("\\p{Cntrl}", "?");
      LOG.warn(
          "call refused: {}",
          line.length() > MAX_LENGTH ? line.substring(0, MAX_LENGTH) + "..." : line);
    }
  }
}
