package dev.fenceline.client;

import dev.fenceline.common.v1.ErrorDetail;
import dev.fenceline.model.Errno;
import dev.fenceline.wire.CommonCodec;
import dev.fenceline.wire.MalformedMessageException;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoUtils;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Turns gRPC statuses into typed exceptions, once for all clients. Stateless. */
final class Calls {
  private static final Metadata.Key<ErrorDetail> DETAIL =
      Metadata.Key.of(
          "fenceline-error-bin", ProtoUtils.metadataMarshaller(ErrorDetail.getDefaultInstance()));

  private Calls() {}

  /**
   * Runs a blocking call.
   *
   * @throws RefusedException if the service refuses with a detail
   * @throws CallFailedException if there is no answer
   */
  static <T> T call(String name, Supplier<T> call) {
    try {
      return call.get();
    } catch (StatusRuntimeException e) {
      Metadata trailers = e.getTrailers();
      ErrorDetail detail = trailers == null ? null : trailers.get(DETAIL);
      Errno errno = detail == null ? null : errno(detail);
      if (detail == null || errno == null || e.getStatus().getCode() == Status.Code.INTERNAL) {
        throw new CallFailedException(name, e.getStatus(), e);
      }
      OptionalLong address =
          detail.hasAddress() ? OptionalLong.of(detail.getAddress()) : OptionalLong.empty();
      throw new RefusedException(errno, detail.getMessage(), address, e);
    }
  }

  /** Null if a newer service names an error that is not known here. */
  private static @Nullable Errno errno(ErrorDetail detail) {
    try {
      return CommonCodec.decode(detail.getErrno());
    } catch (MalformedMessageException e) {
      return null;
    }
  }
}
