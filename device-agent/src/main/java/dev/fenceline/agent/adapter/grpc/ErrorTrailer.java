package dev.fenceline.agent.adapter.grpc;

import dev.fenceline.model.Errno;
import dev.fenceline.wire.CommonCodec;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.jspecify.annotations.Nullable;

/** How a refused call looks on the wire: a status, and the typed detail in a trailer. Stateless. */
final class ErrorTrailer {
  static final Metadata.Key<byte[]> KEY =
      Metadata.Key.of("fenceline-error-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private ErrorTrailer() {}

  static StatusRuntimeException of(Errno errno, String message, @Nullable Long address) {
    Metadata trailer = new Metadata();
    trailer.put(KEY, CommonCodec.errorDetail(errno, message, address).toByteArray());
    return status(errno).withDescription(message).asRuntimeException(trailer);
  }

  private static Status status(Errno errno) {
    return switch (errno) {
      case EINVAL -> Status.INVALID_ARGUMENT;
      case EFAULT -> Status.OUT_OF_RANGE;
      case EPERM -> Status.PERMISSION_DENIED;
      case ENOENT -> Status.NOT_FOUND;
      case EEXIST -> Status.ALREADY_EXISTS;
      case ENOMEM, RESOURCE_EXHAUSTED -> Status.RESOURCE_EXHAUSTED;
      case EAGAIN, UNAVAILABLE -> Status.UNAVAILABLE;
      case EBUSY, OOM_KILLED -> Status.FAILED_PRECONDITION;
      case STALE -> Status.ABORTED;
      case ETIME -> Status.DEADLINE_EXCEEDED;
      case DATA_LOSS -> Status.DATA_LOSS;
    };
  }
}
