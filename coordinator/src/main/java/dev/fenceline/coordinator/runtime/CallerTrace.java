package dev.fenceline.coordinator.runtime;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The trace that the request on this thread belongs to, as its {@code traceparent} (W3C Trace
 * Context): hosts get it along with what the request asks of them. Thread-safe.
 */
public final class CallerTrace {
  private static final Pattern FORM =
      Pattern.compile("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-[!-~]{0,128})?");

  private static final ThreadLocal<@Nullable String> CURRENT = new ThreadLocal<>();

  private CallerTrace() {}

  /** What is no trace parent counts as none, as the recommendation has it. */
  public static void enter(@Nullable String traceParent) {
    CURRENT.set(traceParent != null && FORM.matcher(traceParent).matches() ? traceParent : null);
  }

  public static void leave() {
    CURRENT.remove();
  }

  public static @Nullable String current() {
    return CURRENT.get();
  }
}
