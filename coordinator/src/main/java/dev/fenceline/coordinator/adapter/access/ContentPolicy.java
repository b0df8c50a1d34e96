package dev.fenceline.coordinator.adapter.access;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.security.web.header.HeaderWriter;

/**
 * The header that says what a page may load: from the coordinator alone, so that nothing foreign
 * runs. Stateless.
 *
 * <p>The browser for the OpenAPI document writes styles into its markup, so its pages, and no
 * others, may have those. Scripts in the markup stay forbidden there, too.
 */
final class ContentPolicy implements HeaderWriter {
  private static final String HEADER = "Content-Security-Policy";
  private static final String DOCUMENTATION_PATH = "/swagger-ui/";

  private static final String EVERYWHERE =
      "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
          + " form-action 'self'; frame-ancestors 'none'";
  private static final String DOCUMENTATION = EVERYWHERE + "; style-src 'self' 'unsafe-inline'";

  @Override
  public void writeHeaders(HttpServletRequest request, HttpServletResponse response) {
    if (!response.containsHeader(HEADER)) {
      boolean documentation = request.getRequestURI().startsWith(DOCUMENTATION_PATH);
      response.setHeader(HEADER, documentation ? DOCUMENTATION : EVERYWHERE);
    }
  }
}
