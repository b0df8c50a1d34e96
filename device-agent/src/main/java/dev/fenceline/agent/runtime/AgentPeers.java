package dev.fenceline.agent.runtime;

import dev.fenceline.concurrent.PeerConnector;

/**
 * The ways to other agents: to the memory of their devices, and to the sync points of their
 * programs. Immutable.
 */
public record AgentPeers(PeerConnector memory, SyncPeers syncPoints) {
  /** An agent by itself. */
  public static final AgentPeers NONE = new AgentPeers(PeerConnector.NONE, SyncPeers.NONE);
}
