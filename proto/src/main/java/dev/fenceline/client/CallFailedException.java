package dev.fenceline.client;

import io.grpc.Status;
import java.io.Serial;

/**
 * A call came to no answer: the service is away, too slow, or broken. Whether it took effect is
 * unknown.
 */
public final class CallFailedException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private final Status.Code code;

  CallFailedException(String call, Status status, Throwable cause) {
    super(call + " failed: " + status.getCode() + " " + status.getDescription(), cause);
    this.code = status.getCode();
  }

  public Status.Code code() {
    return code;
  }
}
