package dev.fenceline.testbed.trace;

/**
 * A call that strace has seen begin and not yet end.
 *
 * <p>Confined to the thread that reads the trace.
 */
final class UnfinishedCall {

  private static final int NOBODY = -1;

  private final String name;
  private final CallKind kind;
  private final String text;
  private final long lineNumber;
  private int child = NOBODY;
  private boolean announced;

  UnfinishedCall(String name, String text, long lineNumber) {
    this.name = name;
    this.kind = CallKind.of(name);
    // Calls of no interest only have to be paired: their texts need no memory.
    this.text = kind == CallKind.IGNORED ? "" : text;
    this.lineNumber = lineNumber;
  }

  String name() {
    return name;
  }

  CallKind kind() {
    return kind;
  }

  /** The call's start as far as it was printed. */
  String text() {
    return text;
  }

  /** 1-based number of the line that began it. */
  long lineNumber() {
    return lineNumber;
  }

  /** Whether this creates a process whose pid has not been seen yet. */
  boolean mayHaveCreated() {
    return kind == CallKind.CREATE && child == NOBODY;
  }

  /** The child that spoke before this call returned; negative if none has. */
  int child() {
    return child;
  }

  void createdChild(int childPid) {
    child = childPid;
  }

  /** Whether the call's event has been handed out before the call returned. */
  boolean announced() {
    return announced;
  }

  void announce() {
    announced = true;
  }
}
