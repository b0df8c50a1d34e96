package dev.fenceline.testbed.trace;

import java.util.List;

/**
 * What a reader has seen so far.
 *
 * <p>Immutable.
 *
 * @param lines all lines read
 * @param events events or accesses handed out
 * @param ignoredLines well-formed lines that say nothing about memory (other calls, signals,
 *     banners)
 * @param skippedLines lines that could not be used
 * @param endedEarly whether compressed data was damaged or cut off
 * @param firstSkipped the first skipped lines, in order
 */
public record TraceSummary(
    long lines,
    long events,
    long ignoredLines,
    long skippedLines,
    boolean endedEarly,
    List<SkippedLine> firstSkipped) {}
