package dev.fenceline.coordinator.adapter.rest;

import java.io.Serial;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a request cannot be answered with, on its way to problem+json. Confined to the request's
 * thread.
 */
public final class ProblemException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private final ProblemType type;
  private final transient Map<String, Object> properties = new LinkedHashMap<>();

  public ProblemException(ProblemType type, String detail) {
    super(detail, null, false, false);
    this.type = type;
  }

  /** The value that the request gave for a parameter is not of the allowed form. */
  public static ProblemException invalidParameter(String parameter, String value, String expected) {
    String shown = Printable.of(value);
    return new ProblemException(
            ProblemType.INVALID_PARAMETER,
            "parameter '"
                + Printable.of(parameter)
                + "' must be "
                + expected
                + ", not '"
                + shown
                + "'")
        .with("parameter", Printable.of(parameter))
        .with("value", shown)
        .with("expected", expected);
  }

  /** Adds an extension member. */
  public ProblemException with(String name, Object value) {
    properties.put(name, value);
    return this;
  }

  ProblemType type() {
    return type;
  }

  Map<String, Object> properties() {
    return properties;
  }

  String detail() {
    return String.valueOf(getMessage());
  }
}
