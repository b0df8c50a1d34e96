package dev.fenceline.testbed.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Makes a token for the coordinator's REST interface. Confined to the main thread. */
@Command(
    name = "token",
    description = {
      "Prints a new token for REST and console, and its line for the coordinator's tokens file.",
      "The token is shown once and kept nowhere: the file holds its hash."
    },
    mixinStandardHelpOptions = true)
public final class TokenCommand implements Callable<Integer> {
  private static final Pattern NAME = Pattern.compile("[\\p{Alnum}][\\p{Alnum}._@-]{0,63}");
  private static final List<String> ROLES = List.of("viewer", "operator", "admin");
  private static final int TOKEN_BYTES = 32;

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--role",
      required = true,
      description = "viewer, operator or admin: each may do what those before it may.")
  private String role = "";

  @Option(
      names = "--name",
      required = true,
      description = "Who will use it: 1 to 64 letters, digits, '.', '_', '@' or '-'.")
  private String name = "";

  @Override
  public Integer call() {
    if (spec == null) {
      throw new IllegalStateException("called without its command line");
    }
    if (!ROLES.contains(role)) {
      throw new ParameterException(
          spec.commandLine(),
          "--role must be one of " + String.join(", ", ROLES) + ", not '" + role + "'");
    }
    if (!NAME.matcher(name).matches()) {
      throw new ParameterException(
          spec.commandLine(),
          "--name must be 1 to 64 letters, digits, '.', '_', '@' or '-', not '" + name + "'");
    }
    byte[] random = new byte[TOKEN_BYTES];
    new SecureRandom().nextBytes(random);
    String token = "fl_" + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    PrintWriter out = spec.commandLine().getOut();
    out.println("token  " + token);
    out.println("line   " + line(token));
    out.println();
    out.println("Put the line below `tokens:` in the file that fenceline.rest.auth.tokens-file");
    out.println("names; the coordinator reads it again by itself. Send the token as");
    out.println("`Authorization: Bearer ...`, or log in with it at the console.");
    out.flush();
    return 0;
  }

  private String line(String token) {
    return "- {name: \"%s\", role: %s, sha256: %s}".formatted(name, role, hash(token));
  }

  private static String hash(String token) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java has SHA-256", impossible);
    }
  }
}
