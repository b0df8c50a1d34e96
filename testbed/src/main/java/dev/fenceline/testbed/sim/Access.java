package dev.fenceline.testbed.sim;

/**
 * One access that has found its translations and has not ended: what an invalidation has to wait
 * for. Confined to the event loop.
 *
 * @param owner the process that accesses
 * @param sessionId its session; 0 for the host's CPU
 * @param grantSequences the space's sequence at which the host gave each page's translation
 * @param inPlace it is in the memory of its own device, which must stay there meanwhile
 */
record Access(
    SimProcess owner,
    SimSpace space,
    long sessionId,
    int deviceIndex,
    long vpn,
    long[] grantSequences,
    boolean inPlace) {

  /** True if one of its pages lies in the interval and was granted before the sequence. */
  boolean isOlder(long vpnStart, long vpnEnd, long sequence) {
    for (int i = 0; i < grantSequences.length; i++) {
      if (vpn + i >= vpnStart && vpn + i < vpnEnd && grantSequences[i] < sequence) {
        return true;
      }
    }
    return false;
  }
}
