package dev.fenceline.host.adapter.grpc;

import dev.fenceline.host.engine.migration.SkippedPages.Reason;
import dev.fenceline.host.runtime.HostRuntime;
import dev.fenceline.host.runtime.MigrationJob;
import dev.fenceline.host.runtime.MigrationJobs;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Errno;
import dev.fenceline.model.Pages;
import dev.fenceline.model.VirtualRange;
import dev.fenceline.space.v1.GetMigrationRequest;
import dev.fenceline.space.v1.MigrateRequest;
import dev.fenceline.space.v1.MigrationInfo;
import dev.fenceline.space.v1.SkippedPages;
import dev.fenceline.wire.CommonCodec;
import org.jspecify.annotations.Nullable;

/** The calls about migrations of the address-space service. Thread-safe. */
final class MigrationCalls {
  private final MigrationJobs jobs;

  MigrationCalls(HostRuntime host) {
    this.jobs = new MigrationJobs(host);
  }

  MigrationInfo migrate(MigrateRequest request) {
    if (!Pages.aligned(request.getAddress())
        || !(VirtualRange.checkRoundingUp(request.getAddress(), request.getLength())
            instanceof VirtualRange.Valid valid)) {
      throw Refusals.exception(
          Errno.EINVAL,
          "[0x%x, +%d) is no range of whole pages"
              .formatted(request.getAddress(), request.getLength()));
    }
    @Nullable DeviceId device =
        request.hasDevice()
            ? new DeviceId(request.getDevice().getAgentId(), request.getDevice().getDeviceIndex())
            : null;
    MigrationJob job = jobs.start(request.getSpaceId(), valid.range(), device);
    if (request.getAsynchronous()) {
      return info(job);
    }
    CallBound.await(job.end(), "migration " + job.id());
    MigrationJob.Progress progress = job.progress();
    Errno errno = progress.errno();
    if (errno != null) {
      throw Refusals.exception(errno, progress.message());
    }
    return info(job);
  }

  MigrationInfo get(GetMigrationRequest request) {
    MigrationJob job = jobs.job(request.getMigrationId());
    if (job == null) {
      throw Refusals.exception(
          Errno.ENOENT, "migration " + request.getMigrationId() + " is not known, or too old");
    }
    return info(job);
  }

  private static MigrationInfo info(MigrationJob job) {
    MigrationJob.Progress progress = job.progress();
    Errno errno = progress.errno();
    MigrationInfo.Builder info =
        MigrationInfo.newBuilder()
            .setMigrationId(job.id())
            .setSpaceId(job.spaceId())
            .setState(state(progress))
            .setTotalPages(job.totalPages())
            .setDonePages(progress.donePages())
            .setMovedPages(progress.movedPages())
            .setMessage(progress.message())
            .setElapsedNanos(progress.elapsedNanos());
    progress
        .skipped()
        .forEach(
            (reason, pages) ->
                info.addSkipped(
                    SkippedPages.newBuilder().setReason(reason(reason)).setPages(pages)));
    if (errno != null) {
      info.setErrno(CommonCodec.encode(errno));
    }
    return info.build();
  }

  private static MigrationInfo.State state(MigrationJob.Progress progress) {
    if (!progress.ended()) {
      return MigrationInfo.State.STATE_RUNNING;
    }
    return progress.errno() == null
        ? MigrationInfo.State.STATE_DONE
        : MigrationInfo.State.STATE_FAILED;
  }

  private static SkippedPages.Reason reason(Reason reason) {
    return switch (reason) {
      case ALREADY_THERE -> SkippedPages.Reason.REASON_ALREADY_THERE;
      case ON_OTHER_DEVICE -> SkippedPages.Reason.REASON_ON_OTHER_DEVICE;
      case NOT_ANONYMOUS -> SkippedPages.Reason.REASON_NOT_ANONYMOUS;
      case SHARED -> SkippedPages.Reason.REASON_SHARED;
      case PINNED -> SkippedPages.Reason.REASON_PINNED;
      case SWAPPED -> SkippedPages.Reason.REASON_SWAPPED;
      case NO_MEMORY -> SkippedPages.Reason.REASON_NO_MEMORY;
      case BUSY -> SkippedPages.Reason.REASON_BUSY;
      case NOT_THERE, FAILED -> SkippedPages.Reason.REASON_FAILED;
    };
  }
}
