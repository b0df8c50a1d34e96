package dev.fenceline.testbed.report;

/**
 * The distribution of a duration, in microseconds.
 *
 * <p>Immutable.
 *
 * @param count how many durations it sums up
 */
public record Latency(double p50Micros, double p99Micros, double maxMicros, long count) {}
