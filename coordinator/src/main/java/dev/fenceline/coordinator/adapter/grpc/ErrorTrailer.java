package dev.fenceline.coordinator.adapter.grpc;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.fenceline.common.v1.ErrorDetail;
import dev.fenceline.coordinator.engine.Refusal;
import dev.fenceline.model.Errno;
import dev.fenceline.wire.CommonCodec;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What goes with the status of a refused call. Stateless. */
final class ErrorTrailer {
  static final Metadata.Key<byte[]> KEY =
      Metadata.Key.of("fenceline-error-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private ErrorTrailer() {}

  /** How a refusal of the registry looks on the wire. */
  static StatusRuntimeException of(Refusal refusal) {
    return of(status(refusal).withDescription(refusal.message()), errno(refusal));
  }

  /** A status whose description is the detail's message. */
  static StatusRuntimeException of(Status status, Errno errno) {
    String message = status.getDescription() == null ? "" : status.getDescription();
    Metadata trailer = new Metadata();
    trailer.put(KEY, CommonCodec.errorDetail(errno, message, null).toByteArray());
    return status.asRuntimeException(trailer);
  }

  /** The detail that came with a failure, if one did and can be read. */
  static Optional<ErrorDetail> detailIn(@Nullable Metadata trailers) {
    byte[] bytes = trailers == null ? null : trailers.get(KEY);
    if (bytes == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(ErrorDetail.parseFrom(bytes));
    } catch (InvalidProtocolBufferException unreadable) {
      return Optional.empty(); // the status speaks for itself
    }
  }

  private static Status status(Refusal refusal) {
    return switch (refusal) {
      case Refusal.Malformed ignored -> Status.INVALID_ARGUMENT;
      case Refusal.NodeIdTaken ignored -> Status.ALREADY_EXISTS;
      case Refusal.IdentityChanged ignored -> Status.FAILED_PRECONDITION;
      case Refusal.Superseded ignored -> Status.ABORTED;
      case Refusal.RegistryFull ignored -> Status.RESOURCE_EXHAUSTED;
      case Refusal.Silent ignored -> Status.DEADLINE_EXCEEDED;
    };
  }

  private static Errno errno(Refusal refusal) {
    return switch (refusal) {
      case Refusal.Malformed ignored -> Errno.EINVAL;
      case Refusal.NodeIdTaken ignored -> Errno.EEXIST;
      case Refusal.IdentityChanged ignored -> Errno.EINVAL;
      case Refusal.Superseded ignored -> Errno.STALE;
      case Refusal.RegistryFull ignored -> Errno.RESOURCE_EXHAUSTED;
      case Refusal.Silent ignored -> Errno.ETIME;
    };
  }
}
