package dev.fenceline.testbed.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fenceline.client.resource.WaitGraph;
import dev.fenceline.client.resource.WaitGraph.Edge;
import dev.fenceline.client.resource.WaitGraph.Node;
import dev.fenceline.model.WaitPolicy;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.AutoComplete;
import picocli.CommandLine;

class CommandLineTest {
  private static final String NOBODY = "http://127.0.0.1:1";
  private static final Path ROOT = Path.of(System.getProperty("fenceline.rootDirectory", ""));

  @TempDir Path directory;

  private record Result(int code, String said) {}

  private static Result run(String... arguments) {
    StringWriter said = new StringWriter();
    CommandLine line = Fenceline.commandLine().setErr(new PrintWriter(said, true));
    return new Result(line.execute(arguments), said.toString());
  }

  @Test
  void nobodyAnswers_isOneLineAndCode4() {
    Result result = run("hosts", "--server", NOBODY);
    assertThat(result.code()).isEqualTo(ExitCodes.UNREACHABLE);
    assertThat(result.said().lines()).singleElement().asString().contains(NOBODY, "./fenceline up");
  }

  @Test
  void misspeltOption_isOneLineThatProposesTheRightOne() {
    Result result = run("spaces", "--hots", "x");
    assertThat(result.code()).isEqualTo(ExitCodes.REFUSED);
    assertThat(result.said().lines()).singleElement().asString().contains("--hots", "--host");
  }

  @Test
  void optionsThatCannotBeUsed_areNamedWithTheirValue() {
    List<List<String>> wrong =
        List.of(
            List.of("hosts", "-o", "xml"),
            List.of("hosts", "--watch=0.01"),
            List.of("hosts", "--limit", "-3", "--server", NOBODY),
            List.of("hosts", "--server", "ftp://here"),
            List.of("hosts", "--token-file", "/no/such/file"),
            List.of("hosts", "--ca", "/no/such/file"),
            List.of("devices", "agent-1", "--server", NOBODY),
            List.of("space", "map", "host-1.1", "12x", "--server", NOBODY),
            List.of("space", "unmap", "host-1.1", "here", "4096", "--server", NOBODY),
            List.of(
                "space", "unmap", "host-1.1", "0", "4096", "--wait", "soon", "--server", NOBODY));
    for (List<String> each : wrong) {
      Result result = run(each.toArray(String[]::new));
      assertThat(result.code()).as("%s", each).isEqualTo(ExitCodes.REFUSED);
      assertThat(result.said().lines()).as("%s", each).hasSize(1);
    }
  }

  @Test
  void writing_isNotWatched() {
    assertThat(run("return", "agent-1", "--watch", "--server", NOBODY).code())
        .isEqualTo(ExitCodes.REFUSED);
  }

  @Test
  void everyCommand_hasHelp() {
    for (CommandLine command : commands().values()) {
      assertThat(command.getUsageMessage()).contains("--help");
      assertThat(command.getCommandSpec().usageMessage().description()).isNotEmpty();
    }
  }

  private static Map<String, CommandLine> commands() {
    return Fenceline.commandLine().getSubcommands();
  }

  @Test
  void page_namesExactlyTheCommandsThatThereAre() throws IOException {
    Matcher heading =
        Pattern.compile("(?m)^\\| `([a-z]+)")
            .matcher(Files.readString(ROOT.resolve("docs/CLI.md")));
    TreeSet<String> named = new TreeSet<>();
    while (heading.find()) {
      named.add(heading.group(1));
    }
    assertThat(named).isEqualTo(new TreeSet<>(commands().keySet()));
  }

  @Test
  void completion_completesCommandsAndOptionsInBash() throws IOException, InterruptedException {
    Path script = directory.resolve("completion");
    Files.writeString(script, AutoComplete.bash("fenceline", Fenceline.commandLine()));
    assertThat(completed(script, "fenceline", "fen")).contains("fences");
    assertThat(completed(script, "fenceline", "fences", "--pen")).contains("--pending");
    assertThat(completed(script, "fenceline", "space", "inv")).contains("invalidate");
  }

  private static String completed(Path script, String... words)
      throws IOException, InterruptedException {
    String program =
        """
        source "$1"; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
        _complete_fenceline; printf '%s\\n' "${COMPREPLY[@]}"
        """;
    List<String> command =
        new java.util.ArrayList<>(List.of("bash", "-c", program, "bash", script.toString()));
    command.addAll(List.of(words));
    Process bash = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(bash.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(bash.exitValue()).as(said).isZero();
    return said;
  }

  @Test
  void lengthsAndWaits_areReadAsPeopleWriteThem() {
    assertThat(Sizes.bytes("4096")).isEqualTo(4096);
    assertThat(Sizes.bytes("64KiB")).isEqualTo(65536);
    assertThat(Sizes.bytes("2m")).isEqualTo(2 << 20);
    assertThat(Sizes.bytes("16p")).isEqualTo(65536);
    assertThat(Sizes.bytes("0x1000")).isEqualTo(4096);
    assertThat(Sizes.waiting("500ms")).isEqualTo(new WaitPolicy.Deadline(500_000_000));
    assertThatThrownBy(() -> Sizes.bytes("99999999999T")).isInstanceOf(RuntimeException.class);
  }

  @Test
  void graph_isATreeOfWhoWaitsForWhom() {
    WaitGraph graph =
        new WaitGraph(
            List.of(
                new Node("o", "operation", "unmap", 1500),
                new Node("f", "fence", "host-1.4", 1400),
                new Node("d", "device", "agent-1/0", 0)),
            List.of(new Edge("o", "f", "its fence"), new Edge("f", "d", "draining")),
            List.of(),
            false,
            List.of());
    assertThat(WaitTree.lines(graph))
        .containsExactly(
            "operation unmap, for 1.50 s",
            "└─ fence host-1.4, for 1.40 s  (its fence)",
            "   └─ device agent-1/0  (draining)");
    assertThat(WaitTree.dot(graph)).contains("\"o\" -> \"f\" [label=\"its fence\"];");
  }

  @Test
  void circleOfWaits_ends() {
    WaitGraph graph =
        new WaitGraph(
            List.of(new Node("a", "fence", "a", 0), new Node("b", "program", "b", 0)),
            List.of(new Edge("a", "b", "x"), new Edge("b", "a", "y")),
            List.of(),
            false,
            List.of());
    assertThat(WaitTree.lines(graph))
        .containsExactly("fence a", "└─ program b  (x)", "   └─ fence a  (y) (see above)");
  }
}
