package dev.fenceline.agent.engine;

import dev.fenceline.model.AgentMessage;
import java.util.ArrayList;
import java.util.List;

/**
 * What waits to be said in a session, packed into one batch at the next flush: acknowledgements
 * first, one message per device, then the rest in order. Confined to its engine; emptied when the
 * session ends.
 */
final class Outbox {
  private final List<List<Long>> acks = new ArrayList<>();
  private final List<AgentMessage> messages = new ArrayList<>();
  private int pendingAcks;

  Outbox(int devices) {
    for (int i = 0; i < devices; i++) {
      acks.add(new ArrayList<>());
    }
  }

  void acknowledge(int deviceIndex, List<Long> invalidationIds) {
    acks.get(deviceIndex).addAll(invalidationIds);
    pendingAcks += invalidationIds.size();
  }

  void add(AgentMessage message) {
    messages.add(message);
  }

  boolean isEmpty() {
    return pendingAcks == 0 && messages.isEmpty();
  }

  /** Everything that waits; nothing does afterwards. */
  List<AgentMessage> take() {
    List<AgentMessage> batch = new ArrayList<>(messages.size() + acks.size());
    for (int device = 0; device < acks.size(); device++) {
      List<Long> ids = acks.get(device);
      if (!ids.isEmpty()) {
        batch.add(new AgentMessage.InvalidationAck(device, List.copyOf(ids)));
        ids.clear();
      }
    }
    batch.addAll(messages);
    messages.clear();
    pendingAcks = 0;
    return batch;
  }

  void clear() {
    acks.forEach(List::clear);
    messages.clear();
    pendingAcks = 0;
  }
}
