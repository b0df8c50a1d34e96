package dev.fenceline.host.runtime;

import dev.fenceline.model.AgentMessage.CloseDevice;
import dev.fenceline.model.AgentMessage.EvictRequest;
import dev.fenceline.model.HostMessage;
import dev.fenceline.model.HostMessage.DeviceClosed;
import dev.fenceline.model.HostMessage.EvictReply;
import dev.fenceline.model.LocalPages;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Joins what several shards answer to one question of an agent into one answer. Thread-safe: every
 * method holds its monitor.
 */
public final class DeviceAnswers {
  /** Parts of an answer that are still to come, and the sum of those that came. */
  private static final class Sum {
    int missing;
    int pages;

    Sum(int parts) {
      this.missing = parts;
    }

    boolean complete(int more) {
      pages += more;
      return --missing == 0;
    }
  }

  /** A device may be drained again before the answers to its first drain are all there. */
  private record Closing(int deviceIndex, long requestId) {}

  private final Map<Long, Sum> evictions = new HashMap<>();
  private final Map<Closing, Sum> closings = new HashMap<>();

  /** The question as each shard gets it, by shard; as many answers are joined. */
  public synchronized Map<Integer, EvictRequest> split(EvictRequest request, int shardCount) {
    Map<Integer, List<LocalPages>> byShard = new TreeMap<>();
    int left = request.pageCount();
    for (LocalPages run : request.candidates()) {
      int count = Math.min(left, run.pageCount());
      if (count > 0) {
        int shard = (int) Math.floorMod(run.migrationId(), (long) shardCount);
        byShard
            .computeIfAbsent(shard, index -> new ArrayList<>())
            .add(new LocalPages(run.deviceIndex(), run.migrationId(), run.firstLocalPage(), count));
        left -= count;
      }
    }
    evictions.put(request.requestId(), new Sum(byShard.size()));
    Map<Integer, EvictRequest> parts = new TreeMap<>();
    byShard.forEach(
        (shard, runs) ->
            parts.put(shard, new EvictRequest(request.requestId(), pages(runs), runs)));
    return parts;
  }

  private static int pages(List<LocalPages> runs) {
    return runs.stream().mapToInt(LocalPages::pageCount).sum();
  }

  /** As many answers to the end of a device are joined. */
  public synchronized void expectClosed(CloseDevice close, int shardCount) {
    closings.put(new Closing(close.deviceIndex(), close.requestId()), new Sum(shardCount));
  }

  /** The message to send in its place; null as long as parts of it are missing. */
  public synchronized @Nullable HostMessage joined(HostMessage message) {
    if (message instanceof EvictReply reply) {
      Sum sum = evictions.get(reply.requestId());
      if (sum == null) {
        return reply;
      }
      if (!sum.complete(reply.pageCount())) {
        return null;
      }
      evictions.remove(reply.requestId());
      return new EvictReply(reply.requestId(), sum.pages);
    }
    if (message instanceof DeviceClosed closed) {
      Closing closing = new Closing(closed.deviceIndex(), closed.requestId());
      Sum sum = closings.get(closing);
      if (sum == null) {
        return closed;
      }
      if (!sum.complete(closed.remainingPages())) {
        return null;
      }
      closings.remove(closing);
      return new DeviceClosed(closed.deviceIndex(), sum.pages, closed.requestId());
    }
    return message;
  }
}
