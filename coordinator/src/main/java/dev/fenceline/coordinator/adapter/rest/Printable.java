package dev.fenceline.coordinator.adapter.rest;

import dev.fenceline.coordinator.engine.NodeView;

/** What of a request's text may be shown back: short, and without control characters. Stateless. */
final class Printable {
  private static final int MAX_SHOWN = 120;

  private Printable() {}

  /** A node's kind and id. */
  static String name(NodeView node) {
    return Views.word(node.key().kind()) + " " + node.key().nodeId();
  }

  static String of(String text) {
    StringBuilder shown = new StringBuilder();
    text.codePoints()
        .limit(MAX_SHOWN)
        .map(
            c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE ? '?' : c)
        .forEach(shown::appendCodePoint);
    return text.codePointCount(0, text.length()) > MAX_SHOWN ? shown + "..." : shown.toString();
  }
}
