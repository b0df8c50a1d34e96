package dev.fenceline.host.runtime;

import dev.fenceline.model.DeviceId;
import dev.fenceline.model.VirtualRange;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The migrations that callers asked for, the last ones also when they have ended. Thread-safe. */
public final class MigrationJobs {
  private static final int REMEMBERED = 1024;

  private final HostRuntime host;
  private final Map<Long, MigrationJob> jobs = new LinkedHashMap<>();
  private long lastId;

  public MigrationJobs(HostRuntime host) {
    this.host = host;
  }

  /**
   * Begins to move the range.
   *
   * @param device where to; null for the host
   */
  public MigrationJob start(long spaceId, VirtualRange range, @Nullable DeviceId device) {
    MigrationJob job;
    synchronized (this) {
      job = new MigrationJob(++lastId, host, spaceId, range, device);
      jobs.put(job.id(), job);
      forgetOldest();
    }
    job.proceed();
    return job;
  }

  private void forgetOldest() {
    if (jobs.size() <= REMEMBERED) {
      return;
    }
    for (MigrationJob old : jobs.values()) {
      if (old.end().isDone()) {
        jobs.remove(old.id());
        return;
      }
    }
  }

  public synchronized @Nullable MigrationJob job(long id) {
    return jobs.get(id);
  }
}
