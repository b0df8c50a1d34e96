package dev.fenceline.client.resource;

import java.util.List;

/**
 * A mapping, or the part of it that was asked for; immutable.
 *
 * @param end first byte behind the range
 * @param protection as in /proc/PID/maps
 * @param state {@code invalidating}, {@code resident}, {@code partly-resident} or {@code
 *     not-resident}
 * @param generation the greatest of its pages
 */
public record Range(
    String start,
    String end,
    long pages,
    String protection,
    boolean shared,
    String backing,
    String offset,
    String state,
    long residentPages,
    long invalidatingPages,
    long generation,
    List<Holder> holders) {

  /**
   * A participant that mirrors or holds part of a range or page; immutable.
   *
   * @param device {@code agentId/index}; {@code cpu/0} for the host's own TLBs
   * @param mirrors a mirror of it covers part of the range
   * @param heldPages pages whose translation it holds
   */
  public record Holder(String device, String deviceName, boolean mirrors, long heldPages) {}
}
