package dev.fenceline.coordinator.runtime;

import java.io.Serial;

/** The registry takes no questions at the moment: its queue is full, or the service stops. */
public final class RegistryBusyException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  RegistryBusyException(String message) {
    super(message);
  }
}
