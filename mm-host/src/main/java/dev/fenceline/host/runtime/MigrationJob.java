package dev.fenceline.host.runtime;

import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.migration.SkippedPages;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Errno;
import dev.fenceline.model.MigrationRun;
import dev.fenceline.model.Pages;
import dev.fenceline.model.VirtualRange;
import dev.fenceline.model.WaitPolicy;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One range on its way to a device or home, block after block. Thread-safe: its state is guarded by
 * its monitor; blocks are submitted outside of it.
 */
public final class MigrationJob {
  /** Where it stands; immutable. */
  public record Progress(
      boolean ended,
      long donePages,
      long movedPages,
      Map<SkippedPages.Reason, Long> skipped,
      @Nullable Errno errno,
      String message,
      long elapsedNanos) {}

  private final long id;
  private final HostRuntime host;
  private final long spaceId;
  private final VirtualRange range;
  private final @Nullable DeviceId device;
  private final long startedNanos;
  private final CompletableFuture<MigrationJob> end = new CompletableFuture<>();
  private final Map<SkippedPages.Reason, Long> skipped = new EnumMap<>(SkippedPages.Reason.class);
  private long next;
  private long movedPages;
  private boolean bringingHome;

  /** Pages of this block go straight from other devices, as long as any does. */
  private boolean direct;

  /** Of this block, pages on other devices went straight, as far as they could. */
  private boolean triedDirect;

  /** Of this block, pages on other devices were brought home. */
  private boolean triedHome;

  private @Nullable Errno errno;
  private String message = "";
  private long endedNanos;

  MigrationJob(
      long id, HostRuntime host, long spaceId, VirtualRange range, @Nullable DeviceId device) {
    this.id = id;
    this.host = host;
    this.spaceId = spaceId;
    this.range = range;
    this.device = device;
    this.startedNanos = host.timers().nowNanos();
    this.next = range.start();
    this.bringingHome = device == null;
  }

  public long id() {
    return id;
  }

  public long spaceId() {
    return spaceId;
  }

  public long totalPages() {
    return range.pages();
  }

  /** Completes with the job when it has ended, well or not. */
  public CompletableFuture<MigrationJob> end() {
    return end;
  }

  public synchronized Progress progress() {
    boolean ended = end.isDone();
    return new Progress(
        ended,
        Pages.number(next - range.start()),
        movedPages,
        new EnumMap<>(skipped),
        errno,
        message,
        (ended ? endedNanos : host.timers().nowNanos()) - startedNanos);
  }

  /** Submits the next block; the end of one begins the next. */
  void proceed() {
    SpaceOperation operation = block();
    if (operation == null) {
      finish();
    } else {
      host.submit(operation, WaitPolicy.BLOCK, this::blockEnded);
    }
  }

  private synchronized @Nullable SpaceOperation block() {
    if (next >= range.end() || errno != null) {
      return null;
    }
    long length = blockEnd() - next;
    DeviceId target = device;
    return bringingHome || target == null
        ? new SpaceOperation.MigrateToHost(spaceId, next, length)
        : new SpaceOperation.MigrateToDevice(spaceId, next, length, target, null, direct);
  }

  private long blockEnd() {
    long block = Pages.address(MigrationRun.MAX_PAGES);
    return Math.min(range.end(), (next / block + 1) * block);
  }

  private void blockEnded(OperationOutcome outcome) {
    synchronized (this) {
      switch (outcome) {
        case OperationOutcome.Done done -> blockDone(done);
        case OperationOutcome.BackedOff off -> fail(Errno.EAGAIN, "backed off");
        case OperationOutcome.Refused refused -> fail(refused.errno(), refused.message());
      }
    }
    proceed();
  }

  /**
   * Pages on other devices go straight, each device's in its turn; what cannot comes home first.
   */
  private void blockDone(OperationOutcome.Done done) {
    if (bringingHome) {
      if (device == null) {
        movedPages += done.value();
      }
      if (done.value() == 0) {
        bringingHome = device == null;
        next = device == null ? blockEnd() : next;
      }
      return;
    }
    movedPages += done.value();
    if (direct) {
      direct = done.value() > 0;
      return;
    }
    boolean elsewhere = false;
    for (SkippedPages skip : done.skipped()) {
      elsewhere |= skip.reason() == SkippedPages.Reason.ON_OTHER_DEVICE;
    }
    if (elsewhere && !triedDirect) {
      triedDirect = true;
      direct = true;
      return;
    }
    if (elsewhere && !triedHome) {
      triedHome = true;
      bringingHome = true;
      return;
    }
    for (SkippedPages skip : done.skipped()) {
      skipped.merge(skip.reason(), (long) skip.pageCount(), Long::sum);
    }
    triedHome = false;
    triedDirect = false;
    next = blockEnd();
  }

  private void fail(Errno why, String text) {
    errno = why;
    message = text;
  }

  private void finish() {
    synchronized (this) {
      endedNanos = host.timers().nowNanos();
    }
    end.complete(this);
  }
}
