package dev.fenceline.client.resource;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One page of 4096 bytes; immutable.
 *
 * @param address first byte of the page
 * @param state {@code unmapped}, {@code not-present}, {@code present}, {@code zero}, {@code
 *     invalidating}, {@code swapped}, {@code device}, {@code exclusive} or {@code migrating}
 * @param generation raised by each invalidation; compare for equality only
 * @param fenceId the invalidation that holds the page; null if none does
 * @param location the device that has it, if it is in device memory or exclusive
 * @param order it belongs to an aligned block of 2^order pages that one translation maps; 9: 2 MiB
 */
public record MemoryPage(
    String addressSpaceId,
    String address,
    String state,
    long generation,
    boolean writable,
    boolean dirty,
    List<Range.Holder> holders,
    @Nullable String fenceId,
    @Nullable String location,
    int order) {}
