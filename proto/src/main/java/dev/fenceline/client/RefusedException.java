package dev.fenceline.client;

import dev.fenceline.model.Errno;
import java.io.Serial;
import java.util.OptionalLong;

/** A service refused a call and says why; nothing was changed. Immutable. */
public final class RefusedException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private final Errno errno;
  private final boolean addressKnown;
  private final long address;

  RefusedException(Errno errno, String message, OptionalLong address, Throwable cause) {
    super(errno.name() + ": " + message, cause);
    this.errno = errno;
    this.addressKnown = address.isPresent();
    this.address = address.orElse(0);
  }

  public Errno errno() {
    return errno;
  }

  /** The offending address, if one is to blame. */
  public OptionalLong address() {
    return addressKnown ? OptionalLong.of(address) : OptionalLong.empty();
  }
}
