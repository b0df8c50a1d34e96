package dev.fenceline.host.engine.session;

import dev.fenceline.model.AgentMessage.Hello;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Which Hello was accepted last of each boot of each agent, also when its session has ended.
 * Confined to the session engine's mailbox.
 *
 * <p>A Hello resolves the fences that the agent's session owes, so it must have been sent after
 * everything that the session did. Streams are TCP connections of their own, which overtake each
 * other:
 *
 * <pre>
 *   agent                                     host
 *   --------------------------------------    --------------------------------------
 *   dial 1, Hello 1                           (held up on its connection)
 *   no answer in time: gives up
 *   dial 2, Hello 2                           Welcome: session 2
 *   faults pages in, accesses them            Invalidate; fence of session 2 is pending
 *                                             Hello 1 arrives  &lt;== must not resolve it (INV-1)
 * </pre>
 *
 * The order in which connections arrived says nothing; the agent's count of its dials does.
 */
final class HelloHistory {
  /** Boots that are remembered of an agent; an older one is a new one. */
  static final int MAX_BOOTS = 8;

  /** The last accepted Hello of one boot; immutable. */
  private record Boot(long token, long dialAttempt) {}

  private final int maxAgents;

  /** By agent, oldest acceptance first; the boots in the order of their last acceptance. */
  private final Map<String, List<Boot>> accepted = new LinkedHashMap<>();

  /**
   * @param maxAgents that are remembered; more than can have sessions
   */
  HelloHistory(int maxAgents) {
    this.maxAgents = maxAgents;
  }

  /** Whether it was sent before, or is, one that its boot of the agent has had accepted. */
  boolean outdated(Hello hello) {
    for (Boot boot : boots(hello)) {
      if (boot.token() == hello.bootToken()) {
        return hello.dialAttempt() <= boot.dialAttempt();
      }
    }
    return false;
  }

  /**
   * Takes note of an acceptance.
   *
   * @param live whose agents are never forgotten
   */
  void accepted(Hello hello, Predicate<String> live) {
    List<Boot> boots = new ArrayList<>(boots(hello));
    boots.removeIf(boot -> boot.token() == hello.bootToken());
    boots.add(new Boot(hello.bootToken(), hello.dialAttempt()));
    if (boots.size() > MAX_BOOTS) {
      boots.removeFirst();
    }
    accepted.remove(hello.agentId()); // to the end of the order
    accepted.put(hello.agentId(), boots);
    if (accepted.size() > maxAgents) {
      forgetOne(live);
    }
  }

  private List<Boot> boots(Hello hello) {
    return accepted.getOrDefault(hello.agentId(), List.of());
  }

  private void forgetOne(Predicate<String> live) {
    Iterator<String> oldest = accepted.keySet().iterator();
    while (oldest.hasNext()) {
      if (!live.test(oldest.next())) {
        oldest.remove();
        return;
      }
    }
  }
}
