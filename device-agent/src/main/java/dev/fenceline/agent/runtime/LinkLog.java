package dev.fenceline.agent.runtime;

import dev.fenceline.agent.engine.AgentEffect;
import dev.fenceline.agent.engine.LinkState;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * What the log says of a link: a host that stays away is told of once, not at every attempt.
 * Confined to the link's mailbox.
 */
final class LinkLog {
  private static final Logger LOG = LoggerFactory.getLogger(HostLink.class);

  private String lastFailure = "";

  void changed(String target, AgentEffect.StateChanged changed) {
    boolean attempt =
        switch (changed.to()) {
          case DIALING, GREETING -> true;
          case BACKOFF -> changed.reason().equals(lastFailure);
          case DISCONNECTED, ATTACHED, DRAINING, FENCED -> false;
        };
    if (changed.to() == LinkState.BACKOFF) {
      lastFailure = changed.reason();
    } else if (!attempt) {
      lastFailure = "";
    }
    LOG.atLevel(attempt ? Level.DEBUG : Level.INFO)
        .log("{}: {} -> {}: {}", target, changed.from(), changed.to(), changed.reason());
  }
}
