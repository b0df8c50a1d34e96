package dev.fenceline.host.runtime;

import dev.fenceline.concurrent.LineBudget;
import dev.fenceline.host.engine.session.AgentStanding;
import dev.fenceline.host.engine.session.Session;
import dev.fenceline.host.engine.session.SessionEffect;
import dev.fenceline.host.engine.session.StandingView;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * What a host writes down about its agents: with ids as key-values, which structured formats make
 * members of, and within a budget, since a peer that attaches over and over would fill the disk.
 * Thread-safe.
 */
final class PeerLog {
  private static final Logger LOG = LoggerFactory.getLogger(PeerLog.class);
  private static final int LONGEST = 300;
  private static final int BURST = 256;
  private static final long REFILL_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final String hostId;
  private final LongSupplier nanoClock;
  private final LineBudget budget = new LineBudget(BURST, REFILL_NANOS);

  PeerLog(String hostId, LongSupplier nanoClock) {
    this.hostId = hostId;
    this.nanoClock = nanoClock;
  }

  void sessionChanged(String agentId, long sessionId, Session.State state, String reason) {
    line(
        Level.INFO,
        agentId,
        sessionId,
        "session %016x of agent %s: %s, %s".formatted(sessionId, agentId, state, reason));
  }

  /** The lease of the session is not renewed any more, or is again. */
  void overdueChanged(String agentId, long sessionId, long invalidationId, boolean overdue) {
    String what =
        overdue
            ? "agent %s owes an overdue fence, of invalidation %s: its lease is not renewed"
                .formatted(agentId, Long.toUnsignedString(invalidationId))
            : "agent %s owes no overdue fence any more".formatted(agentId);
    int leftOut = budget.take(nanoClock.getAsLong());
    if (leftOut != LineBudget.LEFT_OUT) {
      var line =
          LOG.atLevel(overdue ? Level.WARN : Level.INFO)
              .addKeyValue("hostId", hostId)
              .addKeyValue("agentId", agentId)
              .addKeyValue("sessionId", "%016x".formatted(sessionId));
      if (overdue) {
        line = line.addKeyValue("invalidationId", Long.toUnsignedString(invalidationId));
      }
      line.log(what + behind(leftOut));
    }
  }

  /** It was quarantined or may attach again. */
  void standingChanged(StandingView standing) {
    boolean quarantined = standing.state() == AgentStanding.State.QUARANTINED;
    line(
        quarantined ? Level.WARN : Level.INFO,
        standing.agentId(),
        0,
        quarantined
            ? "agent %s is quarantined %s: %s"
                .formatted(
                    standing.agentId(),
                    standing.byOperator() ? "by an operator" : "by policy",
                    printable(standing.reason()))
            : "agent %s is %s".formatted(standing.agentId(), standing.state()));
  }

  void helloRefused(SessionEffect.HelloRefused refused) {
    String agent = printable(refused.agentId());
    line(
        Level.INFO,
        agent,
        0,
        "Hello of agent %s refused, %s: %s"
            .formatted(agent, refused.refusal(), printable(refused.message())));
  }

  /** What the peer says of itself was not looked at yet. */
  void malformed(String agentId, long sessionId, String reason) {
    String agent = printable(agentId);
    line(
        Level.WARN,
        agent,
        sessionId,
        "malformed message in session %016x of agent %s: %s"
            .formatted(sessionId, agent, printable(reason)));
  }

  private static String printable(String text) {
    String line = text.replaceAll("\\p{Cntrl}", "?");
    return line.length() > LONGEST ? line.substring(0, LONGEST) + "..." : line;
  }

  private void line(Level level, String agentId, long sessionId, String message) {
    int leftOut = budget.take(nanoClock.getAsLong());
    if (leftOut != LineBudget.LEFT_OUT) {
      var line = LOG.atLevel(level).addKeyValue("hostId", hostId).addKeyValue("agentId", agentId);
      if (sessionId != 0) {
        line = line.addKeyValue("sessionId", "%016x".formatted(sessionId));
      }
      line.log(message + behind(leftOut));
    }
  }

  private static String behind(int leftOut) {
    return leftOut == 0 ? "" : " (" + leftOut + " lines about agents were left out)";
  }
}
