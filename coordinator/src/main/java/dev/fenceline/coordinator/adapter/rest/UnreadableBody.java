package dev.fenceline.coordinator.adapter.rest;

import java.util.Locale;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import org.springframework.http.converter.HttpMessageNotReadableException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.exc.InvalidFormatException;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.exc.UnrecognizedPropertyException;

/** What is wrong with a body, by the name of its member. Stateless. */
final class UnreadableBody {
  private static final String BODY = "body";

  private UnreadableBody() {}

  static ProblemException problem(HttpMessageNotReadableException failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof ProblemException known) {
        return known;
      }
    }
    return switch (failure.getCause()) {
      case UnrecognizedPropertyException unknown ->
          ProblemException.invalidParameter(
              path(unknown),
              "given",
              "left out: known are "
                  + unknown.getKnownPropertyIds().stream()
                      .map(String::valueOf)
                      .sorted()
                      .collect(Collectors.joining(", ")));
      case InvalidFormatException wrong ->
          ProblemException.invalidParameter(
              path(wrong), String.valueOf(wrong.getValue()), form(wrong.getTargetType()));
      case MismatchedInputException wrong ->
          ProblemException.invalidParameter(
              path(wrong), "something else", form(wrong.getTargetType()));
      case JacksonException syntax ->
          ProblemException.invalidParameter(path(syntax), "something else", "one JSON object");
      case null, default -> ProblemException.invalidParameter(BODY, "nothing", "one JSON object");
    };
  }

  /** The member with dots; an element of a list is named as the list is. */
  private static String path(JacksonException failure) {
    StringJoiner path = new StringJoiner(".");
    for (JacksonException.Reference reference : failure.getPath()) {
      if (reference.getPropertyName() == null) {
        break;
      }
      path.add(reference.getPropertyName());
    }
    return path.length() == 0 ? BODY : path.toString();
  }

  private static String form(Class<?> type) {
    if (type == null) {
      return "a JSON value of another type";
    }
    if (type == Long.class || type == Integer.class) {
      return "a whole number";
    }
    if (type == Double.class) {
      return "a number";
    }
    if (type == Boolean.class || type == String.class) {
      return "a " + type.getSimpleName().toLowerCase(Locale.ROOT);
    }
    return "a JSON object";
  }
}
