package dev.fenceline.testbed.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.fenceline.client.DeviceClient;
import dev.fenceline.client.HostClient;
import dev.fenceline.client.ServiceChannel;
import dev.fenceline.device.v1.Delays;
import dev.fenceline.model.WaitPolicy;
import dev.fenceline.testbed.launch.Installation;
import dev.fenceline.testbed.launch.Interruption;
import dev.fenceline.testbed.launch.Stack;
import dev.fenceline.testbed.launch.StackSpec;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The commands before real processes; needs the services' packages, which mvn verify has built. */
@Tag("processes")
@Timeout(400)
class CommandsOnStackTest {
  private static final Duration BOUND = Duration.ofSeconds(60);

  /** As slow as a device can be made. */
  private static final Duration DRAIN = Duration.ofSeconds(10);

  private static final String BASE = "0x7f0000000000";

  @TempDir private static Path directory = Path.of("");

  private static Interruption interruption = Interruption.install(Duration.ZERO);
  private static Stack stack;
  private static String space = "";

  private record Result(int code, String out, String err) {}

  @BeforeAll
  @Timeout(600)
  static void start() throws Exception {
    Installation installation = Installation.current();
    assumeTrue(
        Files.exists(installation.root().resolve("coordinator/target/classpath.txt")),
        "the services are not packaged");
    // The slow device is late soon, and its lease outlasts its drain.
    stack =
        Stack.start(
            installation,
            StackSpec.of(directory.resolve("run"), 2, 1)
                .withHostOptions(
                    "--fenceline.host.lease.overdue=1s", "--fenceline.host.lease.ttl=120s"),
            interruption);
    space = succeed("space", "create", "--name", "demo").strip();
    succeed("space", "map", space, "64KiB", "--address", BASE, "--placement", "fixed");
    touch("agent-1/0");
    succeed("space", "invalidate", space, BASE, "64KiB");
  }

  @AfterAll
  static void stop() {
    interruption.close();
  }

  /** Fills the mapping by a program on a device, which maps it there. */
  private static void touch(String device) {
    String program =
        succeed(
            "program",
            "submit",
            device,
            space,
            "fill",
            "address=" + BASE,
            "length=64KiB",
            "word=0x7");
    succeed("program", "follow", program.strip());
  }

