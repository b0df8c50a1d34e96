package dev.fenceline.wire;

import java.io.Serial;

/**
 * A message that the wire contract does not allow; the text says which field and which value.
 * Thrown before anything of the message has taken effect.
 */
public final class MalformedMessageException extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  public MalformedMessageException(String message) {
    super(message);
  }

  public MalformedMessageException(String message, Throwable cause) {
    super(message, cause);
  }
}
