package dev.fenceline.host.adapter.grpc;

import dev.fenceline.common.v1.ErrorDetail;
import dev.fenceline.model.Errno;
import dev.fenceline.wire.CommonCodec;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoUtils;
import org.jspecify.annotations.Nullable;

/** Turns expected refusals into gRPC statuses with their detail as a trailer. Stateless. */
public final class Refusals {
  /** The trailer that says more than a status can. */
  public static final Metadata.Key<ErrorDetail> DETAIL =
      Metadata.Key.of(
          "fenceline-error-bin", ProtoUtils.metadataMarshaller(ErrorDetail.getDefaultInstance()));

  private Refusals() {}

  /** A status and what goes with it. */
  record Refusal(Status status, Metadata trailers) {
    StatusRuntimeException asException() {
      return status.asRuntimeException(trailers);
    }
  }

  static Refusal refusal(Errno errno, String message, @Nullable Long address) {
    Metadata trailers = new Metadata();
    trailers.put(DETAIL, CommonCodec.errorDetail(errno, message, address));
    return new Refusal(status(errno).withDescription(message), trailers);
  }

  static StatusRuntimeException exception(Errno errno, String message) {
    return refusal(errno, message, null).asException();
  }

  private static Status status(Errno errno) {
    return switch (errno) {
      case EINVAL -> Status.INVALID_ARGUMENT;
      case EFAULT, ENOMEM, OOM_KILLED -> Status.FAILED_PRECONDITION;
      case EPERM -> Status.PERMISSION_DENIED;
      case ENOENT -> Status.NOT_FOUND;
      case EEXIST -> Status.ALREADY_EXISTS;
      case EAGAIN, EBUSY, STALE -> Status.ABORTED;
      case RESOURCE_EXHAUSTED -> Status.RESOURCE_EXHAUSTED;
      case DATA_LOSS -> Status.DATA_LOSS;
      case UNAVAILABLE -> Status.UNAVAILABLE;
      case ETIME -> Status.DEADLINE_EXCEEDED;
    };
  }
}
