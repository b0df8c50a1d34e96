package dev.fenceline.coordinator.adapter.rest;

import io.swagger.v3.oas.models.media.Schema;
import java.util.Map;
import java.util.TreeMap;

/**
 * What members of answers look like that mean the same wherever they occur, so that the document's
 * examples can be read. Stateless.
 */
final class AnswerExamples {
  private static final Map<String, String> BY_NAME = new TreeMap<>();

  static {
    BY_NAME.put("addressSpaceId", "host-1.1");
    BY_NAME.put("agentId", "agent-1");
    BY_NAME.put("bootToken", "0x9c1185a5c5e9fc54");
    BY_NAME.put("crc32c", "0x1c9d4b7a");
    BY_NAME.put("deviceName", "gpu-0");
    BY_NAME.put("diagnosis", "draining for 1.2 s; overdue in 800 ms");
    BY_NAME.put("end", "0x7f0000010000");
    BY_NAME.put("faultAddress", "0x7f0000003000");
    BY_NAME.put("from", "fence:host-1.42");
    BY_NAME.put("hostEpoch", "0x5f21c0d4a9e37b18");
    BY_NAME.put("hostId", "host-1");
    BY_NAME.put("label", "unmap of host-1.1 [0x7f0000000000, 0x7f0000010000)");
    BY_NAME.put("lostFrom", "9c1185a5c5e9fc54-100");
    BY_NAME.put("lostTo", "9c1185a5c5e9fc54-180");
    BY_NAME.put("message", "agent agent-1 attached, session 3");
    BY_NAME.put("name", "training");
    BY_NAME.put("newestId", "9c1185a5c5e9fc54-912");
    BY_NAME.put(
        "next",
        "the fence resolves by the agent's ack or its new Hello; otherwise the host declares the"
            + " agent dead in 6.5 s, and its lease is not renewed any more");
    BY_NAME.put("nextAfter", "9c1185a5c5e9fc54-912");
    BY_NAME.put("nextCursor", "aG9zdC0x");
    BY_NAME.put("oldestId", "9c1185a5c5e9fc54-181");
    BY_NAME.put("reason", "registered");
    BY_NAME.put("remedy", "backs off the invalidation host-1.42");
    BY_NAME.put("sessionId", "3");
    BY_NAME.put("start", "0x7f0000000000");
    BY_NAME.put("sum", "0x00000000000001c8");
    BY_NAME.put("summary", "waits for 1 of 2 participants: agent-1/0");
    BY_NAME.put("to", "device:agent-1/0");
    BY_NAME.put("value", "0x0000000000000007");
    BY_NAME.put("waitsAtAddress", "0x7f0000003000");
    BY_NAME.put("why", "accesses through the old translation are still in flight");
  }

  private AnswerExamples() {}

  /** Gives each text of a schema that shows no example the one of its name, if there is one. */
  static void fill(Schema<?> schema) {
    if (schema.getProperties() == null) {
      return;
    }
    schema
        .getProperties()
        .forEach(
            (name, member) -> {
              String example = BY_NAME.get(name);
              boolean bare = member.getExample() == null && member.getEnum() == null;
              if (example != null && bare && member.getFormat() == null && isText(member)) {
                member.setExample(example);
              }
            });
  }

  private static boolean isText(Schema<?> member) {
    return "string".equals(member.getType())
        || (member.getTypes() != null && member.getTypes().contains("string"));
  }
}
