package dev.fenceline.host.runtime;

import dev.fenceline.host.engine.invalidation.OperationOutcome;
import dev.fenceline.host.engine.shard.ShardInput;
import dev.fenceline.host.engine.shard.ShardQueries;
import dev.fenceline.host.engine.space.SpaceOperation;
import dev.fenceline.model.Access;
import dev.fenceline.model.DmaReply;
import dev.fenceline.model.DmaRequest;
import dev.fenceline.model.WaitPolicy;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What lies in a shard's mailbox; immutable. Callbacks run inside the mailbox and must not block.
 */
sealed interface ShardMessage {
  /** An input as the engine takes it. */
  record Plain(ShardInput input) implements ShardMessage {}

  record Submission(
      SpaceOperation operation,
      WaitPolicy policy,
      @Nullable TraceContext caller,
      Consumer<OperationOutcome> onEnd)
      implements ShardMessage {}

  record Dma(DmaRequest request, Consumer<DmaReply> onReply) implements ShardMessage {}

  record CpuMiss(
      long spaceId,
      long address,
      int pageCount,
      Access access,
      int collisions,
      Consumer<CpuFaultOutcome> onEnd)
      implements ShardMessage {}

  /** Reads the shard's state between two steps. */
  record Query(QueryTask task) implements ShardMessage {}

  /** A read of a shard's state. */
  interface QueryTask {
    void read(ShardQueries queries, long nowNanos);

    /** The shard has stopped. */
    void refused();
  }
}
