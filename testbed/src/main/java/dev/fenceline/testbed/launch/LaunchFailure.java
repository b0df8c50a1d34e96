package dev.fenceline.testbed.launch;

import java.io.Serial;

/** The services could not be started or stopped; the message says which, why, and what to do. */
public final class LaunchFailure extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  public LaunchFailure(String message) {
    super(message);
  }

  public LaunchFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
