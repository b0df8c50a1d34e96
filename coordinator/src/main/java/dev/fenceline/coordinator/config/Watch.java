package dev.fenceline.coordinator.config;

import dev.fenceline.coordinator.runtime.EventHub;
import dev.fenceline.coordinator.runtime.HostEventWatcher;
import dev.fenceline.coordinator.runtime.RegistryBusyException;
import dev.fenceline.coordinator.runtime.WaitSampler;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** Lets the coordinator look at the installation every second, one look at a time. Thread-safe. */
@Component
class Watch {
  private static final Logger LOG = LoggerFactory.getLogger(Watch.class);

  private final HostEventWatcher watcher;
  private final WaitSampler waits;
  private final EventHub events;
  private final ScheduledThreadPoolExecutor timer;
  private final ExecutorService virtualThreads;
  private final AtomicBoolean looking = new AtomicBoolean();

  Watch(
      HostEventWatcher watcher,
      WaitSampler waits,
      EventHub events,
      ScheduledThreadPoolExecutor registryTimer,
      ExecutorService virtualThreads) {
    this.watcher = watcher;
    this.waits = waits;
    this.events = events;
    this.timer = registryTimer;
    this.virtualThreads = virtualThreads;
  }

  void start() {
    timer.scheduleAtFixedRate(this::begin, 1, 1, TimeUnit.SECONDS);
  }

  /** Sends everybody home who waits for news, so that the server can stop. */
  void stop() {
    watcher.close();
    events.close();
  }

  /** The timer's thread is needed for other things than waiting for hosts. */
  private void begin() {
    if (looking.compareAndSet(false, true)) {
      virtualThreads.execute(this::look);
    }
  }

  private void look() {
    try {
      watcher.refresh();
      waits.sample();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    } catch (RegistryBusyException busy) {
      LOG.debug("this second's look at the hosts is left out", busy);
    } catch (RuntimeException failure) {
      LOG.error("looking at the hosts failed; the next second tries again", failure);
    } finally {
      looking.set(false);
    }
  }
}
