package dev.fenceline.client.rest;

import java.io.Serial;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The coordinator refused a request or could not answer it, and says why in a problem document (RFC
 * 9457). Immutable.
 */
public final class ProblemException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private final transient Problem problem;

  ProblemException(Problem problem) {
    super(problem.sentence());
    this.problem = problem;
  }

  /**
   * What the document says; immutable.
   *
   * @param type the last part of the type's URI, such as {@code unknown-fence}; {@code unexpected}
   *     if the answer was no problem document
   * @param field the parameter or member of the body that was wrong, null if none was
   * @param retryAfter when to ask again, null if that would not help
   * @param document the whole document, an empty object if there was none
   */
  public record Problem(
      String type,
      int status,
      String title,
      String detail,
      @Nullable String field,
      @Nullable Duration retryAfter,
      JsonNode document) {

    String sentence() {
      return detail.isEmpty() ? title : detail;
    }
  }

  /** The whole problem. */
  public Problem problem() {
    return problem;
  }

  /** The last part of the type's URI, such as {@code unknown-fence}. */
  public String type() {
    return problem.type();
  }

  /** The HTTP status. */
  public int status() {
    return problem.status();
  }

  /** The parameter or member of the body that was wrong. */
  public Optional<String> field() {
    return Optional.ofNullable(problem.field());
  }
}
