package dev.fenceline.testbed.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The completion script, sourced by the shells that it is for. */
class CompletionTest {
  @TempDir private Path directory = Path.of("");

  private Path script() throws IOException {
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    PrintStream before = System.out;
    System.setOut(new PrintStream(written, true, StandardCharsets.UTF_8));
    try {
      assertThat(Fenceline.commandLine().execute("completion")).isZero();
    } finally {
      System.setOut(before);
    }
    return Files.write(directory.resolve("completion.sh"), written.toByteArray());
  }

  @Test
  void bash_completesCommandsAndOptions() throws Exception {
    String asked =
        """
        compopt() { :; }
        source "$1"
        COMP_WORDS=(./fenceline prog); COMP_CWORD=1
        _complete_fenceline ./fenceline prog ./fenceline; echo "${COMPREPLY[@]}"
        COMP_WORDS=(./fenceline fences --pen); COMP_CWORD=2; COMPREPLY=()
        _complete_fenceline ./fenceline --pen fences; echo "${COMPREPLY[@]}"
        complete -p fenceline
        """;
    assertThat(shell("bash", "--norc", "-c", asked, "bash", script().toString()))
        .contains("programs")
        .contains("--pending")
        .contains("-F _complete_fenceline fenceline");
  }

  @Test
  void zsh_takesTheScript() throws Exception {
    String asked =
        """
        autoload -U +X compinit && compinit -u -d "$2"
        source "$1" && print -l ${(k)_comps}
        """;
    String dump = directory.resolve("dump").toString();
    assertThat(shell("zsh", "-f", "-c", asked, "zsh", script().toString(), dump).lines())
        .contains("fenceline");
  }

  private static String shell(String... command) throws Exception {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      assumeTrue(false, command[0] + " is not on this machine");
      throw e;
    }
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
    return output;
  }
}
