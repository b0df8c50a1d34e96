package dev.fenceline.agent.runtime;

import dev.fenceline.model.Peer;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The peers whose memory a link's devices have translations of, by number. Thread-safe: numbered in
 * the link's mailbox, read by execution units. A number stays good as long as the link.
 */
final class PeerBook {
  private final CopyOnWriteArrayList<Peer> peers = new CopyOnWriteArrayList<>();

  /** In the link's mailbox only. */
  int number(Peer peer) {
    int known = peers.indexOf(peer);
    if (known >= 0) {
      return known;
    }
    peers.add(peer);
    return peers.size() - 1;
  }

  Peer peer(int number) {
    return peers.get(number);
  }
}
