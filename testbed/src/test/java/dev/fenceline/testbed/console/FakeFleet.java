package dev.fenceline.testbed.console;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Hosts, agents, devices, fences and wait times of a large installation, as REST tells of them. */
final class FakeFleet {
  private static final int DEVICES_PER_AGENT = 8;
  private static final int BUCKETS = 16;

  private final int hosts;
  private final int devices;
  private final Instant started;

  FakeFleet(int hosts, int devices, Instant started) {
    this.hosts = hosts;
    this.devices = devices;
    this.started = started;
  }

  private int agents() {
    return devices / DEVICES_PER_AGENT;
  }

  Map<String, Object> status(Instant now, boolean recovering) {
    Map<String, Object> status = new LinkedHashMap<>();
    status.put("state", recovering ? "recovering" : "ready");
    status.put("bootToken", "0x9c1185a5c5e9fc54");
    status.put("startedAt", started.toString());
    status.put("uptimeMillis", now.toEpochMilli() - started.toEpochMilli());
    status.put("recoveryLeftMillis", recovering ? 2400 : 0);
    status.put("revision", 1);
    status.put("reportIntervalMillis", 1000);
    status.put("livenessTimeoutMillis", 5000);
    status.put("counts", Map.of());
    return status;
  }

  private Map<String, Object> node(long tick, int number) {
    boolean suspect = number % 60 == 17;
    Map<String, Object> node = new LinkedHashMap<>();
    node.put("state", suspect ? "suspect" : "live");
    node.put("reason", suspect ? "silent for 3 s" : "registered");
    node.put("since", started.toString());
    node.put("bootToken", "0x1");
    node.put("endpoint", "10.0.0." + number % 256 + ":9091");
    node.put("httpEndpoint", "10.0.0." + number % 256 + ":8081");
    node.put("registeredAt", started.toString());
    node.put("silentMillis", (number * 37L + tick * 211) % 1000);
    return node;
  }

  List<Object> hostList(long tick) {
    List<Object> list = new ArrayList<>();
    for (int i = 1; i <= hosts; i++) {
      list.add(host(i, tick));
    }
    return list;
  }

  private Map<String, Object> host(int number, long tick) {
    Map<String, Object> host = new LinkedHashMap<>();
    host.put("id", "host-" + number);
    host.put("node", node(tick, number));
    host.put("hostEpoch", "0x1");
    host.put("spaceCount", 1);
    host.put("sessionCount", agents());
    host.put("totalFrames", 1 << 24);
    host.put("freeFrames", (1 << 23) + tick % 1000);
    host.put("quarantinedAgents", List.of());
    return host;
  }

  Map<String, Object> hostDetail(int number, long tick) {
    Map<String, Object> detail = new LinkedHashMap<>();
    detail.put("host", host(number, tick));
    detail.put("status", Map.of("leaseTtlMillis", 2000.0, "leaseExpiryMillis", 2252.0));
    detail.put("sessions", List.of());
    detail.put("unavailable", null);
    return detail;
  }

  List<Object> agentList(long tick) {
    List<Object> list = new ArrayList<>();
    for (int i = 1; i <= agents(); i++) {
      Map<String, Object> agent = new LinkedHashMap<>();
      agent.put("id", "agent-" + i);
      agent.put("node", node(tick, i));
      agent.put("deviceCount", DEVICES_PER_AGENT);
      agent.put("standing", "healthy");
      agent.put("quarantinedAt", List.of());
      agent.put("links", links(tick, i));
      list.add(agent);
    }
    return list;
  }

  private List<Object> links(long tick, int agent) {
    List<Object> links = new ArrayList<>();
    for (int i = 1; i <= hosts; i++) {
      Map<String, Object> link = new LinkedHashMap<>();
      link.put("hostId", "host-" + i);
      link.put("state", "attached");
      link.put("sessionId", "0x" + Integer.toHexString(agent));
      link.put("leaseLeftMillis", 1200.0 + (agent * 53L + tick * 97 + i) % 800);
      links.add(link);
    }
    return links;
  }

  List<Object> deviceList(long tick) {
    List<Object> list = new ArrayList<>();
    for (int i = 0; i < devices; i++) {
      String id = FakeSpace.device(i);
      Map<String, Object> device = new LinkedHashMap<>();
      device.put("id", id);
      device.put("agentId", id.substring(0, id.indexOf('/')));
      device.put("index", i % DEVICES_PER_AGENT);
      device.put("name", "unit-" + i);
      device.put("agentState", "live");
      device.put("units", 4);
      device.put("standing", "active");
      device.put("runningPrograms", (i + tick) % 4);
      device.put("mirrorEntries", (i * 7919L + tick * 131) % 100_000);
      list.add(device);
    }
    return list;
  }

  /** The newest fences: three pending ones, then those that have ended. */
  List<Map<String, Object>> fenceList(Instant now, boolean pendingOnly, int limit) {
    List<Map<String, Object>> list = new ArrayList<>();
    long newest = now.getEpochSecond() * 100;
    for (int i = 0; i < (pendingOnly ? Math.min(3, limit) : limit); i++) {
      list.add(fence("host-1." + (newest - i), i < 3, now.minusMillis(i < 3 ? 700 : 10L * i)));
    }
    return list;
  }

