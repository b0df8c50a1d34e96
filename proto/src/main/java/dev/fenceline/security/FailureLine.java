package dev.fenceline.security;

import io.grpc.Status;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Why a call failed, on one line, with what lay at the bottom of it. Stateless. */
public final class FailureLine {
  /** What the transport adds for its own developers. */
  private static final Pattern PIPELINE = Pattern.compile("\\s*Channel Pipeline: \\[[^]]*]");

  private FailureLine() {}

  public static String of(Throwable failure) {
    return of(Status.fromThrowable(failure));
  }

  /** Code, description and innermost reason; a stack trace would say no more. */
  public static String of(Status status) {
    StringBuilder line = new StringBuilder(status.getCode().name());
    String description = status.getDescription();
    if (description != null) {
      line.append(": ").append(PIPELINE.matcher(description).replaceAll(""));
    }
    String reason = innermost(status.getCause());
    if (!reason.isEmpty() && line.indexOf(reason) < 0) {
      line.append(" (").append(reason).append(')');
    }
    return line.toString().replaceAll("\\s+", " ");
  }

  private static String innermost(@Nullable Throwable cause) {
    String reason = "";
    for (Throwable each = cause; each != null; each = each.getCause()) {
      String message = each.getMessage();
      if (message != null && !message.isBlank()) {
        reason = message;
      }
    }
    return reason;
  }
}
