package dev.fenceline.security.boot;

import dev.fenceline.security.SecurityRefusal;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Says in one sentence what is wrong, and in one what to do about it. Stateless. */
class SecurityRefusalAnalyzer extends AbstractFailureAnalyzer<SecurityRefusal> {
  @Override
  protected FailureAnalysis analyze(Throwable failure, SecurityRefusal cause) {
    return new FailureAnalysis(String.valueOf(cause.getMessage()), cause.action(), failure);
  }
}
