package dev.fenceline.host.adapter.grpc;

import dev.fenceline.host.runtime.TraceContext;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Takes the trace that a call belongs to from its {@code traceparent} (W3C Trace Context, level 1).
 * Stateless. One that is malformed is as if there were none, as the recommendation has it.
 */
final class TraceParent implements ServerInterceptor {
  static final Metadata.Key<String> HEADER =
      Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER);

  private static final Context.Key<TraceContext> CALLER = Context.key("fenceline-trace");
  private static final int LONGEST = 256;

  /** Later versions may have more behind the flags, after a dash. */
  private static final Pattern FORM =
      Pattern.compile("(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?");

  private static final String NO_TRACE = "0".repeat(32);
  private static final String NO_SPAN = "0".repeat(16);

  @Override
  public <Q, P> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, P> call, Metadata headers, ServerCallHandler<Q, P> next) {
    TraceContext caller = parse(headers.get(HEADER));
    return caller == null
        ? next.startCall(call, headers)
        : Contexts.interceptCall(Context.current().withValue(CALLER, caller), call, headers, next);
  }

  /** The trace of the call that this thread serves, or null. */
  static @Nullable TraceContext current() {
    return CALLER.get();
  }

  static @Nullable TraceContext parse(@Nullable String header) {
    if (header == null || header.length() > LONGEST) {
      return null;
    }
    Matcher form = FORM.matcher(header);
    if (!form.matches()
        || (header.startsWith("00") && form.group(4) != null)
        || form.group(1).equals(NO_TRACE)
        || form.group(2).equals(NO_SPAN)) {
      return null;
    }
    boolean sampled = (Integer.parseInt(form.group(3), 16) & 1) != 0;
    return new TraceContext(form.group(1), form.group(2), sampled);
  }
}
