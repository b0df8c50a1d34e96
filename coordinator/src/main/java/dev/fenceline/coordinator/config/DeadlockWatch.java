package dev.fenceline.coordinator.config;

import dev.fenceline.coordinator.runtime.DeadlockBreaker;
import dev.fenceline.coordinator.runtime.RegistryBusyException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationStartedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/** Lets the coordinator look for circles of waits, one look at a time. Thread-safe. */
@Component
class DeadlockWatch {
  private static final Logger LOG = LoggerFactory.getLogger(DeadlockWatch.class);

  private final DeadlockBreaker breaker;
  private final long intervalNanos;
  private final ScheduledThreadPoolExecutor timer;
  private final ExecutorService virtualThreads;
  private final AtomicBoolean looking = new AtomicBoolean();

  DeadlockWatch(
      DeadlockBreaker breaker,
      CoordinatorProperties properties,
      ScheduledThreadPoolExecutor registryTimer,
      ExecutorService virtualThreads) {
    this.breaker = breaker;
    this.intervalNanos = properties.deadlockLookInterval().toNanos();
    this.timer = registryTimer;
    this.virtualThreads = virtualThreads;
  }

  @EventListener(ApplicationStartedEvent.class)
  void started() {
    timer.scheduleWithFixedDelay(this::begin, intervalNanos, intervalNanos, TimeUnit.NANOSECONDS);
  }

  /** The timer's thread is needed for other things than waiting for nodes. */
  private void begin() {
    if (looking.compareAndSet(false, true)) {
      virtualThreads.execute(this::look);
    }
  }

  private void look() {
    try {
      breaker.look();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    } catch (RegistryBusyException busy) {
      LOG.debug("this look for circles of waits is left out", busy);
    } catch (RuntimeException failure) {
      LOG.error("looking for circles of waits failed; the next look tries again", failure);
    } finally {
      looking.set(false);
    }
  }
}
