package dev.fenceline.host.engine.notifier;

import java.util.TreeMap;

/** Which pages a device was granted. Confined to the shard. */
public final class HolderMap {
  private final TreeMap<Long, Boolean> pages = new TreeMap<>();

  public void grant(long vpnStart, int count) {
    for (long vpn = vpnStart; vpn < vpnStart + count; vpn++) {
      pages.put(vpn, true);
    }
  }

  public void release(long vpnStart, long vpnEnd) {
    pages.subMap(vpnStart, vpnEnd).clear();
  }

  public boolean holdsAny(long vpnStart, long vpnEnd) {
    Long next = pages.ceilingKey(vpnStart);
    return next != null && next < vpnEnd;
  }

  public long heldPages(long vpnStart, long vpnEnd) {
    return pages.subMap(vpnStart, vpnEnd).size();
  }
}
