package dev.fenceline.testbed.sim;

import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import java.util.function.Consumer;

/**
 * One DMA request under way, with whoever waits for its reply. Immutable.
 *
 * @param request as the wire carries it
 * @param grantSequences when the host granted each page's translation
 * @param frames what a stale TLB would lead to; only a breakage looks at them
 */
record Dma(
    SimAgent agent,
    DataOperation operation,
    DmaRequest request,
    long[] grantSequences,
    int[] frames,
    Consumer<DmaReply> onReply) {}
