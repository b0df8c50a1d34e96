package dev.fenceline.client.rest;

import java.io.Serial;
import java.net.URI;

/** There was no answer: whether a write took effect is unknown. Immutable. */
public final class UnreachableException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private final URI server;

  UnreachableException(URI server, String why, Throwable cause) {
    super("no answer from the coordinator at " + server + ": " + why, cause);
    this.server = server;
  }

  /** Who did not answer. */
  public URI server() {
    return server;
  }
}
