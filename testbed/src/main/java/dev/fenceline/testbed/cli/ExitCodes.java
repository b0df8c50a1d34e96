package dev.fenceline.testbed.cli;

import dev.fenceline.client.rest.ProblemException;
import dev.fenceline.client.rest.UnreachableException;

/** What the process's exit code says; part of the command line's interface. Stateless. */
public final class ExitCodes {
  public static final int OK = 0;

  /** It was tried and did not work, or a check found a violation. */
  public static final int FAILED = 1;

  /** The command was wrong, or the server refused what it asked for. */
  public static final int REFUSED = 2;

  public static final int NOT_FOUND = 3;

  /** Nobody answers, or the coordinator is still recovering. */
  public static final int UNREACHABLE = 4;

  public static final int NOT_PERMITTED = 5;

  private ExitCodes() {}

  static int of(Exception failure) {
    return switch (failure) {
      // A host's or an agent's own refusal comes with the status of the moment, such as 503 for
      // EAGAIN.
      case ProblemException problem when problem.type().equals("request-refused") -> REFUSED;
      case ProblemException problem -> ofStatus(problem.status());
      case UnreachableException unreachable -> UNREACHABLE;
      case IllegalArgumentException wrong -> REFUSED;
      default -> FAILED;
    };
  }

  private static int ofStatus(int status) {
    return switch (status) {
      case 401, 403 -> NOT_PERMITTED;
      case 404, 410 -> NOT_FOUND;
      case 429, 502, 503, 504 -> UNREACHABLE;
      default -> status < 500 ? REFUSED : FAILED;
    };
  }
}
