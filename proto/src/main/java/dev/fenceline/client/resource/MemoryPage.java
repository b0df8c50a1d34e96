package dev.fenceline.client.resource;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One page of 4096 bytes; immutable.
 *
 * @param address first byte of the page
 * @param state {@code unmapped}, {@code not-present}, {@code present}, {@code zero} or {@code
 *     invalidating}
 * @param generation raised by each invalidation; compare for equality only
 * @param fenceId the invalidation that holds the page; null if none does
 */
public record MemoryPage(
    String addressSpaceId,
    String address,
    String state,
    long generation,
    boolean writable,
    boolean dirty,
    List<Range.Holder> holders,
    @Nullable String fenceId) {}