  /** Runs a command in this process, as the script would in one of its own. */
  private static synchronized Result run(String... arguments) {
    StringWriter err = new StringWriter();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream before = System.out;
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      int code = Fenceline.commandLine().setErr(new PrintWriter(err, true)).execute(arguments);
      return new Result(code, out.toString(StandardCharsets.UTF_8), err.toString());
    } finally {
      System.setOut(before);
    }
  }

  private static Result ask(String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--server", stack.restAddress()));
    return run(all.toArray(String[]::new));
  }

  private static String succeed(String... arguments) {
    Result result = ask(arguments);
    assertThat(result.code()).as("%s: %s", List.of(arguments), result).isZero();
    return result.out();
  }

  @Test
  void everyReadingCommand_answersInEachForm() {
    List<List<String>> commands =
        List.of(
            List.of("status"),
            List.of("hosts"),
            List.of("hosts", "host-1"),
            List.of("agents"),
            List.of("agents", "agent-1"),
            List.of("devices"),
            List.of("devices", "agent-1/0"),
            List.of("spaces"),
            List.of("spaces", space),
            List.of("ranges", space),
            List.of("page", space, BASE),
            List.of("mirrors", space),
            List.of("fences"),
            List.of("faults"),
            List.of("pins"),
            List.of("programs"),
            List.of("events"),
            List.of("graph"),
            List.of("deadlocks"),
            List.of("policy", "host-1"));
    JsonMapper json = JsonMapper.builder().build();
    for (List<String> each : commands) {
      assertThat(succeed(each.toArray(String[]::new))).as("%s", each).isNotBlank();
      List<String> asJson = new ArrayList<>(each);
      asJson.addAll(List.of("-o", "json"));
      JsonNode document = json.readTree(succeed(asJson.toArray(String[]::new)));
      assertThat(document.isObject()).as("%s", asJson).isTrue();
      List<String> asYaml = new ArrayList<>(each);
      asYaml.addAll(List.of("-o", "yaml"));
      assertThat(succeed(asYaml.toArray(String[]::new))).as("%s", asYaml).contains(":");
    }
  }

  @Test
  void spaceSet_changesWhatIsNamed_andSaysWhatCannotBe() {
    String id = succeed("space", "create", "--name", "later", "--mode", "sequential").strip();
    assertThat(succeed("space", "set", id, "--oom-score-adjust", "-500")).contains("-500");
    assertThat(succeed("policy", id)).contains("sequential", "-500");
    succeed("space", "set", id, "--mode", "split");
    assertThat(succeed("policy", id)).contains("split", "-500");

    Result greater = ask("space", "set", id, "--oom-score-adjust", "1001");
    assertThat(greater.code()).as("%s", greater).isEqualTo(ExitCodes.REFUSED);
    assertThat(greater.err().lines()).singleElement().asString().contains("oomScoreAdjust", "1001");
    assertThat(ask("space", "set", id).code()).isEqualTo(ExitCodes.REFUSED);
    Result unknown = ask("space", "set", "host-1.4711", "--oom-score-adjust", "5");
    assertThat(unknown.code()).as("%s", unknown).isEqualTo(ExitCodes.NOT_FOUND);
    assertThat(unknown.err().lines()).singleElement().asString().contains("host-1.4711");
    assertThat(succeed("policy", id)).contains("split", "-500");
    succeed("space", "destroy", id);
  }

  @Test
  void hugetlb_isMappedInWholePagesOf2MiB_orNotAtAll() {
    String id = succeed("space", "create", "--name", "huge").strip();
    succeed("space", "map", id, "4MiB", "--address", BASE, "--placement", "fixed", "--hugetlb");
    JsonNode mapped = JsonMapper.shared().readTree(succeed("spaces", id, "-o", "json"));
    assertThat(mapped.path("residentPages").asLong()).as("%s", mapped).isEqualTo(1024);
    Result cut = ask("space", "unmap", id, BASE, "4096");
    assertThat(cut.code()).as("%s", cut).isEqualTo(ExitCodes.REFUSED);
    Result odd = ask("space", "map", id, "64KiB", "--hugetlb");
    assertThat(odd.code()).as("%s", odd).isEqualTo(ExitCodes.REFUSED);
    assertThat(odd.err()).contains("2 MiB");
    succeed("space", "destroy", id);
  }

  @Test
  void ca_isWhatIsTrusted_andNothingElse() throws Exception {
    try (TlsGate gate = TlsGate.open(directory.resolve("gate"), stack.restAddress());
        TlsGate other = TlsGate.open(directory.resolve("other"), stack.restAddress())) {
      String ca = gate.authority().toString();
      Result trusted = run("hosts", "--server", gate.address(), "--ca", ca);
      assertThat(trusted.code()).as("%s", trusted).isZero();
      assertThat(trusted.out()).contains("host-1");
      for (List<String> distrusted :
          List.of(
              List.of("hosts", "--server", gate.address()),
              List.of("hosts", "--server", other.address(), "--ca", ca))) {
        Result result = run(distrusted.toArray(String[]::new));
        assertThat(result.code()).as("%s", result).isEqualTo(ExitCodes.UNREACHABLE);
        assertThat(result.err().lines()).singleElement().asString().contains("--ca");
        assertThat(result.out()).isEmpty();
      }
    }
  }

  @Test
  void ca_thatHoldsNoCertificate_isRefused() throws Exception {
    Path empty = Files.writeString(directory.resolve("empty.pem"), "");
    Path garbage = Files.writeString(directory.resolve("garbage.pem"), "-----BEGIN x");
    for (Path file : List.of(empty, garbage)) {
      Result result = ask("hosts", "--ca", file.toString());
      assertThat(result.code()).isEqualTo(ExitCodes.REFUSED);
      assertThat(result.err().lines()).singleElement().asString().contains(file.toString());
    }
  }

  @Test
  void top_showsRatesPercentilesAndAgentsByLease() {
    String shown = succeed("top", "--seconds", "900");
    assertThat(shown)
        .contains("2 agents live", "invalidations", "A schedule", "B unmap", "C wait")
        .containsPattern(Pattern.compile("(?m)^AGENT +STATE +STANDING +LEASE MARGIN"))
        .containsPattern(Pattern.compile("(?m)^agent-1 +live +healthy +\\d"))
        .contains("host-1 attached");
    assertThat(shown.indexOf("agent-2")).isPositive();
  }

  @Test
  void top_namesWhoIsLate_andWhatHappensNext() throws Exception {
    try (ServiceChannel channel = ServiceChannel.to(stack.agents().get(1).grpcAddress())) {
      DeviceClient agent = new DeviceClient(channel, BOUND);
      touch("agent-2/0");
      agent.setDelays(0, Delays.newBuilder().setDrainNanos(DRAIN.toNanos()).build());
      CompletableFuture<Void> invalidation =
          CompletableFuture.runAsync(
              () -> {
                try (ServiceChannel host = ServiceChannel.to(stack.host().grpcAddress())) {
                  new HostClient(host, BOUND.multipliedBy(3))
                      .space(Long.parseLong(space.substring(space.indexOf('.') + 1)))
                      .invalidate(Long.decode(BASE), 64 << 10, WaitPolicy.BLOCK);
                }
              });
      try {
        String shown = succeed("top");
        long deadline = System.nanoTime() + BOUND.toNanos();
        while (!shown.contains("overdue") && System.nanoTime() < deadline) {
          TimeUnit.MILLISECONDS.sleep(200);
          shown = succeed("top");
        }
        assertThat(shown)
            .contains("1 fence waits:", space)
            .containsPattern(Pattern.compile("agent-2/0 late for [\\d.]+ s: .*overdue"))
            .containsPattern(Pattern.compile("next: .*declares the agent dead in [\\d.]+ (s|min)"));
      } finally {
        agent.setDelays(0, Delays.getDefaultInstance());
        invalidation.get(3 * BOUND.toSeconds(), TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void top_drawsForPeopleOnly() {
    Result result = ask("top", "-o", "json");
    assertThat(result.code()).isEqualTo(ExitCodes.REFUSED);
    assertThat(result.err()).contains("status, fences or agents");
  }
}
