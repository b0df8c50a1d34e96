package dev.fenceline.client.resource;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a host thinks of an agent; immutable.
 *
 * @param state {@code healthy}, {@code suspect} or {@code quarantined}
 * @param strikes fences not resolved in good order within the policy's window
 * @param reason why it is quarantined, or empty
 * @param byOperator an operator did it, not the policy
 * @param holdLeftMillis until it is returned by itself; null if only by hand, or not quarantined
 */
public record Standing(
    String hostId,
    String state,
    long strikes,
    String reason,
    boolean byOperator,
    Instant since,
    @Nullable Double holdLeftMillis) {}
