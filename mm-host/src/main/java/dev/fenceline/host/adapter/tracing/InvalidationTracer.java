package dev.fenceline.host.adapter.tracing;

import dev.fenceline.host.engine.invalidation.Fence;
import dev.fenceline.host.engine.invalidation.Invalidation;
import dev.fenceline.host.runtime.InvalidationTraces;
import dev.fenceline.host.runtime.TraceContext;
import dev.fenceline.model.FenceResolution;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.prometheus.metrics.tracer.common.SpanContext;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A span for each sampled invalidation with a child for each participant, sent over OTLP; and the
 * trace's id for exemplars. Thread-safe.
 *
 * <p>Spans are made from the fences' own records when the invalidation has ended. A span that ran
 * along would have to be kept, found and closed on the path of every fence, sampled or not; so an
 * invalidation that is not sampled costs one multiplication.
 */
public final class InvalidationTracer implements InvalidationTraces, SpanContext, AutoCloseable {
  /** More children are not sent, or one invalidation would fill the export's queue. */
  static final int MAX_CHILDREN = 256;

  private static final AttributeKey<String> SPACE = AttributeKey.stringKey("fenceline.space.id");
  private static final AttributeKey<String> INVALIDATION =
      AttributeKey.stringKey("fenceline.invalidation.id");
  private static final AttributeKey<String> RANGE = AttributeKey.stringKey("fenceline.range");
  private static final AttributeKey<String> REASON = AttributeKey.stringKey("fenceline.reason");
  private static final AttributeKey<String> MODE = AttributeKey.stringKey("fenceline.mode");
  private static final AttributeKey<String> OUTCOME = AttributeKey.stringKey("fenceline.outcome");
  private static final AttributeKey<Long> FENCES = AttributeKey.longKey("fenceline.fences");
  private static final AttributeKey<Long> WAITED = AttributeKey.longKey("fenceline.fences.waited");
  private static final AttributeKey<String> AGENT = AttributeKey.stringKey("fenceline.agent.id");
  private static final AttributeKey<Long> DEVICE = AttributeKey.longKey("fenceline.device.index");
  private static final AttributeKey<String> SESSION =
      AttributeKey.stringKey("fenceline.session.id");
  private static final AttributeKey<String> RESOLUTION =
      AttributeKey.stringKey("fenceline.fence.resolution");

  private static final Duration EXPORT_DELAY = Duration.ofSeconds(1);
  private static final Duration EXPORT_TIMEOUT = Duration.ofSeconds(5);
  private static final int EXPORT_QUEUE = 8_192;
  private static final long CLOSE_SECONDS = 3;

  private final String hostId;
  private final double samplingRatio;
  private final SdkTracerProvider provider;
  private final Tracer tracer;

  /** The invalidation that this thread measures at the moment. */
  private final ThreadLocal<@Nullable Span> current = new ThreadLocal<>();

  /**
   * @param endpoint where OTLP over HTTP is taken, {@code http://collector:4318/v1/traces}
   * @param samplingRatio share of invalidations that are traced if their caller says nothing
   */
  public InvalidationTracer(String hostId, String endpoint, double samplingRatio) {
    this.hostId = hostId;
    this.samplingRatio = samplingRatio;
    Attributes self =
        Attributes.of(
            AttributeKey.stringKey("service.name"),
            "fenceline-mm-host",
            AttributeKey.stringKey("service.instance.id"),
            hostId);
    this.provider =
        SdkTracerProvider.builder()
            .setResource(Resource.getDefault().merge(Resource.create(self)))
            .addSpanProcessor(
                BatchSpanProcessor.builder(
                        OtlpHttpSpanExporter.builder()
                            .setEndpoint(endpoint)
                            .setTimeout(EXPORT_TIMEOUT)
                            .build())
                    .setScheduleDelay(EXPORT_DELAY)
                    .setMaxQueueSize(EXPORT_QUEUE)
                    .build())
            .build();
    this.tracer = provider.get("dev.fenceline.host");
  }

  @Override
  public boolean enter(Invalidation invalidation, @Nullable TraceContext caller, long nowNanos) {
    boolean sampled = caller == null ? chosen(invalidation.id()) : caller.sampled();
    if (!sampled) {
      return false;
    }
    SpanBuilder builder =
        tracer
            .spanBuilder("invalidation " + lower(invalidation.kind()))
            .setStartTimestamp(at(invalidation.startedNanos(), nowNanos));
    if (caller == null) {
      builder.setNoParent();
    } else {
      builder.setParent(Context.root().with(Span.wrap(remote(caller))));
    }
    current.set(builder.startSpan());
    return true;
  }

