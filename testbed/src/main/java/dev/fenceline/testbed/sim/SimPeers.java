package dev.fenceline.testbed.sim;

import dev.fenceline.model.PageRun;
import dev.fenceline.model.Peer;
import java.util.ArrayList;
import java.util.List;

/**
 * The pages of peers that an agent's devices have translations of, by number. Confined to the event
 * loop.
 */
final class SimPeers {
  /** From this place on, an entry names a page of a peer. */
  static final int FIRST_PLACE = 1 << 27;

  /**
   * A page of a peer; immutable.
   *
   * @param localPage where it was when the host named it: a hint, which nobody relies on
   */
  record PeerPage(Peer peer, int localPage) {}

  private final List<PeerPage> pages = new ArrayList<>();

  /** What a mirror entry says of the page. */
  int place(PageRun run, int index) {
    Peer peer = run.peer();
    if (peer == null) {
      throw new InvariantViolation("CODEC", "a page of a peer without the peer: " + run);
    }
    return place(new PeerPage(peer, run.firstLocalPage() + index));
  }

  int place(PeerPage page) {
    int known = pages.indexOf(page);
    if (known >= 0) {
      return FIRST_PLACE + known;
    }
    pages.add(page);
    return FIRST_PLACE + pages.size() - 1;
  }

  static boolean isPeer(int place) {
    return place >= FIRST_PLACE;
  }

  PeerPage page(int place) {
    return pages.get(place - FIRST_PLACE);
  }
}