  Map<String, Object> fence(String id, boolean pending, Instant startedAt) {
    Map<String, Object> fence = new LinkedHashMap<>();
    fence.put("id", id);
    fence.put("hostId", "host-1");
    fence.put("invalidationId", id.substring(id.indexOf('.') + 1));
    fence.put("addressSpaceId", "host-1.1");
    fence.put("start", "0x7e0000000000");
    fence.put("end", "0x7e0000010000");
    fence.put("kind", "clear");
    fence.put("notificationMode", "split");
    fence.put("state", pending ? "waiting" : "completed");
    fence.put("pending", pending);
    fence.put("sequence", 12);
    fence.put("startedAt", startedAt.toString());
    fence.put("scheduleMicros", 180.5);
    fence.put("unmapMicros", 12.25);
    fence.put("waitMicros", pending ? 700_000.0 : 912.0);
    fence.put("participants", IntStream.range(0, 64).mapToObj(i -> fenced(i, pending)).toList());
    return fence;
  }

  private static Map<String, Object> fenced(int number, boolean pending) {
    boolean late = pending && number == 5;
    Map<String, Object> participant = new LinkedHashMap<>();
    participant.put("device", FakeSpace.device(number));
    participant.put("deviceName", "unit-" + number);
    participant.put("resolution", late ? "pending" : "acked");
    participant.put("elapsedMicros", late ? 700_000.0 : 300.0 + number * 9);
    participant.put("latenessMicros", number * 9.0);
    participant.put("diagnosis", late ? "draining for 700 ms" : "");
    return participant;
  }

  Map<String, Object> fenceDetail(String id, Instant now) {
    Map<String, Object> late = new LinkedHashMap<>();
    late.put("device", FakeSpace.device(5));
    late.put("deviceName", "unit-5");
    late.put("since", now.minusMillis(700).toString());
    late.put("why", "draining for 700 ms");
    late.put("next", "its lease ends in 1300 ms");
    Map<String, Object> detail = new LinkedHashMap<>();
    detail.put("fence", fence(id, true, now.minusMillis(700)));
    detail.put("summary", "waits for 1 of 64 participants: agent-1/5");
    detail.put("late", List.of(late));
    return detail;
  }

  Map<String, Object> agentDetail(String id, long tick) {
    Map<String, Object> detail = new LinkedHashMap<>();
    detail.put("agent", agentList(tick).get(Integer.parseInt(id.substring(6)) - 1));
    detail.put("devices", List.of());
    detail.put("standings", List.of());
    detail.put("unavailable", null);
    return detail;
  }

  /** Two programs and a fence that wait for each other in a circle, and one who waits for them. */
  Map<String, Object> graph() {
    Map<String, Object> graph = new LinkedHashMap<>();
    graph.put(
        "nodes",
        List.of(
            graphNode("operation:host-1.9", "operation"),
            graphNode("fence:host-1.9", "fence"),
            graphNode("program:agent-1.4", "program"),
            graphNode("fault:agent-1/0", "fault")));
    graph.put(
        "edges",
        List.of(
            Map.of("from", "operation:host-1.9", "to", "fence:host-1.9", "why", "its fence"),
            Map.of("from", "fence:host-1.9", "to", "program:agent-1.4", "why", "it drains"),
            Map.of("from", "program:agent-1.4", "to", "fault:agent-1/0", "why", "its fault"),
            Map.of("from", "fault:agent-1/0", "to", "fence:host-1.9", "why", "parked")));
    graph.put(
        "cycles",
        List.of(
            Map.of(
                "nodes",
                List.of("fence:host-1.9", "program:agent-1.4", "fault:agent-1/0"),
                "sinceMillis",
                1200.0,
                "why",
                "preempt the program")));
    graph.put("truncated", false);
    graph.put("unavailableHosts", List.of());
    return graph;
  }

  private static Map<String, Object> graphNode(String id, String kind) {
    return Map.of("id", id, "kind", kind, "label", "the " + kind, "sinceMillis", 1200.0);
  }

  Map<String, Object> waits(Instant now, int seconds, int step) {
    List<Object> samples = new ArrayList<>();
    long last = now.getEpochSecond() / step * step;
    for (long at = last - seconds; at <= last; at += step) {
      Map<String, Object> sample = new LinkedHashMap<>();
      sample.put("at", Instant.ofEpochSecond(at).toString());
      for (String phase : List.of("schedule", "unmap", "wait")) {
        sample.put(phase, counts(at + phase.length()));
      }
      sample.put("completed", 400 + at % 50);
      sample.put("backedOff", at % 7);
      samples.add(sample);
    }
    Map<String, Object> quantiles =
        Map.of(
            "count",
            12000,
            "p50Micros",
            500.0,
            "p90Micros",
            2100.0,
            "p99Micros",
            9000.0,
            "p999Micros",
            42000.0);
    Map<String, Object> view = new LinkedHashMap<>();
    view.put(
        "bucketBoundMicros",
        IntStream.range(0, BUCKETS - 1).mapToObj(i -> 10 * Math.pow(2.5, i)).toList());
    view.put("stepSeconds", step);
    view.put("hostIds", List.of("host-1"));
    view.put("samples", samples);
    view.put("percentiles", Map.of("schedule", quantiles, "unmap", quantiles, "wait", quantiles));
    return view;
  }

  private static List<Long> counts(long at) {
    List<Long> counts = new ArrayList<>();
    for (int bucket = 0; bucket < BUCKETS; bucket++) {
      counts.add(Math.max(0, 40 - Math.abs(bucket - 5) * 9 + (at * 31 + bucket) % 11));
    }
    return counts;
  }
}
