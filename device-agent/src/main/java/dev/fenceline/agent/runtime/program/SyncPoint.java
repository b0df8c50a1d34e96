package dev.fenceline.agent.runtime.program;

/**
 * A moment that a program brings about by ending, however it ends; immutable. It is the end of a
 * program by number or, if the name is not empty, of the last program that signals the name.
 *
 * @param agentId whose program; empty: this agent's
 * @param target {@code host:port} of that agent; empty: this agent
 * @param programNumber 0 if it is a name
 */
public record SyncPoint(String agentId, String target, long programNumber, String name) {
  /** Whether the program is one of the agent of that id. */
  public boolean isOf(String ownAgentId) {
    return agentId.isEmpty() || agentId.equals(ownAgentId);
  }

  @Override
  public String toString() {
    String what =
        name.isEmpty()
            ? "the end of program " + Long.toUnsignedString(programNumber)
            : "sync point " + name;
    return agentId.isEmpty() ? what : what + " of " + agentId;
  }
}
