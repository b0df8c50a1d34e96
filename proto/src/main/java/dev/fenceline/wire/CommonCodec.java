package dev.fenceline.wire;

import dev.fenceline.common.v1.DeviceRef;
import dev.fenceline.common.v1.ErrorDetail;
import dev.fenceline.model.Access;
import dev.fenceline.model.DeviceId;
import dev.fenceline.model.Errno;
import dev.fenceline.model.InvalidationKind;
import org.jspecify.annotations.Nullable;

/** The value types of {@code common.proto} that more than one stream carries. Stateless. */
public final class CommonCodec {
  private CommonCodec() {}

  public static dev.fenceline.common.v1.Errno encode(Errno errno) {
    return switch (errno) {
      case EFAULT -> dev.fenceline.common.v1.Errno.ERRNO_EFAULT;
      case EPERM -> dev.fenceline.common.v1.Errno.ERRNO_EPERM;
      case EINVAL -> dev.fenceline.common.v1.Errno.ERRNO_EINVAL;
      case ENOMEM -> dev.fenceline.common.v1.Errno.ERRNO_ENOMEM;
      case EEXIST -> dev.fenceline.common.v1.Errno.ERRNO_EEXIST;
      case EAGAIN -> dev.fenceline.common.v1.Errno.ERRNO_EAGAIN;
      case ENOENT -> dev.fenceline.common.v1.Errno.ERRNO_ENOENT;
      case EBUSY -> dev.fenceline.common.v1.Errno.ERRNO_EBUSY;
      case RESOURCE_EXHAUSTED -> dev.fenceline.common.v1.Errno.ERRNO_RESOURCE_EXHAUSTED;
      case DATA_LOSS -> dev.fenceline.common.v1.Errno.ERRNO_DATA_LOSS;
      case STALE -> dev.fenceline.common.v1.Errno.ERRNO_STALE;
      case UNAVAILABLE -> dev.fenceline.common.v1.Errno.ERRNO_UNAVAILABLE;
      case ETIME -> dev.fenceline.common.v1.Errno.ERRNO_ETIME;
      case OOM_KILLED -> dev.fenceline.common.v1.Errno.ERRNO_OOM_KILLED;
    };
  }

  /** Null if no error is named. */
  public static @Nullable Errno decode(dev.fenceline.common.v1.Errno errno)
      throws MalformedMessageException {
    return switch (errno) {
      case ERRNO_UNSPECIFIED -> null;
      case ERRNO_EFAULT -> Errno.EFAULT;
      case ERRNO_EPERM -> Errno.EPERM;
      case ERRNO_EINVAL -> Errno.EINVAL;
      case ERRNO_ENOMEM -> Errno.ENOMEM;
      case ERRNO_EEXIST -> Errno.EEXIST;
      case ERRNO_EAGAIN -> Errno.EAGAIN;
      case ERRNO_ENOENT -> Errno.ENOENT;
      case ERRNO_EBUSY -> Errno.EBUSY;
      case ERRNO_RESOURCE_EXHAUSTED -> Errno.RESOURCE_EXHAUSTED;
      case ERRNO_DATA_LOSS -> Errno.DATA_LOSS;
      case ERRNO_STALE -> Errno.STALE;
      case ERRNO_UNAVAILABLE -> Errno.UNAVAILABLE;
      case ERRNO_ETIME -> Errno.ETIME;
      case ERRNO_OOM_KILLED -> Errno.OOM_KILLED;
      case UNRECOGNIZED -> throw WireChecks.malformed("errno", "unknown", "one of Errno");
    };
  }

  /** What goes into the trailer {@code fenceline-error-bin}. */
  public static ErrorDetail errorDetail(Errno errno, String message, @Nullable Long address) {
    ErrorDetail.Builder detail =
        ErrorDetail.newBuilder().setErrno(encode(errno)).setMessage(message);
    if (address != null) {
      detail.setAddress(address);
    }
    return detail.build();
  }

  static dev.fenceline.attach.v1.Access encode(Access access) {
    return switch (access) {
      case READ -> dev.fenceline.attach.v1.Access.ACCESS_READ;
      case WRITE -> dev.fenceline.attach.v1.Access.ACCESS_WRITE;
      case SNAPSHOT -> dev.fenceline.attach.v1.Access.ACCESS_SNAPSHOT;
      case EXCLUSIVE -> dev.fenceline.attach.v1.Access.ACCESS_EXCLUSIVE;
    };
  }

  static Access decode(dev.fenceline.attach.v1.Access access) throws MalformedMessageException {
    return switch (access) {
      case ACCESS_UNSPECIFIED, ACCESS_READ -> Access.READ;
      case ACCESS_WRITE -> Access.WRITE;
      case ACCESS_SNAPSHOT -> Access.SNAPSHOT;
      case ACCESS_EXCLUSIVE -> Access.EXCLUSIVE;
      case UNRECOGNIZED -> throw WireChecks.malformed("access", "unknown", "one of Access");
    };
  }

  static DeviceRef encode(DeviceId device) {
    return DeviceRef.newBuilder()
        .setAgentId(device.agentId())
        .setDeviceIndex(device.deviceIndex())
        .build();
  }

  static DeviceId decode(DeviceRef wire) throws MalformedMessageException {
    return new DeviceId(
        WireChecks.agentId(wire.getAgentId()), WireChecks.deviceIndex(wire.getDeviceIndex()));
  }

  public static dev.fenceline.common.v1.InvalidationKind encode(InvalidationKind kind) {
    return switch (kind) {
      case UNMAP -> dev.fenceline.common.v1.InvalidationKind.INVALIDATION_KIND_UNMAP;
      case CLEAR -> dev.fenceline.common.v1.InvalidationKind.INVALIDATION_KIND_CLEAR;
      case PROTECTION -> dev.fenceline.common.v1.InvalidationKind.INVALIDATION_KIND_PROTECTION;
      case RELEASE -> dev.fenceline.common.v1.InvalidationKind.INVALIDATION_KIND_RELEASE;
      case MIGRATE -> dev.fenceline.common.v1.InvalidationKind.INVALIDATION_KIND_MIGRATE;
      case EXCLUSIVE -> dev.fenceline.common.v1.InvalidationKind.INVALIDATION_KIND_EXCLUSIVE;
    };
  }

  public static InvalidationKind decode(dev.fenceline.common.v1.InvalidationKind kind)
      throws MalformedMessageException {
    return switch (kind) {
      case INVALIDATION_KIND_UNMAP -> InvalidationKind.UNMAP;
      case INVALIDATION_KIND_CLEAR -> InvalidationKind.CLEAR;
      case INVALIDATION_KIND_PROTECTION -> InvalidationKind.PROTECTION;
      case INVALIDATION_KIND_RELEASE -> InvalidationKind.RELEASE;
      case INVALIDATION_KIND_MIGRATE -> InvalidationKind.MIGRATE;
      case INVALIDATION_KIND_EXCLUSIVE -> InvalidationKind.EXCLUSIVE;
      case INVALIDATION_KIND_UNSPECIFIED, UNRECOGNIZED ->
          throw WireChecks.malformed("kind", kind, "one of InvalidationKind");
    };
  }
}
