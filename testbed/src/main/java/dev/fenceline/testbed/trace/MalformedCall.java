package dev.fenceline.testbed.trace;

import java.io.Serial;

/** A line looks like a call of interest but cannot be read; the message is the reason. */
final class MalformedCall extends Exception {

  @Serial private static final long serialVersionUID = 1L;

  MalformedCall(String reason) {
    // One of these per bad line: a stack trace would cost more than the line and say nothing.
    super(reason, null, false, false);
  }
}
