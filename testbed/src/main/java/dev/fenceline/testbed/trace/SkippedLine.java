package dev.fenceline.testbed.trace;

import java.nio.charset.StandardCharsets;

/**
 * A line of a trace that could not be used, and why.
 *
 * <p>Immutable.
 *
 * @param lineNumber 1-based
 * @param reason a phrase that a person can act on
 * @param excerpt the start of the line with unprintable characters replaced by dots
 */
public record SkippedLine(long lineNumber, String reason, String excerpt) {

  private static final int EXCERPT_CHARACTERS = 120;

  static SkippedLine of(long lineNumber, String reason, CharSequence text) {
    StringBuilder excerpt = new StringBuilder();
    int end = Math.min(text.length(), EXCERPT_CHARACTERS);
    for (int i = 0; i < end; i++) {
      char c = text.charAt(i);
      excerpt.append(c >= ' ' && c < 0x7f ? c : '.');
    }
    return new SkippedLine(
        lineNumber,
        reason,
        text.length() > end ? excerpt.append("...").toString() : excerpt.toString());
  }

  static SkippedLine of(long lineNumber, String reason, byte[] bytes, int start, int end) {
    int length = Math.min(end - start, EXCERPT_CHARACTERS + 1);
    return of(lineNumber, reason, new String(bytes, start, length, StandardCharsets.ISO_8859_1));
  }

  @Override
  public String toString() {
    return "line " + lineNumber + ": " + reason + ": " + excerpt;
  }
}