  private static io.opentelemetry.api.trace.SpanContext remote(TraceContext caller) {
    return io.opentelemetry.api.trace.SpanContext.createFromRemoteParent(
        caller.traceId(), caller.spanId(), TraceFlags.getSampled(), TraceState.getDefault());
  }

  /** The same for the same id, evenly over consecutive ids (Fibonacci hashing). */
  private boolean chosen(long invalidationId) {
    return ((invalidationId * 0x9E37_79B9_7F4A_7C15L) >>> 11) * 0x1.0p-53 < samplingRatio;
  }

  @Override
  public void leave(Invalidation invalidation, long nowNanos) {
    Span span = current.get();
    current.remove();
    if (span == null) {
      return;
    }
    long unmapNanos = invalidation.startedNanos() + invalidation.scheduleNanos(nowNanos);
    long waitNanos = unmapNanos + invalidation.unmapNanos(nowNanos);
    span.setAttribute(INVALIDATION, hostId + "." + Long.toUnsignedString(invalidation.id()))
        .setAttribute(SPACE, hostId + "." + Long.toUnsignedString(invalidation.spaceId()))
        .setAttribute(RANGE, "0x%x-0x%x".formatted(invalidation.start(), invalidation.end()))
        .setAttribute(REASON, lower(invalidation.kind()))
        .setAttribute(MODE, lower(invalidation.mode()))
        .setAttribute(OUTCOME, lower(invalidation.state()))
        .setAttribute(FENCES, invalidation.fences().size())
        .setAttribute(WAITED, invalidation.waitedCount())
        .addEvent("unmap", at(unmapNanos, nowNanos))
        .addEvent("wait", at(waitNanos, nowNanos));
    children(invalidation, span, nowNanos);
    span.end(at(waitNanos + invalidation.waitNanos(nowNanos), nowNanos));
  }

  private void children(Invalidation invalidation, Span parent, long nowNanos) {
    List<Fence> fences = invalidation.fences();
    Context context = Context.root().with(parent);
    boolean all = fences.size() <= MAX_CHILDREN;
    int made = 0;
    for (int i = 0; i < fences.size() && made < MAX_CHILDREN; i++) {
      if (all || fences.get(i).resolution() != FenceResolution.NOT_HELD) {
        child(fences.get(i), context, nowNanos);
        made++;
      }
    }
  }

  private void child(Fence fence, Context parent, long nowNanos) {
    FenceResolution resolution = fence.resolution();
    Span span =
        tracer
            .spanBuilder("fence")
            .setParent(parent)
            .setStartTimestamp(at(fence.scheduledNanos(), nowNanos))
            .startSpan();
    span.setAttribute(AGENT, fence.participant().device().agentId())
        .setAttribute(DEVICE, fence.participant().device().deviceIndex())
        .setAttribute(SESSION, "%016x".formatted(fence.participant().sessionId()))
        .setAttribute(RESOLUTION, resolution == null ? "pending" : lower(resolution));
    if (resolution == FenceResolution.LEASE_EXPIRED) {
      span.setStatus(StatusCode.ERROR, "the agent's lease ran out");
    }
    // One that pends belongs to an invalidation that backed off: it may resolve later, unseen.
    span.end(at(resolution == null ? nowNanos : fence.resolvedNanos(), nowNanos));
  }

  /** A time of the monotonic clock as wall-clock time. */
  private static Instant at(long nanos, long nowNanos) {
    return Instant.now().minusNanos(nowNanos - nanos);
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public @Nullable String getCurrentTraceId() {
    Span span = current.get();
    return span == null ? null : span.getSpanContext().getTraceId();
  }

  @Override
  public @Nullable String getCurrentSpanId() {
    Span span = current.get();
    return span == null ? null : span.getSpanContext().getSpanId();
  }

  @Override
  public boolean isCurrentSpanSampled() {
    return current.get() != null;
  }

  @Override
  public void markCurrentSpanAsExemplar() {}

  /** Sends what has not been sent, within a bound. */
  @Override
  public void close() {
    provider.shutdown().join(CLOSE_SECONDS, TimeUnit.SECONDS);
  }
}
