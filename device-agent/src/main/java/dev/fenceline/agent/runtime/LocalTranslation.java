package dev.fenceline.agent.runtime;

import dev.fenceline.concurrent.MirrorEntry;
import dev.fenceline.model.Access;

/**
 * What a device's mirror entry says of where the page is, in the field that hosts use for frames: 0
 * with the host, 1 to 2^27-1 a local page plus one, 2^27 and more a peer's number. Stateless.
 */
final class LocalTranslation {
  /** With the host: bytes move by DMA. */
  static final int HOST = 0;

  private static final int FIRST_PEER = 1 << 27;

  private LocalTranslation() {}

  static int ofLocalPage(int localPage) {
    if (localPage < 0 || localPage >= FIRST_PEER - 1) {
      throw new IllegalArgumentException("local page " + localPage + " is not in [0, 2^27 - 1)");
    }
    return localPage + 1;
  }

  static int ofPeer(int peerNumber) {
    return FIRST_PEER + peerNumber;
  }

  static boolean isLocal(int place) {
    return place != HOST && place < FIRST_PEER;
  }

  static boolean isPeer(int place) {
    return place >= FIRST_PEER;
  }

  static int localPage(int place) {
    return place - 1;
  }

  static int peerNumber(int place) {
    return place - FIRST_PEER;
  }

  /** What an entry must grant for the access. */
  static long neededFor(Access access) {
    return switch (access) {
      case EXCLUSIVE -> MirrorEntry.EXCLUSIVE;
      case WRITE -> MirrorEntry.WRITE;
      case READ, SNAPSHOT -> MirrorEntry.READ;
    };
  }

  /** Whether the pages of two entries are accessed in the same way, as one. */
  static boolean sameWay(long entry, long other) {
    int place = MirrorEntry.frame(entry);
    int otherPlace = MirrorEntry.frame(other);
    return place == otherPlace || (isLocal(place) && isLocal(otherPlace));
  }
}
