package dev.fenceline.client.resource;

/**
 * A pin: its pages stay where they are until it is taken back; immutable.
 *
 * @param id {@code hostId.n}
 * @param owner who to ask
 * @param unmappedPages pages that it keeps although nothing maps them there any more
 */
public record Pin(
    String id,
    String hostId,
    String addressSpaceId,
    String start,
    String end,
    long pages,
    boolean write,
    boolean longTerm,
    String owner,
    String reason,
    long ageMillis,
    long unmappedPages) {}
