package dev.fenceline.testbed.cli;

import dev.fenceline.client.rest.ProblemException;
import dev.fenceline.client.rest.UnreachableException;
import dev.fenceline.testbed.launch.LaunchFailure;
import java.security.cert.CertificateException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns what went wrong into one line that says what to do, and an exit code. Stateless. */
final class Failures implements IExecutionExceptionHandler, IParameterExceptionHandler {
  @Override
  public int handleExecutionException(
      Exception failure, CommandLine command, @Nullable ParseResult parsed) throws Exception {
    if (failure instanceof InterruptedException) {
      return ExitCodes.FAILED;
    }
    if (failure instanceof ProblemException
        || failure instanceof UnreachableException
        || failure instanceof IllegalArgumentException
        || failure instanceof LaunchFailure) {
      command.getErr().println("fenceline: " + sentence(failure));
      return ExitCodes.of(failure);
    }
    throw failure;
  }

  @Override
  public int handleParseException(ParameterException wrong, String[] arguments) {
    CommandLine command = wrong.getCommandLine();
    List<String> close =
        wrong instanceof UnmatchedArgumentException unmatched
            ? unmatched.getSuggestions()
            : List.of();
    String hint =
        close.isEmpty()
            ? "see " + command.getCommandSpec().qualifiedName() + " --help"
            : "did you mean "
                + String.join(" or ", close.subList(0, Math.min(3, close.size())))
                + "?";
    command.getErr().println("fenceline: " + wrong.getMessage() + "; " + hint);
    return ExitCodes.REFUSED;
  }

  static String sentence(Exception failure) {
    return switch (failure) {
      case ProblemException problem -> problem(problem);
      case UnreachableException unreachable ->
          unreachable.getMessage()
              + (isDistrust(unreachable)
                  ? "; name the authority of its certificate by --ca"
                  : "; start a stack by ./fenceline up, or name the coordinator by --server");
      default -> String.valueOf(failure.getMessage());
    };
  }

  private static boolean isDistrust(Throwable failure) {
    for (Throwable each = failure; each != null; each = each.getCause()) {
      if (each instanceof CertificateException) {
        return true;
      }
    }
    return false;
  }

  private static String problem(ProblemException problem) {
    String what = String.valueOf(problem.getMessage());
    String expected = problem.problem().document().path("expected").asString("");
    String said =
        expected.isEmpty() || what.contains(expected) ? what : what + "; it must be " + expected;
    return switch (problem.status()) {
      case 401 -> said + "; give a token by --token-file or FENCELINE_TOKEN";
      case 403 -> said + "; this needs a token with a higher role";
      case 503 -> problem.problem().retryAfter() == null ? said : said + "; try again in a moment";
      default -> said + " (" + problem.type() + ")";
    };
  }
}
