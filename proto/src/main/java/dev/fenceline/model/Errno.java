package dev.fenceline.model;

/**
 * Why something was refused, in the words of errno(3); immutable. The wire form is {@code
 * common.proto}.
 */
public enum Errno {
  /** The address is not mapped, or not readable. */
  EFAULT,
  /** The mapping does not permit the access. */
  EPERM,
  /** An argument is malformed. */
  EINVAL,
  /** No room: mapping limit, address space, or a hole where none may be. */
  ENOMEM,
  /** The target is taken. */
  EEXIST,
  /** A non-blocking caller would have had to wait. */
  EAGAIN,
  /** The named thing does not exist. */
  ENOENT,
  /** The thing is in use. */
  EBUSY,
  /** The frame pool or a bounded queue is full. */
  RESOURCE_EXHAUSTED,
  /** The only copy of the data went with a vanished device. */
  DATA_LOSS,
  /** Session, epoch, boot token or generation is no longer current. */
  STALE,
  /** The other side is not reachable at the moment. */
  UNAVAILABLE,
  /** The deadline that the caller gave has passed. */
  ETIME,
  /** The address space was killed since its host was out of memory; its contents are gone. */
  OOM_KILLED
}
