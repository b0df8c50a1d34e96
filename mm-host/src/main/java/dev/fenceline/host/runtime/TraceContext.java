package dev.fenceline.host.runtime;

/**
 * The trace that a caller's operation belongs to, as W3C trace context has it; immutable.
 *
 * @param traceId 32 hexadecimal digits in lower case
 * @param spanId 16 of them
 * @param sampled whether the caller records the trace
 */
public record TraceContext(String traceId, String spanId, boolean sampled) {}
