package dev.fenceline.agent.runtime;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings home what devices hold before they go: who leaves with pages takes them away from the
 * host. Stateless but for its bound; thread-safe.
 */
final class Homecoming {
  private static final Logger LOG = LoggerFactory.getLogger(Homecoming.class);

  private final long boundNanos;

  /**
   * @param boundNanos after this time what has not come stays
   */
  Homecoming(long boundNanos) {
    this.boundNanos = boundNanos;
  }

  /** Completes when a host needs nothing of the device any more, or the time is over. */
  CompletableFuture<Integer> of(HostLink link, Device device) {
    if (device.description().memoryPages() == 0) {
      return CompletableFuture.completedFuture(0);
    }
    // The host is told in any case, so that it sends nothing more.
    CompletableFuture<Integer> closed = link.closeMemory(device.index());
    if (link.heldPages() == 0) {
      return CompletableFuture.completedFuture(0);
    }
    return closed
        .completeOnTimeout(device.memory().held(), boundNanos, TimeUnit.NANOSECONDS)
        .thenApply(
            remaining -> {
              if (remaining > 0) {
                LOG.warn(
                    "{}: {} pages of device {} did not come home",
                    link.target(),
                    remaining,
                    device.index());
              }
              return remaining;
            });
  }

  /** Closes the memory of every device; completes when all has come home, or the time is over. */
  CompletableFuture<Void> ofAll(Collection<HostLink> links, List<Device> devices) {
    List<CompletableFuture<Integer>> coming = new ArrayList<>();
    for (Device device : devices) {
      device.memory().close();
      links.forEach(link -> coming.add(of(link, device)));
    }
    return CompletableFuture.allOf(coming.toArray(CompletableFuture<?>[]::new));
  }
}
