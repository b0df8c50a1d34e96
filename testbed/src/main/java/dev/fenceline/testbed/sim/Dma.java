package dev.fenceline.testbed.sim;

import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One DMA request under way, with whoever waits for its reply. Immutable.
 *
 * @param asker an agent; or a host, whose CPU uses the memory of a coherent device
 * @param operation what a unit wants; null if a migration moves whole pages
 * @param request as the wire carries it
 * @param grantSequences when the host granted each page's translation
 * @param frames what a stale TLB would lead to; only a breakage looks at them
 */
record Dma(
    SimProcess asker,
    @Nullable DataOperation operation,
    DmaRequest request,
    long[] grantSequences,
    int[] frames,
    Consumer<DmaReply> onReply) {
  /** Who asks the host. */
  SimAgent agent() {
    return (SimAgent) asker;
  }
}
