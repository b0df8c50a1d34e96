package dev.fenceline.coordinator.config;

import dev.fenceline.coordinator.adapter.access.UnusableTokenFile;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says in one sentence why the tokens cannot be used, instead of a stack trace. Stateless. */
class TokenFileAnalyzer extends AbstractFailureAnalyzer<UnusableTokenFile> {
  @Override
  protected FailureAnalysis analyze(Throwable failure, UnusableTokenFile cause) {
    return new FailureAnalysis(
        String.valueOf(cause.getMessage()),
        "Mend the file that fenceline.rest.auth.tokens-file names; `./fenceline token` prints"
            + " entries.",
        failure);
  }
}
