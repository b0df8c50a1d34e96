package dev.fenceline.testbed.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The JSON form of a {@link RunReport}, which scripts rely on.
 *
 * <p>Stateless. All keys are always there; what does not apply is null (or an empty list or
 * object). A <em>latency</em> is null or {@code {p50Micros, p99Micros, maxMicros, count}}.
 *
 * <table>
 * <caption>Keys</caption>
 * <tr><th>key</th><th>meaning</th></tr>
 * <tr><td>command</td><td>demo, replay, sim, bench, chaos</td></tr>
 * <tr><td>passed</td><td>whether the exit code is 0</td></tr>
 * <tr><td>violations</td><td>broken invariants and failed checks; 0 is the only pass</td></tr>
 * <tr><td>checks</td><td>values that were checked</td></tr>
 * <tr><td>failures[]</td><td>a text per violation, with the line that replays it</td></tr>
 * <tr><td>operations</td><td>operations done on the address spaces</td></tr>
 * <tr><td>operationsByKind.*</td><td>the same, by kind</td></tr>
 * <tr><td>invalidations</td><td>invalidations that ended</td></tr>
 * <tr><td>backOffs</td><td>invalidations that gave up waiting</td></tr>
 * <tr><td>retries</td><td>faults that collided with an invalidation</td></tr>
 * <tr><td>phases.{schedule,unmap,wait}</td><td>latency of each phase</td></tr>
 * <tr><td>modes.{split,sequential}</td><td>latency of a whole invalidation in each mode</td></tr>
 * <tr><td>devices[]</td><td>{@code {id, ackP50Micros, ackP99Micros, ackMaxMicros, faults, retries,
 *     dmaReadBytes, dmaWriteBytes}}</td></tr>
 * <tr><td>traceFile, skippedLines</td><td>the recording, and lines of it that were unusable</td></tr>
 * <tr><td>durationSeconds</td><td>the run, without building and starting</td></tr>
 * <tr><td>restAddress</td><td>where the range state can be asked for</td></tr>
 * <tr><td>frames, peakFrames</td><td>of the host, and most that were seen in use</td></tr>
 * <tr><td>peakPinnedFrames</td><td>most that pins were seen to hold</td></tr>
 * <tr><td>swappedOut, swappedIn</td><td>pages written to swap, and read from it</td></tr>
 * <tr><td>migratedToDevices, migratedHome</td><td>pages whose bytes went to devices' memory and
 *     came back</td></tr>
 * <tr><td>evicted</td><td>pages that devices picked to make room</td></tr>
 * <tr><td>seeds, seedsPerMinute</td><td>simulations run, and how fast</td></tr>
 * </table>
 */
public final class ReportJson {

  private static final JsonMapper MAPPER = JsonMapper.builder().build();

  private ReportJson() {}

  /** The report as indented JSON text. */
  public static String text(RunReport report) {
    return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(tree(report));
  }

  /**
   * Writes the report to a file, which appears whole or not at all.
   *
   * @throws IOException if the file cannot be written
   */
  public static void write(RunReport report, Path file) throws IOException {
    Path target = file.toAbsolutePath();
    Path directory = target.getParent();
    if (directory == null) {
      throw new IOException("not a file: " + file);
    }
    Files.createDirectories(directory);
    Path draft = Files.createTempFile(directory, target.getFileName().toString(), ".part");
    try {
      Files.writeString(draft, text(report) + "\n");
      Files.move(draft, target, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(draft);
    }
  }

  private static ObjectNode tree(RunReport report) {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("command", report.origin().command());
    outcome(root, report.outcome());
    work(root, report.work());
    timing(root, report.timing());
    ArrayNode devices = root.putArray("devices");
    for (RunReport.Device device : report.devices()) {
      devices.add(device(device));
    }
    RunReport.Origin origin = report.origin();
    root.put("traceFile", origin.traceFile());
    root.put("skippedLines", origin.skippedLines());
    root.put("durationSeconds", origin.durationSeconds());
    root.put("restAddress", origin.restAddress());
    RunReport.Memory memory = report.memory();
    root.put("frames", memory == null ? null : (Long) memory.frames());
    root.put("peakFrames", memory == null ? null : (Long) memory.peakFrames());
    root.put("peakPinnedFrames", memory == null ? null : (Long) memory.peakPinnedFrames());
    root.put("swappedOut", memory == null ? null : (Long) memory.swappedOut());
    root.put("swappedIn", memory == null ? null : (Long) memory.swappedIn());
    RunReport.Migrations moved = memory == null ? null : memory.migrations();
    root.put("migratedToDevices", moved == null ? null : (Long) moved.toDevices());
    root.put("migratedHome", moved == null ? null : (Long) moved.home());
    root.put("evicted", moved == null ? null : (Long) moved.evicted());
    RunReport.Campaign campaign = report.campaign();
    root.put("seeds", campaign == null ? null : (Long) campaign.seeds());
    root.put("seedsPerMinute", campaign == null ? null : (Double) campaign.seedsPerMinute());
    return root;
  }

  private static void outcome(ObjectNode root, RunReport.Outcome outcome) {
    root.put("passed", outcome.passed());
    root.put("violations", outcome.violations());
    root.put("checks", outcome.checks());
    ArrayNode failures = root.putArray("failures");
    outcome.failures().forEach(failures::add);
  }

  private static void work(ObjectNode root, RunReport.Work work) {
    root.put("operations", work.operations());
    ObjectNode byKind = root.putObject("operationsByKind");
    for (Map.Entry<String, Long> entry : work.operationsByKind().entrySet()) {
      byKind.put(entry.getKey(), entry.getValue());
    }
    root.put("invalidations", work.invalidations());
    root.put("backOffs", work.backOffs());
    root.put("retries", work.retries());
  }

  private static void timing(ObjectNode root, RunReport.@Nullable Timing timing) {
    RunReport.Phases phases = timing == null ? null : timing.phases();
    ObjectNode phaseNode = root.putObject("phases");
    latency(phaseNode, "schedule", phases == null ? null : phases.schedule());
    latency(phaseNode, "unmap", phases == null ? null : phases.unmap());
    latency(phaseNode, "wait", phases == null ? null : phases.waiting());
    RunReport.Modes modes = timing == null ? null : timing.modes();
    ObjectNode modeNode = root.putObject("modes");
    latency(modeNode, "split", modes == null ? null : modes.split());
    latency(modeNode, "sequential", modes == null ? null : modes.sequential());
  }

  private static void latency(ObjectNode parent, String key, @Nullable Latency latency) {
    if (latency == null) {
      parent.putNull(key);
      return;
    }
    ObjectNode node = parent.putObject(key);
    node.put("p50Micros", latency.p50Micros());
    node.put("p99Micros", latency.p99Micros());
    node.put("maxMicros", latency.maxMicros());
    node.put("count", latency.count());
  }

  private static ObjectNode device(RunReport.Device device) {
    ObjectNode node = MAPPER.createObjectNode();
    Latency ack = device.ack();
    node.put("id", device.id());
    node.put("ackP50Micros", ack == null ? null : (Double) ack.p50Micros());
    node.put("ackP99Micros", ack == null ? null : (Double) ack.p99Micros());
    node.put("ackMaxMicros", ack == null ? null : (Double) ack.maxMicros());
    node.put("faults", device.faults());
    node.put("retries", device.retries());
    node.put("dmaReadBytes", device.dmaReadBytes());
    node.put("dmaWriteBytes", device.dmaWriteBytes());
    return node;
  }
}
